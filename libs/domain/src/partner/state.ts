import { noStanding, standing, type EventId, type Instant, type Standing, type Since } from '../kernel/index.ts';

export interface Screening {
  readonly hits: Readonly<Record<string, 'open' | 'false-positive' | 'true-match'>>;
  readonly by: EventId;
}
interface Nominated {
  readonly party: string;
  /** ISO 3166-1 alpha-2 of the ally, and its authority. */
  readonly ally: string;
  readonly authority: string;
  readonly criteriaSet: string;
  /** Of the criteria, when it applied. */
  readonly version?: string;
  readonly assessments: Readonly<Record<string, 'met' | 'not-met' | 'waived'>>;
  readonly screenings: Readonly<Record<string, Screening>>;
  readonly consent?: EventId;
  readonly review?: 'satisfactory' | 'unsatisfactory';
}
export interface Admission {
  readonly by: EventId;
  readonly from: Instant;
  readonly until: Instant;
  readonly conditions: readonly string[];
}
export type PartnerState =
  | { readonly status: 'unknown' }
  | (Nominated & { readonly status: 'nominated' | 'applied' | 'returned' | 'refused' })
  | (Nominated & { readonly status: 'admitted'; readonly admission: Admission; readonly reinstated?: EventId })
  | (Nominated & { readonly status: 'suspended'; readonly admission: Admission; readonly suspension: Since })
  /** A suspension outlives the admission: renewing it lifts none. */
  | (Nominated & {
      readonly status: 'expired' | 'removed';
      readonly admission: Admission;
      readonly suspension?: Since;
      readonly ended: Since;
    });
export type AdmittedPartner = Extract<PartnerState, { admission: Admission }>;

export const suspensionOf = (state: AdmittedPartner): Since | undefined =>
  'suspension' in state ? state.suspension : undefined;

/** Whether a partner is admitted at an instant: admitted, within its period, neither suspended nor removed. */
export function partnerAt(state: PartnerState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('there is no such partner');
  if (!('admission' in state)) return noStanding(`the partner is not admitted: ${state.status}`);
  if (state.status === 'removed' && state.ended.from <= now) return noStanding('the partner is removed', state.ended);
  const suspension = suspensionOf(state);
  if (suspension !== undefined && suspension.from <= now) return noStanding('the partner is suspended', suspension);
  const { by, from, until } = state.admission;
  if (now < from) return noStanding('the admission has not begun');
  return now < until
    ? standing(by, state.status === 'admitted' ? state.reinstated : undefined)
    : noStanding('the admission has expired', state.status === 'expired' ? state.ended : undefined);
}

/** The partner that a party is; undefined if it was never nominated. */
export function partnerOfParty(
  view: {
    related(category: 'partner', ref: 'parties', id: string): readonly string[];
    state(category: 'partner', id: string): PartnerState | undefined;
  },
  party: string,
): { readonly id: string; readonly ally: string } | undefined {
  for (const id of view.related('partner', 'parties', party)) {
    const state = view.state('partner', id);
    if (state !== undefined && state.status !== 'unknown' && state.party === party) return { id, ally: state.ally };
  }
  return undefined;
}
