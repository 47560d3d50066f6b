import type { InForceRow } from './questions/in-force.ts';
import type { MatrixRow } from './questions/matrix.ts';
import type { RefusalRow } from './questions/refusals.ts';
import { Html, markup, named, table } from './report-html.ts';
import { matrixOf } from './report-matrix.ts';
import { Names } from './report-names.ts';
import type { ReportedLog, ReportStates } from './report-states.ts';
import { STYLE } from './report-style.ts';
import { kindWord, minute, modalityWord, outcomesWord, plural, ruleWords, second } from './report-words.ts';

/**
 * `report.html`: what the entries say, for someone who decides and has ten minutes. One file, no script, nothing loaded
 * from anywhere; made to be printed on A4.
 */
export function pageOf(
  log: ReportedLog,
  states: ReportStates,
  {
    rows,
    refused,
    standing,
  }: {
    readonly rows: readonly MatrixRow[];
    readonly refused: readonly RefusalRow[];
    readonly standing: readonly InForceRow[];
  },
): string {
  const names = new Names(states);
  const asOf = new Date(log.time).toISOString();
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Trusted-partner testing: report as of ${asOf.slice(0, 10)}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${header(log, asOf)}
        <main>
          ${figures(rows, refused)}
          <section>
            <h2>Who tested what</h2>
            <p>
              Each row is an ally’s trusted partner, each column a model and the way to it. Tested means that a session
              was opened, however it ended.
            </p>
            ${matrixOf(rows, names)}
          </section>
          ${sessions(rows, states, names)} ${terminated(rows, states, names)} ${neverTested(rows, names)}
          ${refusalsOf(refused, names)} ${audits(states, names)} ${inForceOf(standing, names)} ${howToVerify(log)}
        </main>
        <footer>
          Made from the entries alone: whoever holds them makes this page again, to the byte. Names are those of the
          registrations. All times are UTC. Nothing in here is legal advice.
        </footer>
      </body>
    </html> `;
  return page.text;
}

const header = ({ index, mode, origin, root }: ReportedLog, asOf: string): Html =>
  markup`<header>
    ${mode === 'demo' ? markup`<p class="demo">Demonstration: parties, models and events are fictional.</p>` : ''}
    <p class="kind">Signed export of an audit ledger</p>
    <h1>Trusted-partner testing of frontier models</h1>
    <p class="lead">
      Which allies tested which models, on what authority, and with what outcome, as the ledger’s entries say.
    </p>
    <dl>
      <dt>As of</dt>
      <dd>${minute(asOf)} UTC</dd>
      <dt>Log</dt>
      <dd>${origin}</dd>
      <dt>Entries</dt>
      <dd>${index + 1}, the whole log</dd>
      <dt>Root of the log</dt>
      <dd><code>${root}</code></dd>
    </dl>
  </header> `;

function figures(rows: readonly MatrixRow[], refused: readonly RefusalRow[]): Html {
  const all = rows.flatMap((row) => row.sessions);
  const count = (status: string) => all.filter((session) => session.status === status).length;
  const shown: readonly (readonly [number, string])[] = [
    [all.length, 'sessions opened'],
    [count('completed'), 'completed'],
    [count('terminated'), 'terminated'],
    [rows.filter((row) => row.tested).length, 'cells tested'],
    [rows.filter((row) => !row.tested).length, 'granted, never tested'],
    [refused.length, 'refusals of access'],
  ];
  return markup`<ul class="figures">
    ${shown.map(([value, what]) => markup`<li><b>${value}</b>${what}</li>`)}
  </ul> `;
}

const section = (heading: string, about: string, body: Html | string): Html =>
  markup`<section>
    <h2>${heading}</h2>
    <p>${about}</p>
    ${body}
  </section> `;

function sessions(rows: readonly MatrixRow[], states: ReportStates, names: Names): Html {
  const listed = rows
    .flatMap((row) =>
      row.sessions.map((session) => ({ row, session, state: states.state('session', session.session) })),
    )
    .map((each) => ({ ...each, began: each.state && 'began' in each.state ? each.state.began.from : 0 }))
    .sort((a, b) => a.began - b.began || (a.session.session < b.session.session ? -1 : 1));
  return section(
    'Sessions',
    'Each is judged by the testing criteria that were in force when it opened.',
    table(
      'Sessions in the order in which they opened',
      [
        { heading: 'Session', width: 15 },
        { heading: 'Ally', width: 23 },
        { heading: 'Model', width: 20 },
        { heading: 'Opened (UTC)', width: 14 },
        { heading: 'Ended', width: 12 },
        { heading: 'Criteria and outcomes', width: 16 },
      ],
      listed,
      ({ row, session, began }) => [
        markup`<code>${session.session}</code>`,
        `${row.ally}, ${names.partner(row.partner)}`,
        markup`${row.modelName}, ${modalityWord(row.modality)}<br><code>${names.version(session.modelVersion)}</code>`,
        minute(began),
        session.status,
        markup`${names.criteria(session.criteria)}<br>${outcomesWord(Object.values(session.outcomes))}`,
      ],
      { all: 'report/matrix.json', newest: true },
    ),
  );
}

/** Sessions that were ordered to end, and what was done after what they rested on had ended (question 5). */
function terminated(rows: readonly MatrixRow[], states: ReportStates, names: Names): Html | string {
  const ordered = rows.flatMap((row) =>
    row.sessions.flatMap(({ session, modelVersion }) => {
      const state = states.state('session', session);
      if (state === undefined || state.status === 'unknown' || state.terminationOrdered === undefined) return [];
      return [{ row, session, modelVersion, activity: state.activity, order: state.terminationOrdered }];
    }),
  );
  if (ordered.length === 0) return '';
  return section(
    'Ordered to terminate',
    'What a session rested on ended while it was open. Calls after that took effect are counted from the developer’s own log.',
    table(
      'Sessions that were ordered to terminate',
      [
        { heading: 'Session', width: 17 },
        { heading: 'Ally and model', width: 31 },
        { heading: 'Effective (UTC)', width: 18 },
        { heading: 'Ordered (UTC)', width: 18 },
        { heading: 'Calls after effect', width: 16 },
      ],
      ordered,
      ({ row, session, modelVersion, activity, order }) => {
        const after = activity.flatMap(({ times }) => times).filter((time) => time >= order.effect);
        const last = after.reduce((a, b) => Math.max(a, b), 0);
        return [
          markup`<code>${session}</code>`,
          `${row.ally}, ${names.version(modelVersion)}, ${modalityWord(row.modality)}`,
          second(order.effect),
          second(order.from),
          after.length === 0
            ? 'none known'
            : markup`<span class="bad">${plural(after.length, 'call')}</span>, the last ${(last - order.effect) / 1000} s
                after`,
        ];
      },
      { all: 'entries.jsonl.gz', newest: true },
    ),
  );
}

function neverTested(rows: readonly MatrixRow[], names: Names): Html {
  const never = rows.filter((row) => !row.tested);
  return section(
    'Granted and never tested',
    never.length === 0 ? 'Every grant was used.' : 'Access was granted, and no session was opened with it.',
    never.length === 0
      ? ''
      : table(
          'Grants without a session, by model and modality',
          [
            { heading: 'Ally', width: 10 },
            { heading: 'Partner', width: 40 },
            { heading: 'Model', width: 30 },
            { heading: 'Modality' },
          ],
          never,
          (row) => [
            row.ally,
            named(names.partner(row.partner), row.partner),
            row.modelName,
            modalityWord(row.modality),
          ],
          { all: 'report/matrix.csv' },
        ),
  );
}

function refusalsOf(refused: readonly RefusalRow[], names: Names): Html {
  return section(
    'Refusals of access',
    refused.length === 0
      ? 'Nobody was refused.'
      : 'Requests for access that were refused, each with every rule that failed.',
    refused.length === 0
      ? ''
      : table(
          'Refusals of access in the order in which they were recorded',
          [
            { heading: 'When (UTC)', width: 15 },
            { heading: 'Ally', width: 24 },
            { heading: 'Tester', width: 9 },
            { heading: 'Model', width: 17 },
            { heading: 'Because' },
          ],
          refused,
          (row) => [
            markup`${minute(row.at)}<br><code>entry ${row.index}</code>`,
            `${row.ally}, ${names.partner(row.partner)}`,
            row.testers.join(', '),
            `${names.version(row.modelVersion)}, ${modalityWord(row.modality)}`,
            markup`<ul class="plain">
              ${row.rules.map((rule) => markup`<li>${ruleWords(rule)} <code>${rule}</code></li>`)}
            </ul>`,
          ],
          { all: 'report/refusals.json', newest: true },
        ),
  );
}

/** A period ends before its `until`. */
const lastDay = (until: string): string => new Date(Date.parse(until) - 1).toISOString().slice(0, 10);

function audits(states: ReportStates, names: Names): Html | string {
  const shown = states.all('audit').flatMap((id) => {
    const audit = states.state('audit', id);
    return audit === undefined || audit.status === 'unknown' ? [] : [{ id, audit }];
  });
  if (shown.length === 0) return '';
  return section(
    'Audits',
    'What independent auditors looked at and concluded.',
    table(
      'Audits',
      [
        { heading: 'Audit', width: 13 },
        { heading: 'Auditor', width: 15 },
        { heading: 'Period', width: 14 },
        { heading: 'Conclusion', width: 14 },
        { heading: 'Findings' },
      ],
      shown,
      ({ id, audit }) => [
        markup`<code>${id}</code>`,
        names.party(audit.auditor),
        markup`${audit.period.from.slice(0, 10)} to ${lastDay(audit.period.until)}`,
        'conclusion' in audit ? markup`<b>${audit.conclusion}</b>, ${audit.assurance} assurance` : audit.status,
        markup`<ul class="plain">
          ${Object.entries(audit.findings).map(
            ([finding, { condition, graded, closed }]) =>
              markup`<li>
                <b>${finding}</b>, ${graded?.grade ?? 'not graded'}, ${closed ? 'closed' : 'open'}: ${condition}
              </li>`,
          )}
        </ul>`,
      ],
      { all: 'entries.jsonl.gz', newest: true },
    ),
  );
}

function inForceOf(rows: readonly InForceRow[], names: Names): Html {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return markup`<section>
    <h2>What is in force</h2>
    <p>Everything that sessions rest on, and whether it holds as of this report.</p>
    ${kinds.map(
      (kind) =>
        markup`<h3>${kindWord(kind)}</h3>
          ${table(
            kindWord(kind),
            [
              { heading: 'Name', width: 52 },
              { heading: 'Ally', width: 8 },
              { heading: 'Status', width: 15 },
              { heading: 'Because' },
            ],
            rows.filter((row) => row.kind === kind),
            (row) => [
              named(names.of(row), row.id),
              row.ally,
              row.status === 'in force'
                ? markup`<span class="good">✓ in force</span>`
                : markup`<span class="bad">✗ ${row.status}</span>`,
              row.because ?? '',
            ],
            { all: 'report/in-force.json' },
          )}`,
    )}
  </section> `;
}

const howToVerify = ({ origin }: ReportedLog): Html =>
  markup`<section class="keep">
    <h2>How to verify this report</h2>
    <p>
      This page came in an archive that holds every entry of the log ${origin}, signed. Whoever has the archive and the
      log’s public keys can check, without a network and without asking anyone, that no entry is missing or altered and
      that this page says what the entries say:
    </p>
    <pre>countersign verify FILE --policy POLICY</pre>
    <p>
      POLICY names the keys that you trust; get it from someone whom you trust, not from whoever sent the archive.
      README.txt in the archive says how to check it with ordinary tools.
    </p>
  </section> `;
