import { expect } from '@jest/globals';
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
      actor: 'system',
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
