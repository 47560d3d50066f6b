import {
  Checks,
  comesBefore,
  noStanding,
  notForRole,
  refs,
  refuse,
  standing,
  type Decider,
  type EventId,
  type Instant,
  type Standing,
  type View,
  sinceOf,
  type Since,
} from '../kernel/index.ts';
import { partnerOfParty, type PartnerState } from '../partner/state.ts';
import type { PartyState } from '../party/decider.ts';
import { INSTRUMENT_COMMANDS, type InstrumentCommand } from './commands.ts';
import type { AnnexItem, InstrumentEvent, InstrumentScope, RecordedInstrumentEvent } from './events.ts';

export interface AnnexEntry {
  readonly party: string;
  readonly items: readonly AnnexItem[];
  readonly added: Since;
  readonly removed?: Since & { readonly reason: string };
}

export type InstrumentState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'recorded';
      readonly reference: string;
      readonly title: string;
      readonly authority: string;
      readonly scope: InstrumentScope;
      readonly recorded: Since;
      readonly annex: Readonly<Record<string, AnnexEntry>>;
      readonly ended?: Since & { readonly how: 'superseded' | 'lifted'; readonly successor?: string };
      /** What parties say of it; nothing follows from it. */
      readonly legalStatus: readonly { readonly status: string; readonly source: string; readonly by: EventId }[];
    };

type Recorded = Extract<InstrumentState, { status: 'recorded' }>;

const hasBegun = ({ recorded, scope }: Recorded, now: Instant): boolean =>
  recorded.from <= now && (scope.time?.from === undefined || Date.parse(scope.time.from) <= now);

/** Whether nothing is controlled any more: the instrument was lifted, or the time that it set itself has run out. */
export const isLiftedAt = ({ ended, scope }: Recorded, now: Instant): boolean =>
  (ended?.how === 'lifted' && ended.from <= now) ||
  (scope.time?.until !== undefined && Date.parse(scope.time.until) <= now);

/** Whether the instrument controls at an instant: recorded, effective, neither superseded nor lifted. */
export function instrumentAt(state: InstrumentState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('there is no such instrument');
  if (!hasBegun(state, now)) return noStanding(`${state.reference} is not in force yet`);
  if (isLiftedAt(state, now)) return noStanding(`${state.reference} is lifted`, state.ended);
  if (state.ended !== undefined && state.ended.from <= now)
    return noStanding(`${state.reference} is ${state.ended.how}`, state.ended);
  return standing(state.recorded.by);
}

/** Whether an authorisation may rest on it (R7): it is in force, or was lifted. */
export const bearsAt = (state: InstrumentState | undefined, now: Instant): Standing =>
  state?.status === 'recorded' && hasBegun(state, now) && isLiftedAt(state, now)
    ? standing(state.ended?.by ?? state.recorded.by)
    : instrumentAt(state, now);

/** Whether an annex lists an entry at an instant. */
export function annexEntryAt(state: InstrumentState | undefined, entry: string, now: Instant): Standing {
  const instrument = bearsAt(state, now);
  if (!instrument.holds || state?.status !== 'recorded') return instrument;
  const listed = state.annex[entry];
  if (listed === undefined || listed.added.from > now)
    return noStanding(`the annex of ${state.reference} does not list ${entry}`);
  if (listed.removed !== undefined && listed.removed.from <= now)
    return noStanding(`${entry} was taken out of the annex of ${state.reference}`, listed.removed);
  return standing(listed.added.by);
}

/** Whom and what else an event of an instrument is about. */
interface Concerned {
  readonly listed?: string | undefined;
  readonly families?: readonly string[];
  /** Another instrument. */
  readonly other?: string | undefined;
}
type InstrumentView = View<{ instrument: InstrumentState; partner: PartnerState; party: PartyState }>;

