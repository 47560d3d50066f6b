import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Instant, Recorded } from '@countersign/domain';
import { categoryOf, DECIDERS, idOf } from '../states-at.ts';

/** Later than every time. */
const FOREVER = Number.MAX_SAFE_INTEGER;
/** What an entry costs to fold, against what a state costs to write: in bytes. */
const FOLD_BYTES = 700;
const CACHED_STREAMS = 4096;

/** The newest row for an interval of time of a stream. */
interface Interval {
  readonly from: Instant;
  readonly to: Instant;
  readonly state: unknown;
  /** The row that holds a state whole, its length, and the entries after it. */
  readonly base: number;
  readonly baseBytes: number;
  readonly after: readonly number[];
}
interface Stream {
  readonly number: number;
  /** In order, without gaps, from the first time at which the stream has a state. */
  intervals: Interval[];
  /** Relations that are in the table, with the earliest time of each. */
  readonly relations: Map<string, Instant>;
}

/** What questions read: every entry that was applied, by index. */
export interface EntrySource {
  get(index: number): Recorded | undefined;
  indexOf(id: string): number | undefined;
}

/**
 * Writes the rows of each entry, in log order. A stream's states are folded by the deciders' own `evolve`; an entry that
 * counts from an earlier time than others adds a row for each interval of time that it changes.
 */
export class VersionWriter {
  readonly #source: EntrySource;
  readonly #sql: Record<'log' | 'stream' | 'numbered' | 'version' | 'rows' | 'relation' | 'relations', StatementSync>;
  /** In order of use, the longest unused first. */
  readonly #streams = new Map<string, Stream>();
  #nextStream: number;
  #nextVersion: number;
  #logTime: Instant;

  constructor(db: DatabaseSync, source: EntrySource) {
    this.#source = source;
    this.#sql = {
      log: db.prepare('INSERT INTO log VALUES (?, ?)'),
      stream: db.prepare('INSERT INTO streams VALUES (?, ?)'),
      numbered: db.prepare('SELECT number FROM streams WHERE name = ?'),
      version: db.prepare('INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
      rows: db.prepare('SELECT DISTINCT from_index FROM versions WHERE stream = ? ORDER BY from_index'),
      relation: db.prepare('INSERT INTO relations VALUES (?, ?, ?, ?, ?, ?)'),
      relations: db.prepare('SELECT time FROM log ORDER BY idx DESC LIMIT 1'),
    };
    const max = (sql: string) => Number(db.prepare(sql).get()?.['n'] ?? 0);
    this.#nextStream = max('SELECT max(number) AS n FROM streams') + 1;
    this.#nextVersion = max('SELECT max(number) AS n FROM versions') + 1;
    this.#logTime = Number(this.#sql.relations.get()?.['time'] ?? 0);
  }

  apply(entry: Recorded): void {
    this.#logTime = Math.max(this.#logTime, entry.recordedAt);
    this.#sql.log.run(entry.index, this.#logTime);
    const decider = DECIDERS.get(categoryOf(entry.stream));
    if (!decider) return;
    const stream = this.#stream(entry);
    const from = entry.effectiveAt;
    const kept: Interval[] = [];
    const evolve = (state: unknown) => decider.evolve(state as never, entry as never);
    const first = stream.intervals[0];
    if (first === undefined || from < first.from)
      kept.push(this.#write(stream, entry, { from, to: first?.from ?? FOREVER, state: evolve(decider.initial) }));
    for (const interval of stream.intervals) {
      if (interval.to <= from) kept.push(interval);
      else {
        if (interval.from < from) kept.push({ ...interval, to: from });
        const changed = { from: Math.max(interval.from, from), to: interval.to, state: evolve(interval.state) };
        kept.push(this.#write(stream, entry, changed, interval));
      }
    }
    stream.intervals = kept;
    this.#relate(stream, entry);
  }

  /** Writes a row: the state whole where folding from the last whole one would cost as much as reading it. */
  #write(
    { number }: Stream,
    entry: Recorded,
    { from, to, state }: Pick<Interval, 'from' | 'to' | 'state'>,
    before?: Interval,
  ): Interval {
    const row = this.#nextVersion++;
    const after = before === undefined ? [] : [...before.after, entry.index];
    if (before !== undefined && after.length * FOLD_BYTES < before.baseBytes) {
      this.#sql.version.run(row, number, entry.index, from, to, null, before.base, JSON.stringify(after));
      return { from, to, state, base: before.base, baseBytes: before.baseBytes, after };
    }
    const text = JSON.stringify(state);
    this.#sql.version.run(row, number, entry.index, from, to, text, null, null);
    return { from, to, state, base: row, baseBytes: text.length, after: [] };
  }

  #relate(stream: Stream, entry: Recorded): void {
    const category = categoryOf(entry.stream);
    const id = idOf(entry);
    const relate = (ref: string, value: string): void => {
      const key = `${ref} ${value}`;
      const known = stream.relations.get(key);
      if (known !== undefined && known <= entry.effectiveAt) return;
      stream.relations.set(key, entry.effectiveAt);
      this.#sql.relation.run(category, ref, value, entry.index, entry.effectiveAt, id);
    };
    relate('', '');
    for (const [ref, values] of Object.entries(entry.refs) as [string, readonly string[]][])
      for (const value of values) relate(ref, value);
  }

  #stream({ stream: name, revision }: Recorded): Stream {
    let stream = this.#streams.get(name);
    if (stream) this.#streams.delete(name);
    else {
      // The first entry of a stream finds none.
      const number = revision === 0 ? undefined : (this.#sql.numbered.get(name)?.['number'] as number | undefined);
      stream = number === undefined ? this.#begin(name) : this.#reload(number);
    }
    this.#streams.set(name, stream);
    if (this.#streams.size > CACHED_STREAMS) this.#streams.delete(this.#streams.keys().next().value as string);
    return stream;
  }

  #begin(name: string): Stream {
    const number = this.#nextStream++;
    this.#sql.stream.run(number, name);
    return { number, intervals: [], relations: new Map() };
  }

  /** A stream that has rows, as if each of its entries had just been applied; its next state is written whole. */
  #reload(number: number): Stream {
    const stream: Stream = { number, intervals: [], relations: new Map() };
    for (const { from_index: index } of this.#sql.rows.all(number)) {
      const entry = this.#source.get(Number(index)) as Recorded;
      const decider = DECIDERS.get(categoryOf(entry.stream));
      if (!decider) continue;
      const from = entry.effectiveAt;
      const kept: Interval[] = [];
      const interval = (start: Instant, to: Instant, state: unknown): Interval => ({
        from: start,
        to,
        state: decider.evolve(state as never, entry as never),
        base: 0,
        baseBytes: 0,
        after: [],
      });
      const first = stream.intervals[0];
      if (first === undefined || from < first.from) kept.push(interval(from, first?.from ?? FOREVER, decider.initial));
      for (const held of stream.intervals) {
        if (held.to <= from) kept.push(held);
        else {
          if (held.from < from) kept.push({ ...held, to: from });
          kept.push(interval(Math.max(held.from, from), held.to, held.state));
        }
      }
      stream.intervals = kept;
      for (const [ref, values] of [['', ['']], ...Object.entries(entry.refs)] as [string, readonly string[]][])
        for (const value of values) {
          const key = `${ref} ${value}`;
          stream.relations.set(key, Math.min(stream.relations.get(key) ?? Infinity, from));
        }
    }
    return stream;
  }
}
