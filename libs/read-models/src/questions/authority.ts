import {
  annexEntryAt,
  authorisationAt,
  grantAt,
  instrumentAt,
  liabilityAt,
  modelVersionAt,
  partnerAt,
  partyAt,
  testerAt,
  type Recorded,
  type SessionState,
  type Standing,
} from '@countersign/domain';
import type { Entries, Moment } from '../moment.ts';
import { categoryOf, type States } from '../states-at.ts';
import { concerned, describe, iso, partyName, type Described, type Known, type Row } from './row.ts';

/** One thing that a session rested on. */
export interface Link {
  readonly what: string;
  readonly name: string;
  readonly stream: string;
  /** The event that made it so, which the session's decision names. */
  readonly event: string;
  readonly index: number;
  readonly type: string;
  readonly actor: string;
  readonly recordedAt: string;
  readonly effectiveAt: string;
  /** As known when the session was authorised, and as of the moment of the question. */
  readonly then: Described;
  readonly asked: Described;
}

/** From the rule down to the person, as one argues it. */
const ORDER = ['instrument', 'annexEntry', 'authorisation', 'partner', 'grant', 'liability', 'party', 'modelVersion'];

/** Question 2: under what authority a session opened: what it rested on, as known then, and what became of it. */
export function authority(states: States, entries: Entries, at: (moment: Moment) => States, id: string) {
  const state = states.state('session', id);
  if (state === undefined || state.status === 'unknown') return undefined;
  const grant = states.state('grant', state.grant);
  const about: Row =
    grant !== undefined && grant.status !== 'unknown'
      ? concerned(state.grant, grant)
      : { ally: '', parties: [state.party] };
  // The grant's stream decided and the session's opening follows, perhaps after a crash: what was known is what that knew.
  const opening = [...entries.ofStream(id, states.index)][0] as Recorded;
  const decided = entries.byId((opening.data as { authorised?: string }).authorised ?? '') ?? opening;
  const then = at({ index: decided.index, time: decided.recordedAt });
  const chain = Object.entries(state.authorised?.basis ?? {}).flatMap(([what, event]) => {
    const made = entries.byId(event);
    return made === undefined || made.index > states.index ? [] : [linkOf(what, made, state, then, states)];
  });
  const rank = ({ what }: Link) => (ORDER.includes(what) ? ORDER.indexOf(what) : ORDER.length);
  return {
    ...about,
    session: id,
    status: state.status,
    decidedAt: { index: decided.index, event: decided.id, recordedAt: iso(decided.recordedAt) },
    modelVersion: state.modelVersion,
    modality: state.modality,
    testers: state.testers,
    criteria: state.authorised?.criteria,
    /** Of a session that was only reported: which rules its run did not meet. */
    ...(state.misfits === undefined ? {} : { misfits: state.misfits }),
    chain: chain.sort((a, b) => rank(a) - rank(b)),
    assessments: state.authorised?.assessments ?? [],
  };
}

function linkOf(what: string, made: Recorded, session: Known<SessionState>, then: States, asked: States): Link {
  const standing = (states: States): Standing => standingOf(what, made, session, states);
  return {
    what,
    name: nameOf(what, made, session, asked),
    stream: made.stream,
    event: made.id,
    index: made.index,
    type: made.type,
    actor: made.actor,
    recordedAt: iso(made.recordedAt),
    effectiveAt: iso(made.effectiveAt),
    then: describe(standing(then)),
    asked: describe(standing(asked)),
  };
}

function standingOf(what: string, made: Recorded, session: Known<SessionState>, states: States): Standing {
  const { now } = states;
  const { stream } = made;
  switch (what) {
    case 'instrument':
      return instrumentAt(states.state('instrument', stream), now);
    case 'annexEntry':
      return annexEntryAt(states.state('instrument', stream), entryOf(made), now);
    case 'authorisation':
      return authorisationAt(states.state('authorisation', stream), now);
    case 'partner':
      return partnerAt(states.state('partner', stream), now);
    case 'grant':
      return grantAt(states.state('grant', stream), now);
    case 'liability':
      return liabilityAt(states.state('liability', stream), session.modality, now);
    case 'party':
      return partyAt(states.state('party', stream), now);
    case 'modelVersion':
      return modelVersionAt(states.state('model', stream), session.modelVersion, now);
    default:
      return testerAt(states.state('tester', stream), now);
  }
}

function nameOf(what: string, made: Recorded, session: Known<SessionState>, states: States): string {
  const { stream } = made;
  const state = states.state(categoryOf(stream) as 'instrument' | 'authorisation', stream);
  if (what === 'annexEntry') return entryOf(made);
  if (what === 'party') return partyName(states, stream);
  if (what === 'modelVersion') {
    const model = states.state('model', stream);
    return (model?.status === 'registered' ? model.versions[session.modelVersion]?.name : undefined) ?? stream;
  }
  return state !== undefined && 'reference' in state ? state.reference : stream;
}

/** An annex entry is one of an instrument's stream; once lifted, the instrument's own event stands for it. */
const entryOf = ({ data }: Recorded): string => (data as { entry?: string }).entry ?? '';