export const instrumentDecider: Decider<InstrumentState, InstrumentCommand, InstrumentEvent, InstrumentView> = {
  category: 'instrument',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(INSTRUMENT_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now, effectiveAt = now } = command;
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    const familiesOf = ({ families }: InstrumentScope) => (families === 'all' ? [] : families);
    /** What it controls, or the part of that which an annex entry frees, and for whom. */
    const about = (more: Concerned = {}) => {
      const partner = more.listed === undefined ? undefined : partnerOfParty(view, more.listed);
      return refs({
        ally: [partner?.ally],
        partner: [partner?.id],
        instrument: [id, more.other],
        parties: [actor.party, more.listed],
        modelFamily: more.families ?? (state.status === 'recorded' ? familiesOf(state.scope) : []),
      });
    };
    if (command.type === 'RecordInstrument') {
      if (state.status !== 'unknown') return refuse('id-taken', `${id} is recorded already`);
      const { scope } = command.payload;
      const { from, until } = scope.time ?? {};
      return new Checks()
        .require(
          from === undefined || until === undefined || from < until,
          'invalid-period',
          'the period ends before it begins',
        )
        .then<InstrumentEvent>(() => [
          {
            type: 'InstrumentRecorded',
            data: command.payload,
            refs: about({ families: familiesOf(scope) }),
            ...effective,
          },
        ]);
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no instrument ${id}`);
    const checks = new Checks();
    switch (command.type) {
      case 'AddAnnexEntry': {
        const { entry, party, items } = command.payload;
        return checks
          .require(
            state.ended === undefined || state.ended.from > now,
            'wrong-state',
            `the instrument is ${state.ended?.how}`,
          )
          .require(!(entry in state.annex), 'id-taken', `the annex has an entry ${entry} already`)
          .require(view.state('party', party) !== undefined, 'not-found', `there is no party ${party}`)
          .then<InstrumentEvent>(() => [
            {
              type: 'AnnexEntryAdded',
              data: command.payload,
              refs: about({ listed: party, families: items.map(({ family }) => family) }),
              ...effective,
            },
          ]);
      }
      case 'RemoveAnnexEntry': {
        const { entry, under } = command.payload;
        const listed = state.annex[entry];
        return checks
          .require(listed !== undefined, 'not-found', `the annex has no entry ${entry}`)
          .require(comesBefore(listed?.removed, effectiveAt, now), 'wrong-state', `${entry} was taken out already`)
          .require(
            under === undefined || view.state('instrument', under) !== undefined,
            'not-found',
            `there is no instrument ${under}`,
          )
          .then<InstrumentEvent>(() => [
            {
              type: 'AnnexEntryRemoved',
              data: command.payload,
              refs: about({
                listed: listed?.party,
                families: listed?.items.map(({ family }) => family) ?? [],
                other: under,
              }),
              ...effective,
            },
          ]);
      }
      case 'SupersedeInstrument': {
        const { successor } = command.payload;
        return checks
          .require(
            comesBefore(state.ended, effectiveAt, now),
            'wrong-state',
            `the instrument is ${state.ended?.how} already`,
          )
          .require(
            successor !== id && view.state('instrument', successor) !== undefined,
            'not-found',
            `there is no other instrument ${successor}`,
          )
          .then<InstrumentEvent>(() => [
            {
              type: 'InstrumentSuperseded',
              data: command.payload,
              refs: about({ other: successor }),
              ...effective,
            },
          ]);
      }
      case 'LiftInstrument':
        return checks
          .require(
            comesBefore(state.ended, effectiveAt, now),
            'wrong-state',
            `the instrument is ${state.ended?.how} already`,
          )
          .then<InstrumentEvent>(() => [
            { type: 'InstrumentLifted', data: command.payload, refs: about(), ...effective },
          ]);
      case 'AssertInstrumentLegalStatus':
        return [{ type: 'InstrumentLegalStatusAsserted', data: command.payload, refs: about(), ...effective }];
    }
  },

  evolve(state, recorded): InstrumentState {
    const event = recorded as RecordedInstrumentEvent;
    const since = sinceOf(event);
    if (event.type === 'InstrumentRecorded') {
      const { reference, title, scope } = event.data;
      const authority = event.actor;
      return { status: 'recorded', reference, title, authority, scope, recorded: since, annex: {}, legalStatus: [] };
    }
    if (state.status === 'unknown') return state;
    switch (event.type) {
      case 'AnnexEntryAdded': {
        const { entry, party, items } = event.data;
        return { ...state, annex: { ...state.annex, [entry]: { party, items, added: since } } };
      }
      case 'AnnexEntryRemoved': {
        const { entry, reason } = event.data;
        const listed = state.annex[entry];
        if (!listed) return state;
        return { ...state, annex: { ...state.annex, [entry]: { ...listed, removed: { ...since, reason } } } };
      }
      case 'InstrumentSuperseded':
        return { ...state, ended: { ...since, how: 'superseded', successor: event.data.successor } };
      case 'InstrumentLifted':
        return { ...state, ended: { ...since, how: 'lifted' } };
      case 'InstrumentLegalStatusAsserted':
        return { ...state, legalStatus: [...state.legalStatus, { ...event.data, by: event.id }] };
    }
  },
};
