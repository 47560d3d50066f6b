import type { EventId, Instant, Refs, Refusal } from '../kernel/index.ts';

/** A refusal that was recorded, and how often the same came again within ten minutes. */
export interface Denied {
  readonly by: EventId;
  readonly at: Instant;
  readonly index: number;
  readonly refs: Refs;
  readonly reasons: readonly Pick<Refusal, 'rule'>[];
}
/** Of one partner: the refusals of access, the latest of each request on each set of rules. */
export interface DenialState {
  readonly latest: Readonly<Record<string, Denied>>;
  /** Those that the same refusal followed after ten minutes: their count may still be due. */
  readonly earlier: Readonly<Record<string, Denied>>;
  readonly count: number;
}
export const SAME_REFUSAL_MS = 600_000;
