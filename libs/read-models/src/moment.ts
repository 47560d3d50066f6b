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

/** The entries of a log in order, with each one's log time: the greatest `recordedAt` so far, so it never goes back. */
export class History {
  readonly entries: Recorded[] = [];
  readonly #times: Instant[] = [];

  add(entry: Recorded): void {
    if (entry.index !== this.entries.length) throw new Error(`entry ${entry.index} does not follow`);
    this.#times.push(Math.max(this.#times.at(-1) ?? 0, entry.recordedAt));
    this.entries.push(entry);
  }

  get head(): number {
    return this.entries.length - 1;
  }

  logTime(index: number): Instant {
    return this.#times[index] ?? 0;
  }

  /** The last entry whose log time is at most this; −1 if there is none. */
  lastBy(time: Instant): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) <= time) low = middle + 1;
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

const indexOf = (text: string): number | undefined => (/^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : undefined);

/** RFC 3339 in UTC, or a day, which means its last millisecond. */
function timeOf(text: string): Instant | undefined {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return valid(Date.parse(`${text}T23:59:59.999Z`));
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/.test(text) ? valid(Date.parse(text)) : undefined;
}
const valid = (time: number): Instant | undefined => (Number.isNaN(time) ? undefined : time);
