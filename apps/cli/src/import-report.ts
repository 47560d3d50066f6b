import { isBroken, type Broken, type Reading } from '@countersign/evidence';
import { plain, tableOf } from './print.ts';

/** What the ledger made of a file. */
export interface Accepted {
  readonly evidence: string;
  readonly status: string;
  readonly recognised: boolean;
  readonly sessions: readonly string[];
  readonly discrepancies: readonly { readonly kind: string; readonly detail: string; readonly session?: string }[];
  readonly receipts: readonly { readonly index: number }[];
}
export interface Result {
  readonly file: string;
  readonly reading?: Reading | Broken;
  readonly ledger?: Accepted;
  readonly problem?: string;
}

/** NaN and the infinities, which JSON has not, as text. */
export const asJson = (results: readonly Result[]): string =>
  `${JSON.stringify(
    results,
    (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value),
    1,
  )}\n`;

export function asText(results: readonly Result[], { dryRun }: { readonly dryRun?: boolean }): string {
  const rows: string[][] = [];
  const notes: string[] = [];
  for (const { file, reading, ledger, problem } of results) {
    const log = reading && !isBroken(reading) ? reading.log : undefined;
    const evidence = ledger ? `${ledger.status}${ledger.recognised ? ' (known)' : ''}` : '';
    const sessions = ledger?.sessions.join(' ') ?? '';
    if (log?.format === 'gateway-log') rows.push([file, `${log.calls.length} calls`, '', '', '', evidence, sessions]);
    else if (log)
      rows.push([
        file,
        `${log.task ?? '?'}: ${log.status}`,
        log.model ?? '',
        `${log.samplesInFile}${log.resultsTotal === null || log.resultsTotal === log.samplesInFile ? '' : ` of ${log.resultsTotal}`}`,
        String(log.totalTokens),
        evidence,
        sessions,
      ]);
    else if (ledger) rows.push([file, 'cannot be read', '', '', '', evidence, sessions]);
    for (const { kind, detail, session } of ledger?.discrepancies ?? [])
      notes.push(`discrepancy ${file}: ${kind}${session === undefined ? '' : ` in ${session}`}: ${detail}`);
    if (reading && isBroken(reading) && problem === undefined)
      notes.push(
        `${dryRun ? 'to quarantine' : 'quarantined'} ${file}: ${reading.fault} at ${reading.where}: ${reading.detail}`,
      );
    if (problem !== undefined) notes.push(`refused ${file}: ${problem}`);
  }
  const head = ['file', 'says', 'model', 'samples', 'tokens', 'evidence', 'sessions'];
  return `${[...(rows.length > 0 ? [tableOf(head, rows)] : []), ...notes.map(plain)].join('\n')}\n`;
}
