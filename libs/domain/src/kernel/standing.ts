import type { Recorded, Instant } from './event.ts';
import type { EventId } from './ids.ts';

/** The event that made something so, from when it counts, and where it stands in the log. */
export interface Since {
  readonly by: EventId;
  readonly from: Instant;
  readonly index: number;
  /** The clock of the process that wrote it. */
  readonly recordedAt: Instant;
}
export const sinceOf = (event: Recorded): Since => ({
  by: event.id,
  from: event.effectiveAt,
  index: event.index,
  recordedAt: event.recordedAt,
});

/**
 * Whether something is in force at an instant. If so, the event that made it so (it goes into a session's basis);
 * if not, why, in words fit for a refusal, and the event that ended it, if one did.
 */
export type Standing =
  /** `lifted`: the event that last made it so again, after something had ended it. */
  | { readonly holds: true; readonly by: EventId; readonly lifted?: EventId }
  | { readonly holds: false; readonly because: string; readonly ended?: Since };

export const standing = (by: EventId, lifted?: EventId): Standing => ({
  holds: true,
  by,
  ...(lifted === undefined ? {} : { lifted }),
});
export const noStanding = (because: string, ended?: Since): Standing => ({
  holds: false,
  because,
  ...(ended === undefined ? {} : { ended }),
});

/**
 * Whether an ending may be recorded beside one that is known: only while that one lies ahead, and if this one comes
 * before it. What ends next month can still be suspended today (domain.md, *Endings*).
 */
export const comesBefore = (known: Since | undefined, from: Instant, now: Instant): boolean =>
  known === undefined || (known.from > now && from < known.from);
