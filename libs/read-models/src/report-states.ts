import type { Recorded, Refs, States as StateOf } from '@countersign/domain';
import { Entries, type Moment } from './moment.ts';
import { categoryOf, DECIDERS, idOf, streamOf, type States } from './states-at.ts';

/** What reports are as of: the last entry and its log time, and which log it is. */
export interface ReportedLog {
  readonly index: number;
  /** Milliseconds. */
  readonly time: number;
  readonly mode: string;
  readonly origin: string;
  /** RFC 6962 root over the entries up to that index, in Base64. */
  readonly root: string;
}

/** The one ref by which reports look for streams of a category. */
const RELATED: Readonly<Record<string, keyof Refs>> = { session: 'grant', model: 'modelVersion' };

/** What reports ask of: the states of these, a grant's sessions, a version's family. All else would only be held for nothing. */
const KEPT: ReadonlySet<string> = new Set([
  'party',
  'model',
  'instrument',
  'criteria',
  'partner',
  'authorisation',
  'grant',
  'session',
  'liability',
  'audit',
]);

/**
 * Every state that reports ask of, as of a moment that is known before the entries come: folded entry by entry, in log
 * order, by the deciders' own `evolve`, without holding the entries. It throws where a report asks for more.
 */
export class ReportStates implements States {
  readonly index: number;
  readonly now: number;
  readonly #states = new Map<string, unknown>();
  readonly #ids = new Map<string, string[]>([...KEPT].map((category) => [category, []]));
  readonly #related = new Map<string, Set<string>>();

  constructor({ index, time }: Moment) {
    this.index = index;
    this.now = time;
  }

  wants(stream: string): boolean {
    return KEPT.has(categoryOf(stream));
  }

  add(entry: Recorded): void {
    const category = categoryOf(entry.stream);
    const decider = KEPT.has(category) && entry.effectiveAt <= this.now ? DECIDERS.get(category) : undefined;
    if (!decider) return;
    const before = this.#states.get(entry.stream);
    if (before === undefined) this.#ids.get(category)?.push(idOf(entry));
    this.#states.set(entry.stream, decider.evolve((before ?? decider.initial) as never, entry as never));
    const ref = RELATED[category];
    for (const other of (ref && entry.refs[ref]) ?? []) {
      const key = `${category} ${other}`;
      const held = this.#related.get(key);
      if (held) held.add(entry.stream);
      else this.#related.set(key, new Set([entry.stream]));
    }
  }

  state<C extends keyof StateOf & string>(category: C, id: string): StateOf[C] | undefined {
    kept(category);
    return this.#states.get(streamOf(category, id)) as StateOf[C] | undefined;
  }
  all(category: string): readonly string[] {
    kept(category);
    return this.#ids.get(category) ?? [];
  }
  related(category: string, ref: keyof Refs, id: string): readonly string[] {
    if (RELATED[category] !== ref) throw new Error(`no report is told of ${category} by ${ref}`);
    return [...(this.#related.get(`${category} ${id}`) ?? [])];
  }
  open(): undefined {
    return undefined;
  }
  digest(): string {
    throw new Error('a report signs nothing');
  }
}

function kept(category: string): void {
  if (!KEPT.has(category)) throw new Error(`no report is told of ${category}`);
}

/** The entries that reports list one by one: refusals, and how often each came again. */
export class ReportEntries extends Entries {
  readonly head: number;
  readonly #time: number;
  readonly #denials = new Map<string, Recorded[]>();

  constructor({ index, time }: Moment) {
    super();
    this.head = index;
    this.#time = time;
  }

  wants(stream: string): boolean {
    return stream.startsWith('denial-');
  }

  add(entry: Recorded): void {
    if (!this.wants(entry.stream)) return;
    const held = this.#denials.get(entry.stream);
    if (held) held.push(entry);
    else this.#denials.set(entry.stream, [entry]);
  }

  streams(category: string): Iterable<string> {
    if (category !== 'denial') throw new Error(`no report lists the entries of ${category}`);
    return this.#denials.keys();
  }
  ofStream(stream: string, index: number): Iterable<Recorded> {
    return (this.#denials.get(stream) ?? []).filter((entry) => entry.index <= index);
  }
  logTime(): number {
    return this.#time;
  }
  timesOf(): never {
    throw new Error('a report is of one moment');
  }
  get(): undefined {
    throw new Error('a report holds no entry');
  }
  byId(): undefined {
    throw new Error('a report holds no entry');
  }
}
