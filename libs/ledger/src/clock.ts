import type { Instant } from '@countersign/domain';

/** The one clock of a process. */
export interface Clock {
  now(): Instant;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that a demonstration sets, so that a story can be told in its own time; it never goes back. */
export class StoryClock implements Clock {
  #set: Instant | undefined;

  now(): Instant {
    return this.#set ?? Date.now();
  }

  set(instant: Instant): void {
    if (this.#set !== undefined && instant < this.#set) throw new RangeError('the clock never goes back');
    this.#set = instant;
  }

  /** From now on the real time. */
  release(): void {
    this.#set = undefined;
  }
}
