import type { EventId } from './ids.ts';

/**
 * Whether something is in force at an instant. If so, the event that made it so (it goes into a session's basis);
 * if not, why, in words fit for a refusal.
 */
export type Standing =
  { readonly holds: true; readonly by: EventId } | { readonly holds: false; readonly because: string };

export const standing = (by: EventId): Standing => ({ holds: true, by });
export const noStanding = (because: string): Standing => ({ holds: false, because });
