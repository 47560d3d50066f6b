import type { EventId, Instant, Refusal } from '../kernel/index.ts';

/** A refusal that was recorded, and how often the same came again within ten minutes. */
export interface Denied {
  readonly by: EventId;
  readonly at: Instant;
  readonly index: number;
  readonly request: string;
  readonly reasons: readonly Pick<Refusal, 'rule'>[];
}
/** Of one partner: the refusals of access, the latest of each request. */
export interface DenialState {
  readonly latest: Readonly<Record<string, Denied>>;
  readonly count: number;
}
export const SAME_REFUSAL_MS = 600_000;
