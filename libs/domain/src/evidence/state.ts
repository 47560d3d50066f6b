import type { EventId, Since } from '../kernel/index.ts';
import type { EvidenceEvent, LogSummary, Run, Sample } from './events.ts';

type DataOf<T extends EvidenceEvent['type']> = Extract<EvidenceEvent, { type: T }>['data'];

export interface Link {
  readonly since: Since;
  readonly sample?: Sample;
}
export type NotedDiscrepancy = DataOf<'DiscrepancyNoted'> & { readonly by: EventId };
interface Known {
  /** Whose it is. */
  readonly party: string;
  readonly kind: DataOf<'EvidenceReceived'>['kind'];
  readonly file: string;
  readonly received: Since;
  readonly run?: Run;
  readonly log?: LogSummary;
  readonly activity?: DataOf<'EvidenceReceived'>['activity'];
  readonly damage?: DataOf<'EvidenceReceived'>['damage'];
  /** Session → since when it is evidence of it. */
  readonly links: Readonly<Record<string, Link>>;
  readonly discrepancies: Readonly<Record<string, NotedDiscrepancy>>;
}
export type EvidenceState =
  | { readonly status: 'unknown' }
  /** Accepted: it is evidence of a session. */
  | (Known & { readonly status: 'received' | 'accepted' })
  | (Known & { readonly status: 'quarantined'; readonly ended: Since })
  | (Known & { readonly status: 'superseded'; readonly ended: Since; readonly successor: string });
export type KnownEvidence = Exclude<EvidenceState, { status: 'unknown' }>;

/** What identifies a run; undefined where the log does not say it. */
export function runKeyOf(run: Run | undefined): string | undefined {
  if (run?.evalId !== undefined) return `eval ${run.evalId}`;
  return run?.runId !== undefined && run.taskId !== undefined ? `run ${run.runId} ${run.taskId}` : undefined;
}
