import {
  Checks,
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

/** Whether the instrument controls at an instant: recorded, effective, neither superseded nor lifted. */
export function instrumentAt(state: InstrumentState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('there is no such instrument');
  if (state.recorded.from > now) return noStanding(`${state.reference} is not in force yet`);
  if (state.ended !== undefined && state.ended.from <= now)
    return noStanding(`${state.reference} is ${state.ended.how}`, state.ended);
  return standing(state.recorded.by);
}

/** Whether an annex lists an entry at an instant. */
export function annexEntryAt(state: InstrumentState | undefined, entry: string, now: Instant): Standing {
  const instrument = instrumentAt(state, now);
  if (!instrument.holds || state?.status !== 'recorded') return instrument;
  const listed = state.annex[entry];
  if (listed === undefined || listed.added.from > now)
    return noStanding(`the annex of ${state.reference} does not list ${entry}`);
  if (listed.removed !== undefined && listed.removed.from <= now)
    return noStanding(`${entry} was taken out of the annex of ${state.reference}`, listed.removed);
  return standing(listed.added.by);
}

export const instrumentDecider: Decider<InstrumentState, InstrumentCommand, InstrumentEvent, View> = {
  category: 'instrument',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(INSTRUMENT_COMMANDS, command);
    if (refused) return refused;
    const { id, actor } = command;
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    const about = (
      more: { parties?: string[]; families?: readonly string[]; instruments?: (string | undefined)[] } = {},
    ) =>
      refs({
        instrument: [id, ...(more.instruments ?? [])],
        parties: [actor.party, ...(more.parties ?? [])],
        modelFamily: more.families,
      });
    if (command.type === 'RecordInstrument') {
      if (state.status !== 'unknown') return refuse('id-taken', `${id} is recorded already`);
      const { families } = command.payload.scope;
      return [
        {
          type: 'InstrumentRecorded',
          data: command.payload,
          refs: about(families === 'all' ? {} : { families }),
          ...effective,
        },
      ];
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no instrument ${id}`);
    const checks = new Checks();
    switch (command.type) {
      case 'AddAnnexEntry': {
        const { entry, party, items } = command.payload;
        return checks
          .require(state.ended === undefined, 'wrong-state', `the instrument is ${state.ended?.how}`)
          .require(!(entry in state.annex), 'id-taken', `the annex has an entry ${entry} already`)
          .require(view.state('party', party) !== undefined, 'not-found', `there is no party ${party}`)
          .then<InstrumentEvent>(() => [
            {
              type: 'AnnexEntryAdded',
              data: command.payload,
              refs: about({ parties: [party], families: items.map(({ family }) => family) }),
              ...effective,
            },
          ]);
      }
      case 'RemoveAnnexEntry': {
        const { entry, under } = command.payload;
        const listed = state.annex[entry];
        return checks
          .require(listed !== undefined, 'not-found', `the annex has no entry ${entry}`)
          .require(listed?.removed === undefined, 'wrong-state', `${entry} was taken out already`)
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
                parties: listed ? [listed.party] : [],
                families: listed?.items.map(({ family }) => family) ?? [],
                instruments: [under],
              }),
              ...effective,
            },
          ]);
      }
      case 'SupersedeInstrument': {
        const { successor } = command.payload;
        return checks
          .require(state.ended === undefined, 'wrong-state', `the instrument is ${state.ended?.how} already`)
          .require(
            successor !== id && view.state('instrument', successor) !== undefined,
            'not-found',
            `there is no other instrument ${successor}`,
          )
          .then<InstrumentEvent>(() => [
            {
              type: 'InstrumentSuperseded',
              data: command.payload,
              refs: about({ instruments: [successor] }),
              ...effective,
            },
          ]);
      }
      case 'LiftInstrument':
        return checks
          .require(state.ended === undefined, 'wrong-state', `the instrument is ${state.ended?.how} already`)
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
