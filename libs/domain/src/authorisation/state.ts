import {
  isWithin,
  noStanding,
  standing,
  type EventId,
  type Instant,
  type Since,
  type Standing,
} from '../kernel/index.ts';
import type { AuthorisationScope, AuthorisedItem, Condition } from './events.ts';

interface Known {
  readonly holder: string;
  readonly partner: string;
  readonly ally: string;
  readonly instrument: string;
  readonly reference: string;
  readonly scope: AuthorisationScope;
}
interface Issued extends Known {
  readonly kind: 'individual-licence' | 'exception' | 'annex-listing';
  readonly annexEntry?: string;
  readonly issued: Since;
  readonly conditions: readonly Condition[];
  readonly acknowledged?: EventId;
  /** `condition period` of each report that came in, and of each that was recorded as overdue. */
  readonly reported: readonly string[];
  readonly overdue: readonly string[];
  /** Grant → what it has reserved; a grant that has given all of it back is not there. */
  readonly reserved: Readonly<Record<string, Reservation>>;
  /** Grant → the event by which its quantity last came back. */
  readonly replenished: Readonly<Record<string, EventId>>;
  readonly revokedItems: Readonly<Record<string, Since>>;
  /** The last amendment. */
  readonly amended?: Since;
  /** The last reinstatement. */
  readonly reinstated?: Since;
  /** It may be suspended until an ending that is dated ahead takes effect. */
  readonly suspension?: Since;
}
export interface Reservation {
  readonly by: EventId;
  /** Item → amount. */
  readonly items: Readonly<Record<string, number>>;
}
export type AuthorisationState =
  | { readonly status: 'unknown' }
  | (Known & {
      readonly status: 'pending';
      readonly stage: 'applied' | 'referred' | 'held' | 'intent-to-deny';
      readonly applicant: string;
    })
  | (Known & { readonly status: 'denied' | 'returned-without-action' })
  | (Issued & { readonly status: 'issued' })
  | (Issued & { readonly status: 'suspended'; readonly suspension: Since })
  | (Issued & {
      readonly status: 'revoked' | 'expired' | 'superseded';
      readonly ended: Since;
      readonly successor?: string;
    });
export type IssuedState = Extract<
  AuthorisationState,
  { status: 'issued' | 'suspended' | 'revoked' | 'expired' | 'superseded' }
>;

export const isIssued = (state: AuthorisationState | undefined): state is IssuedState =>
  state !== undefined && 'issued' in state;

/** Whether it can still be suspended, amended, revoked (R4): issued, and no ending has taken effect. */
export const isLive = (state: AuthorisationState, now: Instant): state is IssuedState =>
  isIssued(state) && !('ended' in state && state.ended.from <= now);

/** Whether an authorisation is in force at an instant. */
export function authorisationAt(state: AuthorisationState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('there is no such authorisation');
  if (!isIssued(state)) return noStanding(`the authorisation is not issued: ${state.status}`);
  if (state.issued.from > now) return noStanding('the authorisation does not count yet');
  const { from, until } = state.scope.period;
  if (now < Date.parse(from)) return noStanding('the authorisation is not valid yet');
  if ('ended' in state && state.ended.from <= now)
    return noStanding(`the authorisation is ${state.status}`, state.ended);
  if (state.suspension !== undefined && state.suspension.from <= now)
    return noStanding('the authorisation is suspended', state.suspension);
  if (now >= Date.parse(until)) return noStanding('the authorisation has expired');
  return standing(state.issued.by, state.reinstated?.by);
}

/** The same for one of its items. */
export function authorisedItemAt(state: AuthorisationState | undefined, item: string, now: Instant): Standing {
  const whole = authorisationAt(state, now);
  if (!whole.holds || !isIssued(state)) return whole;
  const revoked = state.revokedItems[item];
  if (revoked !== undefined && revoked.from <= now)
    return noStanding(`item ${item} of the authorisation is revoked`, revoked);
  return itemOf(state, item) === undefined ? noStanding(`the authorisation has no item ${item}`, state.amended) : whole;
}

export const itemOf = (state: IssuedState, item: string): AuthorisedItem | undefined =>
  state.scope.items.find((each) => each.item === item);

/** What is left of an item, in its unit (R5). */
export function leftOf(state: IssuedState, item: string): number {
  return (itemOf(state, item)?.quantity.amount ?? 0) - reservedOf(state, item);
}

/** What grants have reserved of an item, in its unit. */
export const reservedOf = (state: IssuedState, item: string): number =>
  Object.values(state.reserved).reduce((sum, { items }) => sum + (items[item] ?? 0), 0);

/** When the report for a month is due: the end of the day, UTC, in the month after. */
export function dueOf(condition: Condition, period: string): Instant {
  const [year, month] = period.split('-').map(Number) as [number, number];
  return Date.UTC(year, month, (condition.reporting?.dueDay ?? 1) + 1);
}

/** Reports that should have been in by an instant, are not, and are not recorded as overdue yet. */
export function overdueAt(
  state: IssuedState,
  now: Instant,
): readonly { readonly condition: string; readonly period: string }[] {
  return state.conditions.flatMap((condition) => {
    if (!condition.reporting) return [];
    const late: { condition: string; period: string }[] = [];
    const until = Math.min(now, Date.parse(state.scope.period.until));
    for (let period = condition.reporting.firstPeriod; dueOf(condition, period) <= until; period = nextMonth(period)) {
      const key = `${condition.condition} ${period}`;
      if (!state.reported.includes(key) && !state.overdue.includes(key))
        late.push({ condition: condition.condition, period });
    }
    return late;
  });
}

function nextMonth(period: string): string {
  const [year, month] = period.split('-').map(Number) as [number, number];
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7);
}

/** What a grant, or one use of it, must lie within. */
export interface Extent {
  readonly facilities: readonly string[];
  readonly places: readonly string[];
  readonly endUses: readonly string[];
}
/** Whether an authorisation's scope covers facilities, places and end uses, as it stands after its amendments. */
export const covers = (state: IssuedState, { facilities, places, endUses }: Extent): boolean =>
  isWithin(facilities, state.scope.facilities) &&
  isWithin(places, state.scope.destinations) &&
  isWithin(endUses, state.scope.endUses);
