import type { Entries, Moment } from '../moment.ts';
import { categoryOf, DECIDERS } from '../states-at.ts';
import { iso, type Row } from './row.ts';

/** Question 12: a stream, event by event, with who did it and the state after it. */
export interface ReplayRow extends Row {
  readonly index: number;
  readonly revision: number;
  readonly type: string;
  readonly actor: string;
  readonly occurredAt: string;
  readonly recordedAt: string;
  readonly effectiveAt: string;
  readonly data: object;
  /** As the deciders see it; what is personal in it stays sealed. */
  readonly state: object;
}

export function replay(entries: Entries, { index, time }: Moment, stream: string): ReplayRow[] {
  const decider = DECIDERS.get(categoryOf(stream));
  let state = decider?.initial;
  const rows: ReplayRow[] = [];
  for (const entry of entries.ofStream(stream, index)) {
    if (entry.effectiveAt > time) continue;
    state = decider?.evolve(state as never, entry as never);
    rows.push({
      ally: entry.refs.ally?.[0] ?? '',
      parties: entry.refs.parties ?? [],
      ...(entry.refs.grant?.length === 1 ? { grant: entry.refs.grant[0] as string } : {}),
      index: entry.index,
      revision: entry.revision,
      type: entry.type,
      actor: entry.actor,
      occurredAt: iso(entry.occurredAt),
      recordedAt: iso(entry.recordedAt),
      effectiveAt: iso(entry.effectiveAt),
      data: entry.data,
      state: (state ?? {}) as object,
    });
  }
  return rows;
}
