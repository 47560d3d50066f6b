import {
  CONTEXTS,
  type DomainView,
  type PersonalData,
  type Recorded,
  type Refs,
  type Sealed,
  type States,
} from '@countersign/domain';
import type { History, Moment } from './moment.ts';

interface AnyDecider {
  readonly category: string;
  readonly initial: unknown;
  evolve(state: never, event: never): unknown;
}
const DECIDERS: ReadonlyMap<string, AnyDecider> = new Map(
  (CONTEXTS as readonly AnyDecider[]).map((each) => [each.category, each]),
);

/** What a question may open, for the entitled; nothing, unless told. */
export type Opener = (sealed: Sealed) => PersonalData['fields'] | undefined;

/**
 * Every stream's state as of a moment: the entries known then, those of them that are effective by its time, folded in
 * log order by the deciders' own `evolve` — so that a question sees what a decision would have seen.
 */
export class StatesAt implements DomainView {
  readonly index: number;
  readonly now: number;
  readonly #states = new Map<string, unknown>();
  readonly #ids = new Map<string, Set<string>>();
  readonly #related = new Map<string, Set<string>>();
  readonly #open: Opener;

  constructor(history: History, { index, time }: Moment, open: Opener = () => undefined) {
    this.index = index;
    this.now = time;
    this.#open = open;
    for (let i = 0; i <= index; i++) {
      const entry = history.entries[i] as Recorded;
      if (entry.effectiveAt <= time) this.#apply(entry);
    }
  }

  state<C extends keyof States & string>(category: C, id: string): States[C] | undefined {
    return this.#states.get(id.startsWith(`${category}-`) ? id : `${category}-${id}`) as States[C] | undefined;
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
    const category = entry.stream.slice(0, entry.stream.indexOf('-'));
    const decider = DECIDERS.get(category);
    if (!decider) return;
    const before = this.#states.get(entry.stream) ?? decider.initial;
    this.#states.set(entry.stream, decider.evolve(before as never, entry as never));
    const bare = entry.stream.slice(category.length + 1);
    const id = category === 'tester' && entry.refs.testers?.includes(bare) ? bare : entry.stream;
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
