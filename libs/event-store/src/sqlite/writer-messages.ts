import type { KeyObject } from 'node:crypto';
import type { Outcome, PendingAppend } from './writer.ts';

export interface WriterOptions {
  file: string;
  origin: string;
  key: KeyObject;
  highWaterFile: string;
}

/** The appends of one turn of the event loop, laid flat: many small objects cost more to post than to write. */
export interface AppendBatch {
  kind: 'append';
  streams: string[];
  leaves: boolean[];
  expected: (number | 'none' | 'any')[];
  counts: number[];
  ids: string[];
  types: string[];
  lengths: number[];
  data: Uint8Array<ArrayBuffer>;
}

export type ToWriter = AppendBatch | { kind: 'meta'; key: string; value: Uint8Array } | { kind: 'close' };

/** Answers come in the order of the questions; `appends` and `metas` say how many this one answers. */
export type FromWriter =
  | { kind: 'ready' }
  | { kind: 'closed' }
  | {
      kind: 'committed';
      outcomes: Outcome[];
      metas: number;
      nodes: Uint8Array<ArrayBuffer>;
      size: number;
      note: string;
    }
  | { kind: 'failed'; message: string; appends: number; metas: number };

export function pack(appends: readonly PendingAppend[]): AppendBatch {
  const events = appends.flatMap((append) => append.events);
  return {
    kind: 'append',
    streams: appends.map(({ stream }) => stream),
    leaves: appends.map(({ leaf }) => leaf),
    expected: appends.map(({ expected }) => expected),
    counts: appends.map((append) => append.events.length),
    ids: events.map(({ id }) => id),
    types: events.map(({ type }) => type),
    lengths: events.map(({ data }) => data.length),
    data: join(events.map(({ data }) => data)),
  };
}

export function unpack(batch: AppendBatch): PendingAppend[] {
  let next = 0;
  let offset = 0;
  const event = () => {
    const end = offset + (batch.lengths[next] ?? 0);
    const data = batch.data.subarray(offset, end);
    offset = end;
    return { id: batch.ids[next] ?? '', type: batch.types[next++] ?? '', data };
  };
  return batch.streams.map((stream, i) => ({
    stream,
    leaf: batch.leaves[i] ?? true,
    expected: batch.expected[i] ?? 'any',
    events: Array.from({ length: batch.counts[i] ?? 0 }, event),
  }));
}

export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
