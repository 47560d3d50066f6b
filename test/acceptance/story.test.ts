import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { versionAt, type DomainView, type PartyId, type Role } from '@countersign/domain';
import { StoryClock, type Entry } from '@countersign/ledger';
import {
  AUDIT,
  authorisation,
  grant,
  HALYARD_5_0,
  liability,
  partner,
  partnerParty,
  STORY_BEGINS,
} from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger, type OpenLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';

const folder = mkdtempSync(join(tmpdir(), 'story-'));
let opened: OpenLedger;
let app: NestFastifyApplication;

async function start(clock: StoryClock) {
  opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
  app = await applicationOver(opened, false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
}
beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  await start(clock);
  await tellStory(app, opened.ledger, opened.tokens, clock);
});
afterAll(async () => {
  await app.close();
  await opened.close();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, party = 'party-us-reg', role: Role = 'regulator') {
  const token = await opened.tokens.issue({ party: party as PartyId, role, subject: party }, 60);
  return supertest(app.getHttpServer()).get(`/v1/${path}`).set('authorization', `Bearer ${token}`);
}
interface SessionAnswer {
  outcomes: Record<string, { outcome: string; value?: string }>;
  evidence: { kind: string; status: string; discrepancies: { kind: string; calls?: number }[] }[];
  activityAfterEffect?: { calls: string[]; secondsToLastCall: number };
}
interface MatrixRow {
  ally: string;
  modelName: string;
  modality: string;
  tested: boolean;
  sessions: { session: string; status: string; criteria: string }[];
}
const rows = async <R>(path: string): Promise<R[]> => ((await ask(path)).body as { rows: R[] }).rows;
const cell = ({ ally, modelName, modality }: MatrixRow) => `${ally} ${modelName} ${modality}`;

describe('the story', () => {
  test('opened ten sessions: seven completed, one cancelled, one failed, one terminated', async () => {
    const sessions = (await rows<MatrixRow>('matrix')).flatMap((row) => row.sessions);
    const count = (status: string) => sessions.filter((session) => session.status === status).length;
    expect(sessions.length).toBe(10);
    expect([count('completed'), count('cancelled'), count('failed'), count('terminated')]).toEqual([7, 1, 1, 1]);
  });

  test('judged seven sessions by version 1.0 of the criteria and three by 1.1', async () => {
    const criteria = (await rows<MatrixRow>('matrix')).flatMap((row) =>
      row.sessions.map((session) => session.criteria),
    );
    expect(criteria.filter((each) => each.endsWith(' 1.0')).length).toBe(7);
    expect(criteria.filter((each) => each.endsWith(' 1.1')).length).toBe(3);
  });

  test('has seven tested cells, and three that were granted and never tested', async () => {
    const matrix = await rows<MatrixRow>('matrix');
    expect(matrix.filter(({ tested }) => tested).map(cell)).toEqual([
      'AU Sextant 5 api',
      'DE Halyard 5 api',
      'FR Sextant 5 api',
      'GB Halyard 5 api',
      'GB Halyard 5 weights',
      'JP Halyard 5 weights',
      'KR Halyard 5 api',
    ]);
    expect(matrix.filter(({ tested }) => !tested).map(cell)).toEqual([
      'FR Halyard 5 api',
      'GB Sextant 5 api',
      'JP Halyard 5 api',
    ]);
  });

  test('refused access three times, and says on which rules', async () => {
    const refusals = await rows<{ at: string; testers: string[]; rules: string[] }>('refusals');
    expect(refusals.map(({ at, testers }) => [at.slice(0, 10), ...testers])).toEqual([
      ['2026-08-18', 'p-11'],
      ['2026-08-21', 'p-09'],
      ['2026-09-03', 'p-08'],
    ]);
    expect(refusals[0]?.rules).toEqual(['release-not-permitted']);
    expect(refusals[1]?.rules).toEqual(['grant-not-active', 'authorisation-not-in-force']);
  });

  test("had KR's authorisation and grant suspended on 22 August, and reinstated by cause on the 26th", async () => {
    const status = async (day: string) => {
      const all = await rows<{ id: string; status: string }>(`in-force?asOf=${day}`);
      return [authorisation('KR'), grant('KR')].map((id) => all.find((row) => row.id === id)?.status);
    };
    expect(await status('2026-08-19')).toEqual(['in force', 'in force']);
    expect(await status('2026-08-22')).toEqual(['not in force', 'not in force']);
    expect(await status('2026-08-27')).toEqual(['in force', 'in force']);
  });

  test("knows AU's authorisation at 03:14:01 as in force then, and as revoked now", async () => {
    const status = async (known: string) => {
      const all = await rows<{ id: string; status: string; because?: string }>(
        `in-force?asOf=2026-09-02T03:14:01Z&known=${known}`,
      );
      return all.find(({ id }) => id === authorisation('AU'));
    };
    expect(await status('then')).toMatchObject({ status: 'in force' });
    expect(await status('now')).toMatchObject({ status: 'not in force', because: 'the authorisation is revoked' });
  });

  test('ordered the termination of the AU session, naming the revocation', async () => {
    const events = await rows<{ type: string; actor: string; data: { cause?: string } }>('streams/session-s9');
    expect(events.map(({ type }) => type)).toEqual([
      'SessionOpened',
      'SessionTerminationOrdered',
      'SessionTerminated',
      'ActivityReported',
      // One of its log, twelve of its tester.
      ...Array<string>(13).fill('CriterionOutcomeRecorded'),
    ]);
    const revoked = (await rows<{ type: string; index: number }>(`streams/${authorisation('AU')}`)).find(
      ({ type }) => type === 'AuthorisationRevoked',
    );
    const cause = opened.ledger.store.indexOf(events[1]?.data.cause ?? '');
    expect(cause).toBe(revoked?.index);
    expect(events[1]?.actor).toBe('system');
  });

  test('recorded the late report of July, and by itself', async () => {
    const events = await rows<{ type: string; recordedAt: string; data: { period?: string } }>(
      `streams/${authorisation('KR')}`,
    );
    const overdue = events.filter(({ type }) => type === 'ConditionOverdue');
    expect(overdue.map(({ data, recordedAt }) => [data.period, recordedAt.slice(0, 10)])).toEqual([
      ['2026-07', '2026-08-16'],
    ]);
  });

  test('lets a US permanent resident in, and by another policy bars who once held another citizenship', async () => {
    const may = async (who: string, where: string, more = '') =>
      (await ask(`may?grant=${grant(where)}&modelVersion=${HALYARD_5_0}&modality=api&tester=${who}${more}`)).body as {
        may: boolean;
        reasons?: { rule: string }[];
      };
    const us = '&place=US&facility=facility-northlight-us';
    expect(await may('p-03', 'KR', us)).toMatchObject({ may: true, assessments: [{ outcome: 'no-release' }] });
    expect(await may('p-07', 'GB', '&place=GB')).toMatchObject({ may: true, assessments: [{ countries: ['GB'] }] });
    expect((await may('p-07', 'GB', '&place=GB&policy=itar-all-held')).reasons?.map(({ rule }) => rule)).toEqual([
      'release-not-permitted',
    ]);
    expect((await may('p-11', 'FR', us)).reasons?.map(({ rule }) => rule)).toEqual(['release-not-permitted']);
  });

  test('shows three calls after effect in S9, the last 41 s after, and notes them as a discrepancy', async () => {
    const answer = (await ask('sessions/session-s9')).body as SessionAnswer;
    expect(answer.activityAfterEffect?.calls).toEqual([
      '2026-09-02T03:14:12.000Z',
      '2026-09-02T03:14:29.000Z',
      '2026-09-02T03:14:41.000Z',
    ]);
    expect(answer.activityAfterEffect?.secondsToLastCall).toBe(41);
    expect(
      answer.evidence.flatMap(({ kind, discrepancies }) => discrepancies.map((each) => [kind, each.kind, each.calls])),
    ).toEqual([['gateway-log', 'activity-after-effect', 3]]);
    expect(answer.outcomes['TP-13']).toMatchObject({ outcome: 'not-met', value: '41' });
  });

  test('has a log as evidence of each session, accepted, without a discrepancy', async () => {
    const ids = ['s1', 's2', 's3', 's4', 's5', 's6', 's8', 's9', 's10', 's11'];
    for (const id of ids) {
      const { evidence } = (await ask(`sessions/session-${id}`)).body as SessionAnswer;
      const logs = evidence.filter(({ kind }) => kind === 'evaluation-log');
      expect(logs.map(({ status, discrepancies }) => [id, status, ...discrepancies])).toEqual([[id, 'accepted']]);
    }
  });

  test('maps the metrics of logs to criteria, and leaves the rest to the tester', async () => {
    const outcomesOf = async (id: string) => ((await ask(`sessions/session-${id}`)).body as SessionAnswer).outcomes;
    expect((await outcomesOf('s2'))['TP-02']).toMatchObject({
      outcome: 'met',
      value: '1',
      evidence: expect.any(String),
    });
    expect((await outcomesOf('s5'))['TP-01']).toMatchObject({ outcome: 'not-met', value: '0' });
    expect((await outcomesOf('s9'))['TP-01']).toMatchObject({ outcome: 'met', value: '0.75' });
    const given = async (id: string) => Object.values(await outcomesOf(id)).map(({ outcome }) => outcome);
    // What version 1.0 asks, and 1.1; S3 was given up and says nothing but what its log says.
    for (const id of ['s1', 's2', 's4', 's5', 's6', 's8']) expect([id, (await given(id)).length]).toEqual([id, 12]);
    for (const id of ['s9', 's10', 's11']) expect([id, (await given(id)).length]).toEqual([id, 13]);
    expect((await given('s3')).length).toBe(1);
    expect((await outcomesOf('s10'))['TP-13']).toMatchObject({ outcome: 'not-applicable' });
  });

  test('is of some 500 to 650 entries, in demo mode from the first one on, in the order of its clock', () => {
    const { store } = opened.ledger;
    expect(store.size).toBeGreaterThanOrEqual(500);
    expect(store.size).toBeLessThanOrEqual(650);
    const entries = [...store.entries(0, store.size)].map(
      ({ data }) => JSON.parse(Buffer.from(data).toString('utf8')) as Entry,
    );
    expect(entries[0]).toMatchObject({ type: 'countersign.LedgerFounded.v1', data: { mode: 'demo' } });
    const times = entries.map(({ recordedtime }) => recordedtime);
    expect(times).toEqual(times.toSorted());
    expect(times[0]).toBe(STORY_BEGINS);
  });

  test('keeps p-12 out of every transaction, and what screening asked for under seal', async () => {
    const { store } = opened.ledger;
    const about = [...store.entries(0, store.size)]
      .map(({ data }) => JSON.parse(Buffer.from(data).toString('utf8')) as Entry)
      .filter(({ data }) => data.refs.testers?.includes('p-12'));
    expect(about.map(({ type }) => type.split('.')[1])).toEqual([
      'TesterRostered',
      'NationalityDeclared',
      'TesterWithdrawn',
    ]);
    expect(about.every(({ data }) => data.refs.grant === undefined && data.refs.session === undefined)).toBe(true);
    const screenings = (await rows<{ type: string }>('streams/partner-jp-1')).filter(({ type }) =>
      /Screening/.test(type),
    );
    expect(screenings.map(({ type }) => type)).toEqual(['ScreeningPerformed', 'ScreeningHitAdjudicated']);
    expect(
      JSON.stringify([...store.entries(0, store.size)].map(({ data }) => Buffer.from(data).toString())),
    ).not.toContain('Kisaragi');
  });

  test('returned PL without action, and admitted the six others, each screened, reviewed and assessed', async () => {
    const told = async (country: string) =>
      (await rows<{ type: string }>(`streams/${partner(country)}`)).map(({ type }) => type);
    expect(await told('PL')).toEqual([
      'PartnerNominated',
      'EligibilityApplicationSubmitted',
      'ScreeningPerformed',
      'EligibilityApplicationReturned',
    ]);
    for (const country of ['GB', 'FR', 'DE', 'JP', 'AU', 'KR']) {
      const types = await told(country);
      expect(types.filter((type) => type === 'EligibilityCriterionAssessed').length).toBe(8);
      expect(types.at(-1)).toBe('PartnerAdmitted');
      expect(types).toEqual(expect.arrayContaining(['OnSiteReviewConsented', 'OnSiteReviewCompleted']));
    }
  });

  test("amended AU's liability from 15 September on, and left the version of the incident as it was", async () => {
    const versions = (opened.ledger.view as unknown as DomainView).state('liability', liability('AU'));
    if (versions === undefined || versions.status === 'unknown') throw new Error('there is no liability');
    const shares = versions.versions.map(({ from, terms }) => [
      new Date(from).toISOString().slice(0, 10),
      ...(terms.heads.find(({ head }) => head === 'third-party-claim')?.shares ?? []).map((each) => each.basisPoints),
    ]);
    expect(shares).toEqual([
      ['2026-07-22', 6250, 3750],
      ['2026-09-15', 4000, 6000],
    ]);
    const applied = versionAt(versions, Date.parse('2026-09-02T03:14:00.000Z'));
    expect(applied?.terms.heads[0]?.shares.map(({ basisPoints }) => basisPoints)).toEqual([6250, 3750]);
  });

  test("pinned the audit's evidence at the last entry of 5 September", async () => {
    const pinned = (await rows<{ type: string; data: { position: number } }>(`streams/${AUDIT}`)).filter(
      ({ type }) => type === 'AuditEvidencePinned',
    );
    expect(pinned.length).toBe(8);
    const { store } = opened.ledger;
    const time = (index: number) =>
      (JSON.parse(Buffer.from(store.entry(index)?.data ?? '').toString()) as Entry).recordedtime;
    for (const { data } of pinned)
      expect([time(data.position) < '2026-09-06', time(data.position + 1) >= '2026-09-06']).toEqual([true, true]);
  });

  test('has its audit concluded as qualified, and leaves that so when the findings are fixed', async () => {
    const events = await rows<{ type: string; data: { conclusion?: string; openFindings?: string[] } }>(
      `streams/${AUDIT}`,
    );
    const concluded = events.filter(({ type }) => type === 'AuditConclusionIssued');
    expect(concluded.map(({ data }) => [data.conclusion, data.openFindings])).toEqual([
      ['qualified', ['F-1', 'F-2', 'F-3']],
    ]);
    expect(events.at(-1)?.type).toBe('AuditReportAmended');
    expect(opened.ledger.view.state('audit', AUDIT)).toMatchObject({ status: 'closed', conclusion: 'qualified' });
  });

  test('counts what is used: each session that opened', async () => {
    const usage = await rows<{ grant: string; item: string; used: number; granted: number }>('usage');
    const used = (country: string, item: string) =>
      usage.find((row) => row.grant === grant(country) && row.item === item)?.used;
    expect([
      used('GB', 'halyard-api'),
      used('GB', 'halyard-weights'),
      used('GB', 'sextant-api'),
      used('KR', 'halyard-api'),
    ]).toEqual([1, 1, 0, 2]);
  });

  test('shows a partner its own and nothing of others', async () => {
    const mine = (await ask('matrix', partnerParty('FR'), 'trusted-partner')).body as { rows: MatrixRow[] };
    expect(new Set(mine.rows.map(({ ally }) => ally))).toEqual(new Set(['FR']));
    expect((await ask('sessions/session-s1', partnerParty('FR'), 'trusted-partner')).status).toBe(404);
    expect((await ask('sessions/session-s3', partnerParty('FR'), 'trusted-partner')).status).toBe(200);
  });

  test('shows an auditor what its audit has in scope, and an insurer nothing that it does not insure', async () => {
    const seen = async (path: string, party: string, role: Role) =>
      ((await ask(path, party, role)).body as { rows: { ally?: string }[] }).rows;
    const cells = await seen('matrix', 'party-aud-1', 'auditor');
    expect(new Set(cells.map(({ ally }) => ally))).toEqual(new Set(['GB', 'FR', 'DE', 'JP', 'AU', 'KR']));
    expect((await ask('sessions/session-s9', 'party-aud-1', 'auditor')).status).toBe(200);
    expect(await seen('matrix', 'party-aud-2', 'auditor')).toEqual([]);
    expect((await ask('sessions/session-s9', 'party-aud-2', 'auditor')).status).toBe(404);
    expect(await seen('matrix', 'party-ins-1', 'insurer')).toEqual([]);
    expect((await ask('sessions/session-s9', 'party-ins-1', 'insurer')).status).toBe(404);
    const allied = await seen('matrix', 'party-gb-aisi', 'allied-authority');
    expect(new Set(allied.map(({ ally }) => ally))).toEqual(new Set(['GB']));
  });

  test('names for each session what it rested on, by entries before its own', async () => {
    const answer = (await ask('sessions/session-s2')).body as {
      authority: { basis: { what: string; index: number }[]; assessments: { tester: string; countries: string[] }[] };
    };
    expect(answer.authority.basis.map(({ what }) => what).sort()).toEqual(
      [
        'annexEntry',
        'authorisation',
        'grant',
        'instrument',
        'liability',
        'modelVersion',
        'partner',
        'party',
        'tester:p-01',
        'tester:p-07',
      ].sort(),
    );
    expect(answer.authority.basis.every(({ index }) => index < opened.ledger.store.size)).toBe(true);
    expect(answer.authority.assessments.map(({ tester, countries }) => [tester, ...countries])).toEqual([
      ['p-01', 'GB'],
      ['p-07', 'GB'],
    ]);
  });

  test('writes no nationality in clear, except the country of a release', () => {
    const log = [...opened.ledger.store.entries(0, opened.ledger.store.size)]
      .map(({ data }) => Buffer.from(data).toString('utf8'))
      .join('\n');
    expect(log).not.toContain('permanent-residency');
    expect(log).not.toContain('"BY"');
    const withAE = log.split('\n').filter((line) => line.includes('"AE"'));
    expect(withAE.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['countersign.AccessDenied.v1']);
    expect(withAE[0]).toContain('"countries":["AE"]');
  });

  test('records a session that is reported after the fact, with what did not fit, and no status of a person in clear', async () => {
    const outcome = await opened.ledger.execute({
      type: 'ReportSession',
      category: 'session',
      id: 'session-reported',
      actor: { party: partnerParty('FR') as PartyId, role: 'trusted-partner' },
      idempotencyKey: 'reported',
      route: '/v1/sessions',
      payload: {
        grant: grant('FR'),
        modelVersion: HALYARD_5_0,
        modality: 'api',
        testers: ['p-11'],
        place: 'US',
        endUse: 'safety evaluation',
        startedAt: '2026-08-19T09:00:00.000Z',
      },
    });
    expect(outcome.outcome).toBe('done');
    const [reported] = await rows<{ type: string; data: { misfits: { rule: string; detail: string }[] } }>(
      'streams/session-reported',
    );
    expect(reported?.data.misfits.map(({ rule }) => rule)).toEqual(['release-not-permitted']);
    expect(JSON.stringify(reported)).not.toContain('AE');
  });

  test('gives the same bytes when it is asked the same again, also after everything is read anew', async () => {
    const paths = ['matrix', 'in-force', 'refusals', 'usage', 'streams/session-s9', 'sessions/session-s2'].flatMap(
      (path) => [`${path}?asOf=250`, `${path}?asOf=${opened.ledger.store.size - 20}`],
    );
    const before = await Promise.all(paths.map(async (path) => (await ask(path)).text));
    expect(before.filter((answer) => answer.includes('/problems/not-found')).length).toBe(2);
    await app.close();
    await opened.close();
    await start(new StoryClock());
    expect(await Promise.all(paths.map(async (path) => (await ask(path)).text))).toEqual(before);
    const size = opened.ledger.store.size;
    await opened.ledger.settle();
    expect(opened.ledger.store.size).toBe(size);
  });
});
