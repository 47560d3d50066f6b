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
  | (Nominated & { readonly status: 'admitted'; readonly admission: Admission })
  | (Nominated & { readonly status: 'suspended'; readonly admission: Admission; readonly suspension: Since })
  | (Nominated & { readonly status: 'expired'; readonly admission: Admission; readonly ended: Since })
  | (Nominated & { readonly status: 'removed'; readonly ended: Since });

/** Whether a partner is admitted at an instant: admitted, within its period, neither suspended nor removed. */
export function partnerAt(state: PartnerState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('there is no such partner');
  switch (state.status) {
    case 'admitted':
      return within(state.admission, now);
    case 'expired':
      return within(state.admission, now, state.ended);
    case 'suspended':
      return state.suspension.from <= now
        ? noStanding('the partner is suspended', state.suspension)
        : within(state.admission, now);
    case 'removed':
      return noStanding('the partner is removed', state.ended);
    default:
      return noStanding(`the partner is not admitted: ${state.status}`);
  }
}

function within({ by, from, until }: Admission, now: Instant, ended?: Since): Standing {
  if (now < from) return noStanding('the admission has not begun');
  return now < until ? standing(by) : noStanding('the admission has expired', ended);
}
