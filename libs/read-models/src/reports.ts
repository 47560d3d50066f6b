import type { Recorded } from '@countersign/domain';
import { inForce } from './questions/in-force.ts';
import { matrix, type MatrixRow } from './questions/matrix.ts';
import { refusals } from './questions/refusals.ts';
import { usage } from './questions/usage.ts';
import { pageOf } from './report-page.ts';
import { ReportEntries, ReportStates, type ReportedLog } from './report-states.ts';

export type { ReportedLog };

/** A derived document of an export. */
export interface Report {
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * The reports of a whole log: a function of its entries alone, folded as they come, so that whoever reads them can make
 * the same bytes again and nobody has to hold them.
 */
export class Reports {
  readonly #log: ReportedLog;
  readonly #states: ReportStates;
  readonly #entries: ReportEntries;

  constructor(log: ReportedLog) {
    this.#log = log;
    this.#states = new ReportStates(log);
    this.#entries = new ReportEntries(log);
  }

  /** Whether any report is told of a stream: who reads many entries need not prepare the others. */
  wants(stream: string): boolean {
    return this.#states.wants(stream) || this.#entries.wants(stream);
  }

  /** The next entry, in log order. */
  add(entry: Recorded): void {
    this.#states.add(entry);
    this.#entries.add(entry);
  }

  /** After the last entry. */
  finish(): Report[] {
    const states = this.#states;
    const { index, time } = this.#log;
    const rows = matrix(states);
    const refused = refusals(this.#entries, { index, time });
    const standing = inForce(states);
    // One row a line: as easy to read and to compare as to parse.
    const answer = (all: readonly object[]) => {
      const head = `"index":${index},"asOf":"${new Date(time).toISOString()}"`;
      return text(`{${head},"rows":[\n${all.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`);
    };
    return [
      { name: 'report.html', data: text(pageOf(this.#log, states, { rows, refused, standing })) },
      { name: 'report/in-force.json', data: answer(standing) },
      { name: 'report/matrix.csv', data: text(csvOf(rows)) },
      { name: 'report/matrix.json', data: answer(rows) },
      { name: 'report/refusals.json', data: answer(refused) },
      { name: 'report/usage.json', data: answer(usage(states)) },
    ];
  }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const CSV_HEAD = [
  'ally',
  'partner',
  'model family',
  'model',
  'modality',
  'tested',
  'session',
  'model version',
  'criteria',
  'status',
  'outcomes',
] as const;

/** RFC 4180; every field quoted, and none that a spreadsheet would take for a formula. */
function csvOf(rows: readonly MatrixRow[]): string {
  const quote = (value: string) => `"${(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
  const lines = rows.flatMap((row) => {
    const about = [row.ally, row.partner, row.modelFamily, row.modelName, row.modality, String(row.tested)];
    return row.sessions.length === 0
      ? [[...about, '', '', '', '', '']]
      : row.sessions.map(({ session, modelVersion, criteria, status, outcomes }) => [
          ...about,
          session,
          modelVersion,
          criteria,
          status,
          outcomesOf(outcomes),
        ]);
  });
  return [CSV_HEAD, ...lines].map((fields) => `${fields.map(quote).join(',')}\r\n`).join('');
}

/** `TP-01 met, TP-13 not-met` */
const outcomesOf = (outcomes: Readonly<Record<string, string>>): string =>
  Object.entries(outcomes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([criterion, outcome]) => `${criterion} ${outcome}`)
    .join(', ');
