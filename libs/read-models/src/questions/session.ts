import { effectOn, type SessionState } from '@countersign/domain';
import type { Entries } from '../moment.ts';
import type { States } from '../states-at.ts';
import { concerned, iso, type Known, type Row } from './row.ts';

/** Question 18: what a session recorded, and whether its evidence is accepted; with what it rested on. */
export function session(states: States, entries: Entries, id: string) {
  const state = states.state('session', id);
  if (state === undefined || state.status === 'unknown') return undefined;
  const grant = states.state('grant', state.grant);
  const about: Row =
    grant !== undefined && grant.status !== 'unknown'
      ? concerned(state.grant, grant)
      : { ally: '', parties: [state.party] };
  const basis = Object.entries(state.authorised?.basis ?? {}).map(([what, event]) => {
    const found = entries.byId(event);
    const entry = found && found.index <= states.index ? found : undefined;
    return {
      what,
      event,
      index: entry?.index,
      type: entry?.type,
      stream: entry?.stream,
      recordedAt: entry && iso(entry.recordedAt),
    };
  });
  return {
    ...about,
    session: id,
    status: state.status,
    grant: state.grant,
    partner: state.partner,
    modelVersion: state.modelVersion,
    modality: state.modality,
    testers: state.testers,
    openedAt: iso(state.began.from),
    ...('ended' in state ? { endedAt: iso(state.ended.from) } : {}),
    ...(state.misfits === undefined ? {} : { misfits: state.misfits }),
    ...(state.terminationOrdered
      ? { terminationOrdered: { at: iso(state.terminationOrdered.from), cause: state.terminationOrdered.cause } }
      : {}),
    criteria: state.authorised?.criteria,
    outcomes: state.outcomes,
    findings: state.findings,
    calls: state.activity.reduce((sum, { times }) => sum + times.length, 0),
    ...afterEffect(states, state),
    evidence: states.related('evidence', 'session', id).flatMap((evidence) => {
      const held = states.state('evidence', evidence);
      const link = held !== undefined && held.status !== 'unknown' ? held.links[id] : undefined;
      if (held === undefined || held.status === 'unknown' || link === undefined) return [];
      return [
        {
          evidence,
          kind: held.kind,
          status: held.status,
          file: held.file,
          ...(link.sample === undefined ? {} : { sample: link.sample }),
          ...(held.log === undefined ? {} : { log: held.log }),
          discrepancies: Object.values(held.discrepancies)
            .filter((each) => each.session === id)
            .map(({ kind, detail, calls }) => ({ kind, detail, ...(calls === undefined ? {} : { calls }) })),
        },
      ];
    }),
    authority: { basis, assessments: state.authorised?.assessments ?? [] },
  };
}

/** Question 5, of one session: its calls after what it rests on had ended, and how long after the last was. */
function afterEffect(states: States, state: Known<SessionState>) {
  const effect = effectOn(states, state, states.now);
  if (effect === undefined) return {};
  const times = state.activity
    .flatMap((each) => each.times)
    .filter((time) => time >= effect.from)
    .sort((a, b) => a - b);
  const last = times.at(-1);
  return {
    activityAfterEffect: {
      effect: iso(effect.from),
      cause: effect.by,
      calls: times.map(iso),
      ...(last === undefined ? {} : { secondsToLastCall: (last - effect.from) / 1000 }),
    },
  };
}
