import {
  noStanding,
  standing,
  type EventId,
  type Instant,
  type Modality,
  type Since,
  type Standing,
} from '../kernel/index.ts';
import type { AuthorisedSession, GrantScope } from './events.ts';

/** Who has approved, and by which event. */
export interface Approvals {
  readonly developer?: EventId;
  readonly 'allied-authority'?: EventId;
}
export interface SessionUse {
  readonly item: string;
  readonly modality: Modality;
  readonly reserved: number;
  readonly authorised: Since;
  readonly request: AuthorisedSession;
  /** The liability assignment that it rests on. */
  readonly liability?: string;
  /** What came back. */
  readonly returned?: number;
}
interface Known {
  readonly partner: string;
  readonly party: string;
  readonly ally: string;
  readonly authority: string;
  readonly developer: string;
  readonly families: readonly string[];
  readonly requestedBy: string;
  readonly requested: EventId;
  readonly scope: GrantScope;
  readonly approvals: Approvals;
  readonly amendment?: { readonly scope: GrantScope; readonly approvals: Approvals; readonly by: EventId };
  readonly sessions: Readonly<Record<string, SessionUse>>;
}
export type GrantState =
  | { readonly status: 'unknown' }
  | (Known & { readonly status: 'requested' | 'refused' })
  | (Known & { readonly status: 'active'; readonly activated: Since })
  | (Known & {
      readonly status: 'suspended';
      readonly activated: Since;
      /** Key of each cause → the event that brought it. */
      readonly causes: Readonly<Record<string, Since>>;
    })
  | (Known & {
      readonly status: 'revoked' | 'expired';
      readonly activated?: Since;
      /** It may be suspended until an ending that is dated ahead takes effect. */
      readonly causes?: Readonly<Record<string, Since>>;
      readonly ended: Since;
    });
export type KnownGrant = Exclude<GrantState, { status: 'unknown' }>;

export const causesOf = (state: KnownGrant): Readonly<Record<string, Since>> =>
  ('causes' in state ? state.causes : undefined) ?? {};

/** A grant that was activated, and no ending has taken effect. */
export type LiveGrant = KnownGrant & { readonly activated: Since };
export const isLiveGrant = (state: KnownGrant, now: Instant): state is LiveGrant =>
  'activated' in state && state.activated !== undefined && !('ended' in state && state.ended.from <= now);

/** Whether a grant is active at an instant: activated, within its period, neither suspended nor ended. */
export function grantAt(state: GrantState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('there is no such grant');
  if (!isLiveGrant(state, now))
    return noStanding(`the grant is ${state.status}`, 'ended' in state ? state.ended : undefined);
  const cause = Object.values(causesOf(state)).find(({ from }) => from <= now);
  return cause ? noStanding('the grant is suspended', cause) : within(state, state.activated.by, now);
}

function within({ scope }: KnownGrant, by: EventId, now: Instant): Standing {
  if (now < Date.parse(scope.period.from)) return noStanding('the grant has not begun');
  return now < Date.parse(scope.period.until) ? standing(by) : noStanding('the grant has expired');
}

/** What is left of an item's quantity, in its unit (R9). */
export function quotaLeft(state: KnownGrant, item: string): number {
  const granted = state.scope.items.find((each) => each.item === item)?.amount ?? 0;
  return granted - usedOf(state, item);
}

export const usedOf = (state: KnownGrant, item: string): number =>
  Object.values(state.sessions)
    .filter((use) => use.item === item)
    .reduce((sum, { reserved, returned = 0 }) => sum + reserved - returned, 0);

/** R6: both, neither by who asked. */
export const isApproved = (approvals: Approvals): boolean =>
  approvals.developer !== undefined && approvals['allied-authority'] !== undefined;
