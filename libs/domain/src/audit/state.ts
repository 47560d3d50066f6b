import type { EventId, Since } from '../kernel/index.ts';
import type { AuditEvent, AuditScope } from './events.ts';

type DataOf<T extends AuditEvent['type']> = Extract<AuditEvent, { type: T }>['data'];

export interface CorrectiveAction {
  /** Who fixes it: they do not verify it (R17). */
  readonly party: string;
  readonly due: string;
  readonly by: EventId;
  readonly verified?: EventId;
}
export interface AuditFinding extends Omit<DataOf<'AuditFindingRaised'>, 'finding'> {
  readonly raised: Since;
  readonly graded?: Omit<DataOf<'AuditFindingGraded'>, 'finding'>;
  readonly responses: readonly { readonly party: string; readonly agrees: boolean; readonly by: EventId }[];
  readonly actions: Readonly<Record<string, CorrectiveAction>>;
  readonly closed?: Since;
}
interface Known {
  readonly auditor: string;
  readonly engagedBy: string;
  readonly scope: AuditScope;
  /** Every party whose doings are in scope. */
  readonly parties: readonly string[];
  readonly period: { readonly from: string; readonly until: string };
  readonly criteria: { readonly set: string; readonly version: string };
  readonly assurance: 'limited' | 'reasonable';
  readonly independence?: Since;
  readonly pinned: readonly { readonly position: number; readonly subject: string; readonly by: EventId }[];
  readonly findings: Readonly<Record<string, AuditFinding>>;
  readonly reports: readonly EventId[];
}
/** Concluded: its report stands, for good. It is in follow-up while a finding is open, and closed when none is. */
export type AuditState =
  | { readonly status: 'unknown' }
  | (Known & { readonly status: 'engaged' | 'fieldwork' })
  | (Known & {
      readonly status: 'reported' | 'follow-up' | 'closed';
      readonly conclusion: DataOf<'AuditConclusionIssued'>['conclusion'];
      readonly concluded: Since;
    })
  | (Known & { readonly status: 'recused'; readonly ended: Since });
export type KnownAudit = Exclude<AuditState, { status: 'unknown' }>;

/** What a finding still lacks before it can be graded (R17). */
export const lackingOf = ({ criterion, cause, effect }: AuditFinding): readonly string[] => [
  ...(criterion === undefined ? ['criterion'] : []),
  ...(cause === undefined ? ['cause'] : []),
  ...(effect === undefined ? ['effect'] : []),
];
