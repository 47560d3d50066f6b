import type { Recorded } from '@countersign/domain';
import { History } from './moment.ts';
import { inForce } from './questions/in-force.ts';
import { matrix, type MatrixRow } from './questions/matrix.ts';
import { refusals } from './questions/refusals.ts';
import { usage } from './questions/usage.ts';
import { StatesAt } from './states-at.ts';

/** A derived document of an export. */
export interface Report {
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * The reports of a whole log: a function of its entries alone, so that whoever holds them can make the same bytes again.
 * As of the last entry, at its log time.
 */
export function reportsOf(entries: readonly Recorded[], mode: string): Report[] {
  const history = new History();
  for (const entry of entries) history.add(entry);
  const moment = { index: history.head, time: history.logTime(history.head) };
  const states = new StatesAt(history, moment);
  const rows = matrix(states);
  const asOf = new Date(moment.time).toISOString();
  const answer = (value: readonly object[]) =>
    text(`${JSON.stringify({ index: moment.index, asOf, rows: value }, null, 1)}\n`);
  return [
    { name: 'report/matrix.json', data: answer(rows) },
    { name: 'report/matrix.csv', data: text(csvOf(rows)) },
    { name: 'report/in-force.json', data: answer(inForce(states)) },
    { name: 'report/refusals.json', data: answer(refusals(history, moment)) },
    { name: 'report/usage.json', data: answer(usage(states)) },
    { name: 'report.html', data: text(htmlOf(history, states, rows, asOf, mode)) },
  ];
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** RFC 4180; every field quoted, so that no program reads one as a formula's start or a number. */
function csvOf(rows: readonly MatrixRow[]): string {
  const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
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
  const head = [
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
  ];
  return [head, ...lines].map((fields) => `${fields.map(quote).join(',')}\r\n`).join('');
}

/** `TP-01 met, TP-13 not-met` */
const outcomesOf = (outcomes: Readonly<Record<string, string>>): string =>
  Object.entries(outcomes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([criterion, outcome]) => `${criterion} ${outcome}`)
    .join(', ');

const escape = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<table><thead><tr>${head.map((each) => `<th scope="col">${escape(each)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((each) => `<td>${escape(each)}</td>`).join('')}</tr>`)
    .join('')}</tbody></table>`;
const when = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 16)}`;

function htmlOf(history: History, states: StatesAt, rows: readonly MatrixRow[], asOf: string, mode: string): string {
  const sessions = rows.flatMap((row) => row.sessions);
  const count = (status: string) => sessions.filter((session) => session.status === status).length;
  const tested = rows.filter((row) => row.tested);
  const never = rows.filter((row) => !row.tested);
  const refused = refusals(history, { index: history.head, time: states.now });
  const name = (party: string) => {
    const state = states.state('party', party);
    return state && state.status !== 'unknown' ? state.name : party;
  };
  const of = (row: MatrixRow) => [row.ally, name(row.parties[0] ?? ''), row.modelName, row.modality];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Trusted-partner testing: report of ${asOf.slice(0, 10)}</title>
<style>
body{font:11pt/1.45 Georgia,serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #999}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;padding:.3rem .5rem;border-bottom:1px solid #ccc;vertical-align:top}
thead{display:table-header-group}tr{break-inside:avoid}.demo{border:2px solid #a00;padding:.5rem 1rem;color:#a00;font-weight:bold}
.figures{display:flex;gap:2rem;flex-wrap:wrap}.figures div{font-size:.9rem}.figures b{display:block;font-size:1.8rem}
@media print{body{margin:0;max-width:none}@page{margin:2cm}}
</style></head><body>
<h1>Trusted-partner testing of frontier models</h1>
<p>As of ${when(asOf)} UTC, from the ${history.entries.length} entries of the log. Every figure follows from the entries in this export and can be computed again from them. Not legal advice.</p>
${mode === 'demo' ? '<p class="demo">Demonstration: parties, models and events are fictional.</p>' : ''}
<div class="figures"><div><b>${sessions.length}</b>sessions opened</div><div><b>${count('completed')}</b>completed</div><div><b>${count('terminated')}</b>terminated</div><div><b>${tested.length}</b>cells tested</div><div><b>${never.length}</b>granted, never tested</div><div><b>${refused.length}</b>refusals of access</div></div>
<h2>Which allies tested which models</h2>
${table(
  ['Ally', 'Partner', 'Model', 'Modality', 'Sessions'],
  tested.map((row) => [
    ...of(row),
    row.sessions
      .map(({ session, versionName, status, criteria, outcomes }) =>
        [`${session} (${versionName}): ${status}, under ${criteria}`, outcomesOf(outcomes)].filter(Boolean).join(': '),
      )
      .join('; '),
  ]),
)}
<h2>Granted and never tested</h2>
${table(['Ally', 'Partner', 'Model', 'Modality'], never.map(of))}
<h2>Refusals of access</h2>
${table(
  ['When (UTC)', 'Ally', 'Testers', 'Modality', 'Rules that failed'],
  refused.map((row) => [when(row.at), row.ally, row.testers.join(', '), row.modality, row.rules.join(', ')]),
)}
<h2>In force</h2>
${table(
  ['Kind', 'Name', 'Status', 'Because'],
  inForce(states).map((row) => [row.kind, row.name, row.status, row.because ?? '']),
)}
</body></html>
`;
}
