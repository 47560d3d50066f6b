import type { Instant, Recorded } from '@countersign/domain';

/** The moment a question is asked about (domain.md, Time): which entries count, and by when they must be effective. */
export interface Moment {
  /** The last entry that is known; −1 for none. */
  readonly index: number;
  /** What is effective by then counts. */
  readonly time: Instant;
}

/** A UTC day: its first millisecond and its last. */
export interface Day {
  readonly from: Instant;
  readonly to: Instant;
}

/** The moment of a question, and what else it says of itself. */
export interface Position extends Moment {
  /** The question is about a whole day: `time` is its end. */
  readonly day?: Day;
  /** The last entry that is known at an instant of that day. */
  readonly knownAt: (time: Instant) => number;
}

export interface Asked {
  /** A log index, a time (RFC 3339) or a day; the head if absent, or the index that `known` gives. */
  readonly asOf?: string | undefined;
  /** `then`, `now`, or the index up to which entries are known; `then` if absent. */
  readonly known?: string | undefined;
}

/** What is wrong with how a question says its moment: in which of its parameters, and what. */
export interface NoMoment {
  readonly parameter: 'asOf' | 'known';
  readonly problem: string;
}

/** A log's entries as questions need them, with each one's log time: the greatest `recordedAt` so far, which never goes back. */
export abstract class Entries {
  /** Index of the last entry; −1 if there is none. */
  abstract readonly head: number;
  abstract get(index: number): Recorded | undefined;
  abstract byId(id: string): Recorded | undefined;
  /** A stream's entries up to an index, in order. */
  abstract ofStream(stream: string, index: number): Iterable<Recorded>;
  /** The streams of a category in the order in which they began. */
  abstract streams(category: string): Iterable<string>;
  abstract logTime(index: number): Instant;

  /** The last entry whose log time is at most this; −1 if there is none. */
  lastBy(time: Instant): number {
    let low = 0;
    let high = this.head + 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.logTime(middle) <= time) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The times from which an entry of a stream may count: when it was recorded, by log time, and when it is effective. */
  abstract timesOf(stream: string, index: number): Iterable<Instant>;

  /**
   * The moment that a question means, or what is wrong with how it says so. Everything follows from the log alone: without
   * `asOf` it is that of the head at its log time, or of the index that is known, so that asking again with `known` the
   * index of an answer gives the same (domain.md, Time).
   */
  moment({ asOf, known }: Asked): Position | NoMoment {
    const index = known === undefined || known === 'then' || known === 'now' ? undefined : indexOf(known);
    if (known !== undefined && known !== 'then' && known !== 'now' && (index === undefined || index > this.head))
      return {
        parameter: 'known',
        problem: `known is then, now or an index up to ${this.head}, not "${short(known)}"`,
      };
    const at = asOf === undefined ? this.#at(index ?? this.head) : this.#position(asOf);
    if ('problem' in at || known === undefined || known === 'then') return at;
    const last = index ?? this.head;
    return { ...at, index: last, knownAt: () => last };
  }

  #at(index: number): Position {
    return { index, time: this.logTime(index), knownAt: () => index };
  }

  #position(asOf: string): Position | NoMoment {
    const index = indexOf(asOf);
    if (index !== undefined)
      return index <= this.head
        ? this.#at(index)
        : { parameter: 'asOf', problem: `asOf is index ${asOf}, and the log ends at ${this.head}` };
    const knownAt = (time: Instant) => this.lastBy(time);
    const day = dayOf(asOf);
    if (day) return { index: this.lastBy(day.to), time: day.to, day, knownAt };
    const time = timeOf(asOf);
    return time === undefined
      ? {
          parameter: 'asOf',
          problem: `asOf is a log index, a time like 2026-09-02T03:14:01Z or a day like 2026-09-02, not "${short(asOf)}"`,
        }
      : { index: this.lastBy(time), time, knownAt };
  }
}

/** The same in memory, for whoever holds all entries: the verifier of an export, and tests. */
export class History extends Entries {
  readonly entries: Recorded[] = [];
  readonly #times: Instant[] = [];
  readonly #streams = new Map<string, Recorded[]>();
  readonly #ids = new Map<string, Recorded>();

  add(entry: Recorded): void {
    if (entry.index !== this.entries.length) throw new Error(`entry ${entry.index} does not follow`);
    this.#times.push(Math.max(this.#times.at(-1) ?? 0, entry.recordedAt));
    this.entries.push(entry);
    this.#ids.set(entry.id, entry);
    const stream = this.#streams.get(entry.stream);
    if (stream) stream.push(entry);
    else this.#streams.set(entry.stream, [entry]);
  }

  get head(): number {
    return this.entries.length - 1;
  }
  get(index: number): Recorded | undefined {
    return this.entries[index];
  }
  byId(id: string): Recorded | undefined {
    return this.#ids.get(id);
  }
  ofStream(stream: string, index: number): Iterable<Recorded> {
    return (this.#streams.get(stream) ?? []).filter((entry) => entry.index <= index);
  }
  *timesOf(stream: string, index: number): Iterable<Instant> {
    for (const { index: at, effectiveAt } of this.ofStream(stream, index)) {
      yield this.logTime(at);
      yield effectiveAt;
    }
  }
  streams(category: string): Iterable<string> {
    return [...this.#streams.keys()].filter((stream) => stream.startsWith(`${category}-`));
  }
  logTime(index: number): Instant {
    return this.#times[index] ?? 0;
  }
}

const indexOf = (text: string): number | undefined => (/^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined);

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function dayOf(text: string): Day | undefined {
  const from = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00.000Z`) : NaN;
  // The 31st of February is no day, though it could be read as one of March.
  return Number.isNaN(from) || new Date(from).toISOString().slice(0, 10) !== text
    ? undefined
    : { from, to: from + 86_400_000 - 1 };
}

/** RFC 3339, in UTC or with an offset, to the millisecond. */
function timeOf(text: string): Instant | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.exec(
    text,
  );
  return parts && dayOf(parts[1] as string) ? Date.parse(text) : undefined;
}
