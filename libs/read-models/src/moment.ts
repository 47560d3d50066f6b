import type { Instant, Recorded } from '@countersign/domain';

/** The moment a question is asked about (domain.md, Time): which entries count, and by when they must be effective. */
export interface Moment {
  /** The last entry that is known; −1 for none. */
  readonly index: number;
  /** What is effective by then counts. */
  readonly time: Instant;
}

export interface Asked {
  /** A log index, or a time (RFC 3339); the head if absent. */
  readonly asOf?: string | undefined;
  /** `then`, `now`, or the index up to which entries are known; `then` if absent. */
  readonly known?: string | undefined;
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

  /** The moment that a question means, or what is wrong with how it says so. `now` is the ledger's clock. */
  moment({ asOf, known }: Asked, now: Instant): Moment | { readonly problem: string } {
    const at = this.#position(asOf, now);
    if ('problem' in at) return at;
    if (known === undefined || known === 'then') return at;
    if (known === 'now') return { ...at, index: this.head };
    const index = indexOf(known);
    if (index === undefined || index > this.head)
      return { problem: `known=${known}: then, now, or an index up to ${this.head}` };
    return { ...at, index };
  }

  #position(asOf: string | undefined, now: Instant): Moment | { readonly problem: string } {
    if (asOf === undefined) return { index: this.head, time: Math.max(now, this.logTime(this.head)) };
    const index = indexOf(asOf);
    if (index !== undefined)
      return index <= this.head
        ? { index, time: this.logTime(index) }
        : { problem: `asOf=${asOf}: the log ends at ${this.head}` };
    const time = timeOf(asOf);
    return time === undefined
      ? { problem: `asOf=${asOf} is neither a log index nor a time` }
      : { index: this.lastBy(time), time };
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
  streams(category: string): Iterable<string> {
    return [...this.#streams.keys()].filter((stream) => stream.startsWith(`${category}-`));
  }
  logTime(index: number): Instant {
    return this.#times[index] ?? 0;
  }
}

const indexOf = (text: string): number | undefined => (/^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined);

/** RFC 3339 in UTC, or a day, which means its last millisecond. */
function timeOf(text: string): Instant | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return valid(Date.parse(`${text}T23:59:59.999Z`));
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/.test(text) ? valid(Date.parse(text)) : undefined;
}
const valid = (time: number): Instant | undefined => (Number.isNaN(time) ? undefined : time);
