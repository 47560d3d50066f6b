import { text, type Answer, type Row } from './print.ts';

/** How answers that have more than rows are laid out for people: one line a fact. */

interface MatrixSession {
  readonly session: string;
  readonly versionName: string;
  readonly criteria: string;
  readonly status: string;
  readonly outcomes: Readonly<Record<string, string>>;
}
/** A line for each session, and one for what was granted and never tested. */
export const matrixRows = ({ rows }: Answer): Row[] =>
  rows.flatMap((row) => {
    const { ally, partner, modelName: model, modality, tested, sessions } = row as Row & { sessions: MatrixSession[] };
    const about = { ally, partner, model, modality, tested: tested === true ? 'yes' : 'never' };
    return sessions.length === 0
      ? [about]
      : sessions.map(({ session, versionName, criteria, status, outcomes }) => ({
          ...about,
          session,
          version: versionName,
          criteria,
          status,
          outcomes: outcomesOf(outcomes),
        }));
  });

/** A line an outcome: `met: TP-01 TP-02`. */
function outcomesOf(outcomes: Readonly<Record<string, string>>): string {
  const by = new Map<string, string[]>();
  for (const [criterion, outcome] of Object.entries(outcomes).sort(([a], [b]) => (a < b ? -1 : 1)))
    by.set(outcome, [...(by.get(outcome) ?? []), criterion]);
  return [...by].map(([outcome, criteria]) => `${outcome}: ${criteria.join(' ')}`).join('\n');
}

interface Standing {
  readonly status: string;
  readonly because?: string;
}
const said = ({ status, because }: Standing): string => (because === undefined ? status : `${status}: ${because}`);

/** The chain, then each tester's release assessment; of a session that was only reported, what did not fit. */
export function authorityRows(answer: Row): Row[] {
  const {
    chain,
    assessments,
    misfits = [],
  } = answer as unknown as {
    readonly chain: readonly (Row & { readonly then: Standing; readonly asked: Standing })[];
    readonly assessments: readonly { tester: string; countries: string[]; policy: string; outcome: string }[];
    readonly misfits?: readonly { rule: string; detail: string }[];
  };
  return [
    ...chain.map(({ then, asked, ...link }) => ({ ...link, then: said(then), asked: said(asked) })),
    ...assessments.map(({ tester, countries, policy, outcome }) => ({
      what: `assessment ${tester}`,
      name: countries.join(' '),
      type: policy,
      then: outcome,
    })),
    ...misfits.map(({ rule, detail }) => ({ what: 'did not fit', name: rule, then: detail })),
  ];
}

interface SessionAnswer {
  readonly outcomes: Readonly<Record<string, { outcome: string; value?: string; evidence?: string }>>;
  readonly findings: Readonly<Record<string, { severity: string }>>;
  readonly evidence: readonly {
    readonly evidence: string;
    readonly kind: string;
    readonly status: string;
    readonly sample?: object;
    readonly discrepancies: readonly { readonly kind: string; readonly detail: string }[];
  }[];
  readonly activityAfterEffect?: { effect: string; calls: string[]; secondsToLastCall?: number };
  readonly terminationOrdered?: { at: string; cause: string };
  readonly criteria?: { set: string; version: string };
  readonly misfits?: readonly { rule: string; detail: string }[];
}
const PLAIN = ['session', 'status', 'ally', 'partner', 'grant', 'modelVersion', 'modality', 'openedAt', 'endedAt'];

export function sessionRows(answer: Row): Row[] {
  const {
    outcomes,
    findings,
    evidence,
    activityAfterEffect,
    terminationOrdered,
    criteria,
    misfits = [],
  } = answer as unknown as SessionAnswer;
  const line = (what: string, value: string): Row => ({ what, value });
  return [
    ...PLAIN.flatMap((what) => (answer[what] === undefined ? [] : [line(what, text(answer[what]))])),
    line('testers', (answer['testers'] as string[]).join(' ')),
    ...(criteria ? [line('criteria', `${criteria.set} ${criteria.version}`)] : []),
    ...misfits.map(({ rule, detail }) => line('did not fit', `${rule}: ${detail}`)),
    ...(terminationOrdered
      ? [line('termination ordered', `${terminationOrdered.at} by ${terminationOrdered.cause}`)]
      : []),
    ...Object.entries(outcomes).map(([criterion, { outcome, value }]) =>
      line(`outcome ${criterion}`, value === undefined ? outcome : `${outcome} (${value})`),
    ),
    ...Object.entries(findings).map(([finding, { severity }]) => line(`finding ${finding}`, severity)),
    line('calls', text(answer['calls'])),
    ...(activityAfterEffect
      ? [
          line(
            'activity after effect',
            `${activityAfterEffect.calls.length} calls after ${activityAfterEffect.effect}${activityAfterEffect.secondsToLastCall === undefined ? '' : `, the last ${activityAfterEffect.secondsToLastCall} s after`}`,
          ),
        ]
      : []),
    ...evidence.flatMap(({ evidence: id, kind, status, sample, discrepancies }) => [
      line(kind, `${status}${sample === undefined ? '' : ', a sample'}: ${id}`),
      ...discrepancies.map((each) => line('discrepancy', `${each.kind}: ${each.detail}`)),
    ]),
  ];
}
