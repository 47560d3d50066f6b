import type { Recorded, Instant } from './event.ts';
import type { EventId } from './ids.ts';

/** The event that made something so, from when it counts, and where it stands in the log. */
export interface Since {
  readonly by: EventId;
  readonly from: Instant;
  readonly index: number;
}
export const sinceOf = (event: Recorded): Since => ({ by: event.id, from: event.effectiveAt, index: event.index });

/**
 * Whether something is in force at an instant. If so, the event that made it so (it goes into a session's basis);
 * if not, why, in words fit for a refusal, and the event that ended it, if one did.
 */
export type Standing =
  | { readonly holds: true; readonly by: EventId }
  | { readonly holds: false; readonly because: string; readonly ended?: Since };

export const standing = (by: EventId): Standing => ({ holds: true, by });
export const noStanding = (because: string, ended?: Since): Standing => ({
  holds: false,
  because,
  ...(ended === undefined ? {} : { ended }),
});
