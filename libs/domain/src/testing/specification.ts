import { expect, test } from '@jest/globals';
import {
  isRefused,
  refs,
  type Actor,
  type EventId,
  type Instant,
  type NewEvent,
  type Recorded,
  type Role,
  type View,
} from '../kernel/index.ts';

// Each decider's own types hold inside its folder; a specification speaks of any of them.
interface AnyDecider {
  readonly category: string;
  readonly initial: unknown;
  decide(command: never, state: never, view: never): readonly NewEvent[] | { readonly refused: readonly unknown[] };
  evolve(state: never, event: never): unknown;
}

export const actor = (party: string, role: Role): Actor => ({ party: party as Actor['party'], role });
export const at = (text: string): Instant => Date.parse(text);

/** A fact as a test writes it: type, data, and what differs from the usual. */
export interface Fact {
  readonly type: string;
  readonly data: object;
  readonly refs?: NewEvent['refs'];
  readonly effectiveAt?: Instant;
  readonly personal?: Recorded['personal'];
  /** Who acted; the ledger itself if absent. */
  readonly by?: string;
}

export interface Given {
  readonly id: string;
  readonly history?: readonly Fact[];
  readonly view?: Partial<View>;
  readonly now?: Instant;
}

const nothing: View = {
  index: -1,
  now: 0,
  state: () => undefined,
  all: () => [],
  related: () => [],
  open: () => undefined,
  digest: (value) => JSON.stringify(value).length.toString(16).padStart(64, '0'),
};

/** The state of a stream after these facts, each recorded a second after the one before. */
export function fold(
  decider: AnyDecider,
  id: string,
  history: readonly Fact[],
  until: Instant = at('2026-08-01T00:00:00Z'),
): unknown {
  return history.reduce<unknown>((state, fact, revision) => {
    const recordedAt = until - (history.length - revision) * 1000;
    const event: Recorded = {
      type: fact.type,
      data: fact.data,
      refs: fact.refs ?? refs({}),
      id: `event-${id}-${revision}` as EventId,
      stream: id,
      revision,
      index: revision,
      actor: (fact.by ?? 'system') as Recorded['actor'],
      ...(fact.personal === undefined ? {} : { personal: fact.personal }),
      occurredAt: recordedAt,
      effectiveAt: fact.effectiveAt ?? recordedAt,
      recordedAt,
    };
    return decider.evolve(state as never, event as never);
  }, decider.initial);
}

/** `given(decider, {id, history}).when(type, payload, actor).then([...])`, or `.refused(rule…)`. */
export function given(decider: AnyDecider, { id, history = [], view, now = at('2026-08-01T00:00:00Z') }: Given) {
  const state = fold(decider, id, history, now);
  return {
    when(type: string, payload: object, by: Actor, effectiveAt?: Instant) {
      const command = { type, id, payload, actor: by, now, ...(effectiveAt === undefined ? {} : { effectiveAt }) };
      const decision = decider.decide(command as never, state as never, { ...nothing, now, ...view } as never);
      return {
        then: (events: readonly Pick<NewEvent, 'type' | 'data'>[]) =>
          expect(decision).toEqual(
            events.map((event) => expect.objectContaining({ type: event.type, data: event.data })),
          ),
        refused: (...rules: readonly string[]) => {
          expect(isRefused(decision)).toBe(true);
          expect((decision as { refused: readonly { rule: string }[] }).refused.map(({ rule }) => rule)).toEqual(rules);
        },
      };
    },
  };
}

type AnyView = { readonly now: Instant };

/** What a command comes to: the types of its events, or the rules that refuse it. */
type Row = readonly [
  title: string,
  history: readonly Fact[],
  command: string,
  by: Actor,
  comesTo: readonly string[],
  payload?: object,
  more?: {
    readonly effectiveAt?: Instant;
    readonly now?: Instant;
    readonly personal?: object;
    readonly view?: AnyView;
  },
];

/** A table of rules and cases: each a test that gives one command after a history. */
export function cases(decider: AnyDecider, id: string, view: AnyView, rows: readonly Row[]): void {
  test.each(rows)('%s', (_, history, type, by, comesTo, payload = {}, more = {}) => {
    const now = more.now ?? view.now;
    const { effectiveAt, personal } = more;
    const state = fold(decider, id, history, now);
    const command = { type, id, payload, actor: by, now, effectiveAt, personal, newId: () => 'new' };
    const decision = decider.decide(command as never, state as never, { ...(more.view ?? view), now } as never);
    const got = isRefused(decision)
      ? (decision as { refused: readonly { rule: string }[] }).refused.map(({ rule }) => rule)
      : (decision as readonly NewEvent[]).map((event) => event.type);
    expect(got).toEqual(comesTo);
  });
}
