import {
  noStanding,
  standing,
  type EventId,
  type Instant,
  type Modality,
  type Since,
  type Standing,
} from '../kernel/index.ts';
import type { LiabilityTerms } from './events.ts';

/** A text on the table, and who has signed that exact text. */
export interface Proposal {
  readonly terms: LiabilityTerms;
  readonly digest: string;
  readonly by: EventId;
  /** Party → the event that signed. */
  readonly signatures: Readonly<Record<string, EventId>>;
  readonly declinedBy?: string;
}
/** A version that was in force from an instant on. */
export interface LiabilityVersion extends Since {
  readonly terms: LiabilityTerms;
  readonly digest: string;
}
export interface Insurance {
  readonly by: EventId;
  readonly from: Instant;
  readonly until: Instant;
  readonly lapsed?: Since;
}
interface Known {
  readonly grant: string;
  readonly partner: string;
  readonly ally: string;
  readonly versions: readonly LiabilityVersion[];
  readonly proposal?: Proposal;
  readonly insurance: Readonly<Record<string, Insurance>>;
}
export type LiabilityState =
  | { readonly status: 'unknown' }
  | (Known & { readonly status: 'proposed' | 'in-force' })
  | (Known & { readonly status: 'terminated'; readonly terminated: Since });

/** Every party that the terms make bear something: it must have signed them (R20). */
export const bearers = ({ heads }: LiabilityTerms): readonly string[] =>
  [...new Set(heads.flatMap(({ shares, layers }) => [...shares, ...layers].map(({ party }) => party)))].sort();

/** Whether nothing more can be done to it. */
export const isTerminatedAt = (state: LiabilityState, now: Instant): boolean =>
  state.status === 'terminated' && state.terminated.from <= now;

const DAY_MS = 86_400_000;
/**
 * Where an assignment stands at an instant. In the tail it covers nothing new, and what happened while it was in force
 * can still be notified, for the notice days that its last version gives.
 */
export function liabilityLifeAt(
  state: LiabilityState,
  now: Instant,
): 'unknown' | 'proposed' | 'in-force' | 'tail' | 'terminated' {
  if (state.status === 'unknown') return 'unknown';
  if (state.status === 'terminated' && state.terminated.from <= now) {
    const last = versionAt(state, state.terminated.from);
    return last !== undefined && now < state.terminated.from + last.terms.noticeDays * DAY_MS ? 'tail' : 'terminated';
  }
  return versionAt(state, now) === undefined ? 'proposed' : 'in-force';
}

/** The version that applies at an instant: the last that began by then. */
export const versionAt = (state: LiabilityState, at: Instant): LiabilityVersion | undefined =>
  state.status === 'unknown' ? undefined : state.versions.findLast(({ from }) => from <= at);

/** Whether the assignment is in force at an instant, for a modality. */
export function liabilityAt(state: LiabilityState | undefined, modality: Modality, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('there is no liability assignment');
  if (state.status === 'terminated' && state.terminated.from <= now)
    return noStanding('the liability assignment is terminated', state.terminated);
  const version = versionAt(state, now);
  if (version === undefined) return noStanding('the liability assignment is not in force yet');
  const { terms, by } = version;
  if (now < Date.parse(terms.period.from) || now >= Date.parse(terms.period.until))
    return noStanding('the liability assignment is outside its period');
  if (!terms.modalities.includes(modality))
    return noStanding(`the liability assignment does not cover ${modality}`, version);
  if (!terms.insuranceRequired) return standing(by);
  const policies = Object.values(state.insurance);
  const valid = policies.findLast(
    ({ from, until, lapsed }) => from <= now && now < until && !(lapsed && lapsed.from <= now),
  );
  if (valid !== undefined) return standing(by, valid.by);
  // The policy that covered longest is the one whose lapse ended it: an earlier one that it replaced ended nothing.
  const endOf = (policy: Insurance) => Math.min(policy.until, policy.lapsed?.from ?? Infinity);
  const last = policies.filter(({ from }) => from <= now).sort((a, b) => endOf(a) - endOf(b));
  return noStanding('the insurance that the liability assignment requires is not in force', last.at(-1)?.lapsed);
}
