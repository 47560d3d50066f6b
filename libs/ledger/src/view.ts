import { createHash } from 'node:crypto';
import type { Decider, Instant, PersonalData, Recorded, Refs, Sealed, View } from '@countersign/domain';
import { canonicalJson } from './canonical.ts';

// The registry of contexts is heterogeneous: each decider's own types hold inside its folder.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyDecider = Decider<any, any, any, any>;

/** The stream of an id as it stands in refs: ids that begin with their category are streams themselves. */
export const streamOf = (category: string, id: string): string =>
  id.startsWith(`${category}-`) ? id : `${category}-${id}`;

export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-'));

interface Held {
  state: unknown;
  revision: number;
}

/**
 * Every stream's state, folded by the deciders' own `evolve` in log order: what decisions read (design.md,
 * decision 4). Holds personal data only sealed.
 */
export class LedgerView implements View {
  index = -1;
  /** The log time of that index: the greatest `recordedAt` up to it. */
  logTime: Instant = 0;
  now: Instant = 0;
  readonly #deciders: ReadonlyMap<string, AnyDecider>;
  readonly #open: (sealed: Sealed) => PersonalData['fields'] | undefined;
  readonly #streams = new Map<string, Held>();
  readonly #ids = new Map<string, string[]>();
  readonly #related = new Map<string, Set<string>>();

  constructor(deciders: readonly AnyDecider[], open: (sealed: Sealed) => PersonalData['fields'] | undefined) {
    this.#deciders = new Map(deciders.map((decider) => [decider.category, decider]));
    this.#open = open;
  }

  state(category: string, id: string): never | undefined {
    return this.#streams.get(streamOf(category, id))?.state as never | undefined;
  }

  all(category: string): readonly string[] {
    return this.#ids.get(category) ?? [];
  }

  related(category: string, ref: keyof Refs, id: string): readonly string[] {
    return [...(this.#related.get(`${category} ${ref} ${id}`) ?? [])];
  }

  digest(value: unknown): string {
    return createHash('sha256').update(canonicalJson(value)).digest('hex');
  }

  open(sealed: Sealed): PersonalData['fields'] | undefined {
    return this.#open(sealed);
  }

  revision(stream: string): number | 'none' {
    return this.#streams.get(stream)?.revision ?? 'none';
  }

  decider(category: string): AnyDecider | undefined {
    return this.#deciders.get(category);
  }

  /** @throws Error if the event is not the next one, of the log or of its stream: the view would be wrong for good */
  apply(event: Recorded): void {
    if (event.index !== this.index + 1) throw new Error(`entry ${event.index} does not follow ${this.index}`);
    const category = categoryOf(event.stream);
    const decider = this.#deciders.get(category);
    if (!decider) throw new Error(`no context has streams like ${event.stream}`);
    const held = this.#streams.get(event.stream);
    if (event.revision !== (held?.revision ?? -1) + 1)
      throw new Error(`revision ${event.revision} of ${event.stream} does not follow ${held?.revision ?? 'nothing'}`);
    const state: unknown = decider.evolve(held ? held.state : decider.initial, event);
    if (held) {
      held.state = state;
      held.revision = event.revision;
    } else this.#streams.set(event.stream, { state, revision: event.revision });
    const id = idOf(category, event.stream, event.refs);
    if (!held) {
      const ids = this.#ids.get(category);
      if (ids) ids.push(id);
      else this.#ids.set(category, [id]);
    }
    for (const [ref, ids] of Object.entries(event.refs) as [keyof Refs, readonly string[]][]) {
      for (const other of ids) {
        const key = `${category} ${ref} ${other}`;
        const streams = this.#related.get(key);
        if (streams) streams.add(id);
        else this.#related.set(key, new Set([id]));
      }
    }
    this.index = event.index;
    this.logTime = Math.max(this.logTime, event.recordedAt);
  }
}

/** A stream's id as refs write it: `tester-p-01` is `p-01` there, all others are the stream's name. */
function idOf(category: string, stream: string, refs: Refs): string {
  if (category === 'tester') {
    const bare = stream.slice('tester-'.length);
    if (refs.testers?.includes(bare)) return bare;
  }
  return stream;
}
