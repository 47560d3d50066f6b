import {
  CONTEXTS,
  type DomainView,
  type PersonalData,
  type Recorded,
  type Refs,
  type Sealed,
  type States as StateOf,
} from '@countersign/domain';
import type { Entries, Moment } from './moment.ts';

interface AnyDecider {
  readonly category: string;
  readonly initial: unknown;
  evolve(state: never, event: never): unknown;
}
/** Every stream's state as of a moment, however it is found. */
export interface States extends DomainView {
  readonly index: number;
  readonly now: number;
}

export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));
/** The stream of an id as it stands in refs. */
export const streamOf = (category: string, id: string): string =>
  id.startsWith(`${category}-`) ? id : `${category}-${id}`;
/** A stream's id as refs write it: `tester-p-01` is `p-01` there, all others are the stream's name. */
export function idOf({ stream, refs }: Recorded): string {
  const bare = stream.slice('tester-'.length);
  return stream.startsWith('tester-') && refs.testers?.includes(bare) ? bare : stream;
}

export const DECIDERS: ReadonlyMap<string, AnyDecider> = new Map(
  (CONTEXTS as readonly AnyDecider[]).map((each) => [each.category, each]),
);

/** What a question may open, for the entitled; nothing, unless told. */
export type Opener = (sealed: Sealed) => PersonalData['fields'] | undefined;

/**
 * Every stream's state as of a moment: the entries known then, those of them that are effective by its time, folded in
 * log order by the deciders' own `evolve` — so that a question sees what a decision would have seen.
 */
export class StatesAt implements States {
  readonly index: number;
  readonly now: number;
  readonly #states = new Map<string, unknown>();
  readonly #ids = new Map<string, Set<string>>();
  readonly #related = new Map<string, Set<string>>();
  readonly #open: Opener;

  constructor(entries: Entries, { index, time }: Moment, open: Opener = () => undefined) {
    this.index = index;
    this.now = time;
    this.#open = open;
    for (let i = 0; i <= index; i++) {
      const entry = entries.get(i) as Recorded;
      if (entry.effectiveAt <= time) this.#apply(entry);
    }
  }

  state<C extends keyof StateOf & string>(category: C, id: string): StateOf[C] | undefined {
    return this.#states.get(streamOf(category, id)) as StateOf[C] | undefined;
  }
  all(category: string): readonly string[] {
    return [...(this.#ids.get(category) ?? [])];
  }
  related(category: string, ref: keyof Refs, id: string): readonly string[] {
    return [...(this.#related.get(`${category} ${ref} ${id}`) ?? [])];
  }
  open(sealed: Sealed): PersonalData['fields'] | undefined {
    return this.#open(sealed);
  }
  digest(): string {
    throw new Error('a question signs nothing');
  }

  #apply(entry: Recorded): void {
    const category = categoryOf(entry.stream);
    const decider = DECIDERS.get(category);
    if (!decider) return;
    const before = this.#states.get(entry.stream) ?? decider.initial;
    this.#states.set(entry.stream, decider.evolve(before as never, entry as never));
    const id = idOf(entry);
    add(this.#ids, category, id);
    for (const [ref, ids] of Object.entries(entry.refs) as [string, readonly string[]][])
      for (const other of ids) add(this.#related, `${category} ${ref} ${other}`, id);
  }
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const held = map.get(key);
  if (held) held.add(value);
  else map.set(key, new Set([value]));
}
