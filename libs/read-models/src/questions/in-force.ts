import {
  annexEntryAt,
  authorisationAt,
  bearers,
  criteriaInForceAt,
  grantAt,
  instrumentAt,
  liabilityAt,
  partnerAt,
  type Instant,
} from '@countersign/domain';
import type { Day, Entries, Moment } from '../moment.ts';
import type { States } from '../states-at.ts';
import { concerned, describe, iso, type Described, type Row } from './row.ts';

/** Question 4: what was in force. */
export interface InForceRow extends Row, Described {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Of a day's states only: from when on within the day, and, if another followed, until when. */
  readonly from?: string;
  readonly until?: string;
}

const CATEGORIES = ['instrument', 'criteria', 'partner', 'authorisation', 'grant', 'liability'] as const;
type Category = (typeof CATEGORIES)[number];

export const inForce = (states: States): InForceRow[] =>
  CATEGORIES.flatMap((category) => states.all(category).flatMap((id) => rowsOf(states, category, id)));

/**
 * A day's answer: every state that the day saw (domain.md, Time). `known` gives the index up to which entries are known
 * at an instant of the day; a state is looked at wherever an entry or a time in the state itself may have changed it.
 */
export function inForceOn(
  entries: Entries,
  at: (moment: Moment) => States,
  day: Day,
  known: (time: Instant) => number,
): InForceRow[] {
  const views = new Map<Instant, States>();
  const view = (time: Instant): States => {
    const held = views.get(time) ?? at({ index: known(time), time });
    views.set(time, held);
    return held;
  };
  const last = known(day.to);
  return CATEGORIES.flatMap((category) =>
    view(day.to)
      .all(category)
      .flatMap((id) => {
        const turns = turningPoints(entries, view, category, id, last, day);
        return mergedOf(turns, (time) => rowsOf(view(time), category, id), day);
      }),
  );
}

function turningPoints(
  entries: Entries,
  view: (time: Instant) => States,
  category: Category,
  id: string,
  last: number,
  { from, to }: Day,
): readonly Instant[] {
  const turns = new Set([from]);
  // A set goes on over what is added to it on the way.
  for (const time of entries.timesOf(id, last)) if (time > from && time <= to) turns.add(time);
  for (const turn of turns)
    for (const time of timesIn(view(turn).state(category, id))) if (time > from && time <= to) turns.add(time);
  return [...turns].sort((a, b) => a - b);
}

/** Every time that a state speaks of: from one of them on it may mean something else. */
function* timesIn(value: unknown): Iterable<Instant> {
  if (typeof value === 'number') yield value;
  else if (typeof value === 'string') {
    if (/^\d{4}-\d{2}-\d{2}T/.test(value)) yield Date.parse(value);
  } else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value as Record<string, unknown>)) yield* timesIn(each);
}

/** The rows at each turn, those that say the same as one. */
function mergedOf(turns: readonly Instant[], rowsAt: (time: Instant) => InForceRow[], day: Day): InForceRow[] {
  const found: { row: InForceRow; from: Instant; until?: Instant }[] = [];
  const current = new Map<string, (typeof found)[number]>();
  for (const time of turns)
    for (const row of rowsAt(time)) {
      const before = current.get(row.id);
      if (before && JSON.stringify(before.row) === JSON.stringify(row)) continue;
      if (before) before.until = time;
      const next = { row, from: time };
      current.set(row.id, next);
      found.push(next);
    }
  // One thing's states after each other, in the order in which things began.
  const order = [...current.keys()];
  return found
    .sort((a, b) => order.indexOf(a.row.id) - order.indexOf(b.row.id) || a.from - b.from)
    .map(({ row, from, until }) => ({
      ...row,
      from: iso(from),
      ...(until === undefined ? {} : { until: iso(Math.min(until, day.to)) }),
    }));
}

const everyone = { ally: '', parties: ['*'] };

function rowsOf(states: States, category: Category, id: string): InForceRow[] {
  const { now } = states;
  switch (category) {
    case 'instrument': {
      const state = states.state('instrument', id);
      if (state?.status !== 'recorded') return [];
      return [
        { ...everyone, kind: 'instrument', id, name: state.reference, ...describe(instrumentAt(state, now)) },
        ...Object.entries(state.annex).map(([entry, { party }]) => ({
          ally: '',
          parties: [party, state.authority],
          kind: 'annex entry',
          id: `${id} ${entry}`,
          name: entry,
          ...describe(annexEntryAt(state, entry, now)),
        })),
      ];
    }
    case 'criteria': {
      const state = states.state('criteria', id);
      if (state?.status !== 'published') return [];
      const version = criteriaInForceAt(state, now);
      const name = `${state.reference} ${version?.version ?? ''}`.trim();
      return [{ ...everyone, kind: 'criteria', id, name, status: version ? 'in force' : 'not in force' }];
    }
    case 'partner': {
      const state = states.state('partner', id);
      if (state === undefined || state.status === 'unknown') return [];
      const { ally, party, authority } = state;
      return [
        { ally, parties: [party, authority], kind: 'admission', id, name: party, ...describe(partnerAt(state, now)) },
      ];
    }
    case 'authorisation': {
      const state = states.state('authorisation', id);
      if (state === undefined || state.status === 'unknown') return [];
      const { ally, holder, reference } = state;
      return [
        {
          ally,
          parties: [holder],
          kind: 'authorisation',
          id,
          name: reference,
          ...describe(authorisationAt(state, now)),
        },
      ];
    }
    case 'grant': {
      const state = states.state('grant', id);
      if (state === undefined || state.status === 'unknown') return [];
      return [{ ...concerned(id, state), kind: 'grant', id, name: state.partner, ...describe(grantAt(state, now)) }];
    }
    case 'liability':
      return liabilityRows(states, id);
  }
}

function liabilityRows(states: States, id: string): InForceRow[] {
  const state = states.state('liability', id);
  if (state === undefined || state.status === 'unknown') return [];
  const grant = states.state('grant', state.grant);
  const about =
    grant !== undefined && grant.status !== 'unknown'
      ? concerned(state.grant, grant)
      : { ally: state.ally, parties: [] };
  const terms = state.versions.at(-1)?.terms ?? state.proposal?.terms;
  const modality = state.versions.at(-1)?.terms.modalities[0] ?? 'api';
  return [
    {
      ...about,
      // Whoever bears a share or a layer of it, an insurer too.
      parties: [...new Set([...about.parties, ...(terms === undefined ? [] : bearers(terms))])],
      kind: 'liability',
      id,
      name: state.grant,
      ...describe(liabilityAt(state, modality, states.now)),
    },
  ];
}
