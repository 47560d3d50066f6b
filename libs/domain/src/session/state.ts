import type { EventId, Instant, Since } from '../kernel/index.ts';
import type { AuthorisedSession } from '../grant/events.ts';

export interface CriterionOutcome {
  readonly outcome: 'met' | 'not-met' | 'inconclusive' | 'not-applicable';
  readonly value?: string;
  readonly evidence?: string;
  readonly by: EventId;
}
interface Known {
  readonly grant: string;
  readonly partner: string;
  readonly party: string;
  readonly modelVersion: string;
  readonly modality: 'weights' | 'api';
  readonly testers: readonly string[];
  readonly began: Since;
  /** Absent if it was reported and never opened. */
  readonly authorised?: AuthorisedSession;
  /** The testing criteria that it is judged by (R11); none were in force if absent. */
  readonly criteria?: AuthorisedSession['criteria'];
  /** Of one that was reported: what did not fit the authority at the time. */
  readonly misfits?: readonly { readonly rule: string; readonly detail: string }[];
  readonly outcomes: Readonly<Record<string, CriterionOutcome>>;
  readonly findings: Readonly<Record<string, { readonly severity: string; readonly by: EventId }>>;
  readonly terminationOrdered?: Since & { readonly cause: string; readonly effect: Instant };
  readonly activity: readonly {
    readonly evidence: string;
    /** When each call was. */
    readonly times: readonly Instant[];
    readonly tokens: number;
    readonly by: EventId;
  }[];
}
export type SessionState =
  | { readonly status: 'unknown' }
  | (Known & { readonly status: 'open' | 'reported' })
  | (Known & {
      readonly status: 'completed' | 'cancelled' | 'failed' | 'terminated' | 'voided';
      readonly ended: Since;
    });
export type KnownSession = Exclude<SessionState, { status: 'unknown' }>;
