import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import type { PartyId, Role } from '@countersign/domain';
import { StoryClock } from '@countersign/ledger';
import {
  authorisation,
  grant,
  HALYARD_5_0,
  logFile,
  partnerParty,
  SEXTANT_5_0,
  STORY_BEGINS,
} from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger, type OpenLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';
import { zip } from '../../libs/evidence/test/archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
const FIXTURES = resolve(import.meta.dirname, '../fixtures/inspect');
let opened: OpenLedger;
let app: NestFastifyApplication;

beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  opened = await openLedger(settingsFrom({ DATA_DIR: folder, EVIDENCE_LIMIT: '1000000' }, []), clock);
  app = await applicationOver(opened, false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  await tellStory(app, opened.ledger, opened.tokens, clock);
}, 60_000);
afterAll(async () => {
  await app.close();
  await opened.close();
  rmSync(folder, { recursive: true });
});

const ROLE: Record<string, Role> = {
  'party-northlight': 'developer',
  'party-us-la': 'licensing-authority',
  'party-us-reg': 'regulator',
};
const bearer = async (party: string) =>
  `Bearer ${await opened.tokens.issue({ party: party as PartyId, role: ROLE[party] ?? 'trusted-partner', subject: party }, 60)}`;
let key = 0;
async function post(by: string, path: string, body: object, idempotencyKey = `evidence-${key++}`) {
  return supertest(app.getHttpServer())
    .post(`/v1/${path}`)
    .set('authorization', await bearer(by))
    .set('idempotency-key', `"${idempotencyKey}"`)
    .send(body);
}
const digestOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');
async function put(by: string, content: Uint8Array, { digest = digestOf(content), keep = '' } = {}) {
  return supertest(app.getHttpServer())
    .put(`/v1/evidence-files/${digest}${keep}`)
    .set('authorization', await bearer(by))
    .set('content-type', 'application/octet-stream')
    .send(content);
}
interface Imported {
  evidence: string;
  status: string;
  recognised: boolean;
  sessions: string[];
  discrepancies: { kind: string; detail: string; session?: string }[];
}
async function handIn(by: string, content: Uint8Array, body: object = {}): Promise<Imported> {
  expect((await put(by, content)).status).toBe(200);
  const answer = await post(by, 'evidence', { file: digestOf(content), ...body });
  expect([answer.status, answer.text]).toEqual([201, answer.text]);
  return answer.body as Imported;
}
const kinds = ({ discrepancies }: Imported) => discrepancies.map(({ kind }) => kind).sort();
async function session(id: string, country = 'GB', modality = 'api') {
  const opening = await post(partnerParty(country), `grants/${grant(country)}/open-session`, {
    session: id,
    modelVersion: HALYARD_5_0,
    modality,
    testers: [{ GB: 'p-01', DE: 'p-05', JP: 'p-06' }[country]],
    place: country,
    endUse: 'safety evaluation',
  });
  expect([opening.status, opening.text]).toEqual([200, opening.text]);
}
async function answerOf(id: string) {
  const answer = await supertest(app.getHttpServer())
    .get(`/v1/sessions/${id}`)
    .set('authorization', await bearer('party-us-reg'));
  return answer.body as {
    status: string;
    outcomes: Record<string, { outcome: string; evidence?: string }>;
    evidence: { evidence: string; status: string }[];
    activityAfterEffect?: { calls: string[] };
  };
}
const [GB, JP, DE, AU] = ['GB', 'JP', 'DE', 'AU'].map(partnerParty) as [string, string, string, string];
const log = (name: string) => readFileSync(logFile(name));
/** A small log of one's own. */
const made = (more: { model?: string; status?: string; at?: number; runId?: string; accuracy?: number } = {}) => {
  const {
    model = 'northlight/halyard-5.0',
    status = 'success',
    at = Date.now(),
    runId = `run-${key}`,
    accuracy,
  } = more;
  const time = new Date(at).toISOString();
  return Buffer.from(
    JSON.stringify({
      version: 2,
      status,
      eval: { run_id: runId, task_id: 'task', created: time, task: 'own', model, dataset: {}, config: {} },
      stats: { started_at: time, completed_at: time, model_usage: {} },
      ...(accuracy === undefined
        ? {}
        : { results: { scores: [{ name: 's', metrics: { accuracy: { value: accuracy } } }] } }),
      nonce: key++,
    }),
  );
};

describe('a log of a session', () => {
  test('fits: model by its name, time, status; its metric decides a criterion', async () => {
    await session('session-e1');
    const imported = await handIn(GB, made({ accuracy: 0.4 }), { session: 'session-e1' });
    expect([imported.status, imported.recognised, kinds(imported)]).toEqual(['accepted', false, []]);
    await post(GB, 'sessions/session-e1/complete-session', {});
    expect((await answerOf('session-e1')).outcomes['TP-01']).toMatchObject({
      outcome: 'not-met',
      evidence: imported.evidence,
    });
  });

  test('names another model, another time, another end: each is a discrepancy, and the log is accepted', async () => {
    await session('session-e2');
    await post(GB, 'sessions/session-e2/cancel-session', { reason: 'no need' });
    const imported = await handIn(GB, log('mmlu-2025-12.eval'), { session: 'session-e2' });
    // FR handed in this very file for a session of its own.
    expect([imported.status, kinds(imported)]).toEqual([
      'accepted',
      ['model', 'run-of-another-session', 'status', 'time'],
    ]);
  });

  test('is held against how the session ends, also when that comes later', async () => {
    await session('session-e3');
    const content = made({ status: 'error' });
    expect(kinds(await handIn(GB, content, { session: 'session-e3' }))).toEqual([]);
    await post(GB, 'sessions/session-e3/complete-session', {});
    expect(kinds(await handIn(GB, content, { session: 'session-e3' }))).toEqual(['status']);
  });

  test('says otherwise than the tester: a discrepancy, and what was recorded stays', async () => {
    await session('session-e4');
    await post(GB, 'sessions/session-e4/record-criterion-outcome', { criterion: 'TP-01', outcome: 'met' });
    expect(kinds(await handIn(GB, made({ accuracy: 0.1 }), { session: 'session-e4' }))).toEqual(['outcome']);
    expect((await answerOf('session-e4')).outcomes['TP-01']?.outcome).toBe('met');
    await post(GB, 'sessions/session-e4/complete-session', {});
  });
});

describe('the traps of real logs', () => {
  test('the same log again is recognised, and writes nothing', async () => {
    const size = opened.ledger.store.size;
    const again = await handIn(GB, log('popularity-unscored-2025-02.eval'), { session: 'session-s1' });
    expect([again.recognised, again.sessions]).toEqual([true, ['session-s1']]);
    expect(opened.ledger.store.size).toBe(size);
  });

  test('the same run with another digest takes the place of the former', async () => {
    const content = readFileSync(join(FIXTURES, 'popularity-2024-10.json'));
    const before = (await answerOf('session-s5')).evidence.map(({ evidence }) => evidence);
    const sample = {
      alias: 'ollama/llama3.1',
      timeShift: Date.parse('2026-08-13T10:00:00Z') - Date.parse('2024-10-15T16:53:13Z'),
    };
    const imported = await handIn(JP, content, { session: 'session-s5', sample });
    expect(kinds(imported)).toEqual([]);
    expect((await answerOf('session-s5')).evidence).toMatchObject([
      { evidence: before[0], status: 'superseded' },
      { evidence: imported.evidence, status: 'accepted' },
    ]);
    // What was replaced in one session is still evidence of another, and stays what it is.
    const former = log('popularity-2024-10.eval');
    await session('session-e4b', 'JP', 'weights');
    const again = await handIn(JP, former, { session: 'session-e4b', sample });
    expect(again).toMatchObject({ status: 'superseded', recognised: true });
    expect(again.sessions).toEqual(['session-s5', 'session-e4b']);
  });

  test('a run that is evidence of another session is a discrepancy', async () => {
    await session('session-e5');
    await handIn(GB, made({ runId: 'twice' }), { session: 'session-e5' });
    await post(GB, 'sessions/session-e5/complete-session', {});
    await session('session-e6');
    expect(kinds(await handIn(GB, made({ runId: 'twice' }), { session: 'session-e6' }))).toEqual([
      'run-of-another-session',
    ]);
    await post(GB, 'sessions/session-e6/complete-session', {});
  });
});

describe('a run reported after the fact is judged, never refused (R14)', () => {
  test('under a grant that had ended', async () => {
    const content = made({ model: 'sextant-5.0' });
    const imported = await handIn(AU, content, {
      report: { grant: grant('AU'), testers: ['p-08'], place: 'AU', endUse: 'safety evaluation' },
    });
    const [reported = ''] = imported.sessions;
    const events = (
      await supertest(app.getHttpServer())
        .get(`/v1/streams/${reported}`)
        .set('authorization', await bearer('party-us-reg'))
    ).body as { rows: { type: string; data: { modelVersion: string; misfits: { rule: string }[] } }[] };
    expect(events.rows[0]?.type).toBe('SessionReported');
    expect(events.rows[0]?.data.modelVersion).toBe(SEXTANT_5_0);
    expect(events.rows[0]?.data.misfits.map(({ rule }) => rule)).toEqual([
      'grant-not-active',
      'authorisation-not-in-force',
      'annex-entry-not-in-force',
    ]);
    // What did not fit is noted, each rule of it.
    expect(kinds(imported)).toEqual(['authority', 'authority', 'authority']);
    expect(imported.discrepancies.map(({ detail, session }) => [detail.split(':')[0], session])).toEqual([
      ['grant-not-active', reported],
      ['authorisation-not-in-force', reported],
      ['annex-entry-not-in-force', reported],
    ]);

    const again = await handIn(AU, content, { report: { grant: grant('AU') } });
    expect([again.recognised, again.sessions]).toEqual([true, [reported]]);
  });

  test('what the log and the grant leave open is not guessed', async () => {
    const imported = await handIn(DE, made(), { report: { grant: grant('DE') } });
    const events = opened.ledger.view.state('session', imported.sessions[0] ?? '') as { testers: string[] } | undefined;
    expect(events?.testers).toEqual([]);
    const content = made();
    await put(GB, content);
    const open = await post(GB, 'evidence', { file: digestOf(content), report: { grant: grant('GB') } });
    expect([open.status, (open.body as { type: string }).type]).toEqual([400, '/problems/not-stated']);
  });

  test('and under a grant of others it is refused, since it is not theirs to report', async () => {
    const content = made();
    await put(DE, content);
    const answer = await post(DE, 'evidence', {
      file: digestOf(content),
      report: { grant: grant('JP'), modelVersion: HALYARD_5_0, modality: 'api' },
    });
    expect([answer.status, (answer.body as { type: string }).type]).toEqual([403, '/problems/not-entitled']);
  });
});

describe('a gateway log', () => {
  const line = (call: object) => `${JSON.stringify({ tokens: 10, outcome: 'ok', ...call })}\n`;
  const iso = (time: number) => new Date(time).toISOString();

  test('puts calls under the session that was open then, and says which are under none', async () => {
    await session('session-e7', 'DE');
    const now = Date.now();
    const content = Buffer.from(
      line({ time: iso(now + 1000), tester: 'p-05', modelVersion: HALYARD_5_0 }) +
        line({ time: iso(now + 2000), session: 'session-e7' }) +
        line({ time: iso(now + 3000), session: 'session-nobody' }) +
        line({ time: iso(now - 86_400_000), session: 'session-e7' }) +
        line({ time: iso(now), session: 'session-e7', outcome: 'denied' }),
    );
    const imported = await handIn('party-northlight', content);
    expect([imported.sessions, kinds(imported)]).toEqual([['session-e7'], ['activity-outside-session', 'no-session']]);
    const again = await handIn('party-northlight', content);
    expect([again.recognised, kinds(again)]).toEqual([true, kinds(imported)]);
    expect((await answerOf('session-e7')) as { calls?: number }).toMatchObject({ calls: 3 });
    await post(DE, 'sessions/session-e7/complete-session', {});
  });

  test('shows activity after effect also when the revocation is recorded after the log', async () => {
    await session('session-e8', 'JP', 'weights');
    const now = Date.now();
    const times = [now + 100, now + 5000, now + 6000];
    const content = Buffer.from(times.map((time) => line({ time: iso(time), session: 'session-e8' })).join(''));
    expect(kinds(await handIn('party-northlight', content))).toEqual([]);
    const revoked = await post('party-us-la', `authorisations/${authorisation('JP')}/revoke-authorisation`, {
      reason: 'found out late',
      effectiveAt: iso(now + 1000),
    });
    expect([revoked.status, revoked.text]).toEqual([200, revoked.text]);
    // A revocation of the future counts from its time on.
    while (Date.now() < now + 1100) await new Promise((done) => setTimeout(done, 100));
    await opened.ledger.settle();
    expect(kinds(await handIn('party-northlight', content))).toEqual(['activity-after-effect']);
    expect((await answerOf('session-e8')).activityAfterEffect?.calls).toEqual(times.slice(1).map(iso));
  });
});

describe('files', () => {
  test('that cannot be read are refused with what is wrong and where, or put aside by digest and reason', async () => {
    const content = Buffer.from('{"version":2,"status":"success","eval":{');
    const refused = await put(GB, content);
    expect([refused.status, refused.body]).toMatchObject([
      422,
      { type: '/problems/evidence-unreadable', detail: 'truncated at byte 40: the document ends in the middle' },
    ]);
    expect((await put(GB, content, { keep: '?keep=broken' })).status).toBe(200);
    const answer = await post(GB, 'evidence', { file: digestOf(content) });
    expect(answer.body).toMatchObject({ status: 'quarantined', sessions: [] });
  });

  test('of another digest, too large, unknown, or of roles that hold none are refused', async () => {
    const content = made();
    expect((await put(GB, content, { digest: '0'.repeat(64) })).status).toBe(422);
    expect((await put(GB, content, { digest: 'x' })).status).toBe(400);
    expect((await put(GB, Buffer.alloc(1_000_001, ' '))).status).toBe(413);
    expect((await put('party-us-reg', content)).status).toBe(403);
    expect((await post('party-us-reg', 'evidence', { file: digestOf(content) })).status).toBe(403);
    expect((await post(GB, 'evidence', { file: '0'.repeat(64) })).status).toBe(404);
    const ofOthers = digestOf(log('pubmedqa.json'));
    expect((await post(GB, 'evidence', { file: ofOthers, session: 'session-s1' })).status).toBe(404);
    expect((await post(GB, 'evidence', { file: digestOf(content), surprise: 1 })).status).toBe(400);
  });

  test('are kept encrypted, and nothing of one stays in clear', async () => {
    const content = log('pubmedqa.json');
    const words = content.subarray(100, 140);
    for (const entry of readdirSync(join(folder, 'vault'), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) expect(readFileSync(join(entry.parentPath, entry.name)).includes(words)).toBe(false);
    const file = await opened.files.open(digestOf(content));
    expect(readFileSync(file?.path ?? '').equals(content)).toBe(true);
    if (file) await opened.files.discard(file);
    expect(readdirSync(join(folder, 'evidence-clear'))).toEqual([]);
  });
});

describe('hostile files are refused over HTTP with what is wrong and where, and recorded if that is asked', () => {
  const header = { name: 'header.json', content: '{"version":2,"status":"success","eval":{"run_id":"r","model":"m"}}' };
  const bomb = { name: 'samples/1_epoch_1.json', content: Buffer.alloc(100 * 1024 * 1024, ' ') };
  test.each<readonly [string, Uint8Array, string]>([
    ['an empty file', Buffer.alloc(0), 'empty at byte 0'],
    ['a cut archive', log('popularity-2024-10.eval').subarray(0, 3000), 'invalid-zip at central directory'],
    ['zeros', Buffer.alloc(900_000), 'not-json at byte 0'],
    ['a listing', Buffer.from('["a.eval"]'), 'not-a-log at byte 0'],
    ['a zip bomb', zip([header, bomb]), 'expands-too-much at member 2'],
    ['a path upwards', zip([header, { name: '../x', content: '' }]), 'unsafe-member-name at member 2'],
    ['a NUL in a name', zip([header, { name: 'a\0', content: '' }]), 'unsafe-member-name at member 2'],
    ['a member twice', zip([header, header]), 'duplicate-name at member 2'],
    ['a lie in the directory', zip([{ ...header, packedSize: 2 ** 31 }]), 'invalid-zip at member 1'],
    ['deep JSON', Buffer.from(`{"eval":${'['.repeat(200_000)}`), 'too-deep at byte 263'],
    ['a number of 5,000 digits', Buffer.from(`{"eval":{"model":${'9'.repeat(5000)}}}`), 'not-json at byte 17'],
  ])('%s', async (_, content, wrong) => {
    const refused = await put(GB, content);
    expect([refused.status, refused.body]).toMatchObject([
      422,
      { type: '/problems/evidence-unreadable', detail: expect.stringContaining(`${wrong}: `) as unknown },
    ]);
    expect((await put(GB, content, { keep: '?keep=broken' })).status).toBe(200);
    const aside = await post(GB, 'evidence', { file: digestOf(content) });
    expect([aside.status, (aside.body as Imported).status]).toEqual([201, 'quarantined']);
    const id = (aside.body as Imported).evidence;
    expect(opened.ledger.view.state('evidence', id)).toMatchObject({ damage: { fault: wrong.split(' ')[0] } });
    expect(readdirSync(join(folder, 'evidence-clear'))).toEqual([]);
  });

  test('a file that says that it is too large is not read first', async () => {
    const answer = await supertest(app.getHttpServer())
      .put(`/v1/evidence-files/${'0'.repeat(64)}`)
      .set('authorization', await bearer(GB))
      .set('content-type', 'application/octet-stream')
      .set('content-length', String(2 ** 41))
      .send('x')
      .catch((error: unknown) => error as supertest.Response);
    expect(answer.status).toBe(413);
    expect((await put(GB, made(), { keep: '?keep=all' })).body).toMatchObject({ type: '/problems/invalid-query' });
    expect((await put(GB, made(), { keep: '?kept=broken' })).status).toBe(400);
  });
});

describe('whatever a log or its holder says', () => {
  const entriesText = () =>
    Array.from(opened.ledger.store.entries(0, opened.ledger.store.size), ({ data }) =>
      Buffer.from(data).toString('utf8'),
    ).join('\n');

  test('no name and no place of it reaches an entry, nor does an alias that is a path', async () => {
    const secret = 'alice-of-the-lab';
    await session('session-e10');
    const at = new Date().toISOString();
    const model = `vllm//home/${secret}/halyard`;
    const content = Buffer.from(
      JSON.stringify({
        version: 2,
        status: 'error',
        eval: {
          run_id: 'leaky',
          task_id: 't',
          created: at,
          task: `/home/${secret}/task.py`,
          task_args: { user: secret },
          metadata: { created_by: secret },
          dataset: { name: 'set', location: `/home/${secret}/set.csv` },
          revision: { type: 'git', origin: `git@host:${secret}/x`, commit: 'abc' },
          model,
          packages: { inspect_ai: '0.3', odd: { of: secret } },
        },
        stats: { started_at: at, completed_at: at, model_usage: { m: { total_tokens: 1e300 } } },
        error: { message: `in /home/${secret}/x.py`, traceback: secret },
      }),
    );
    const imported = await handIn(GB, content, { session: 'session-e10', sample: { alias: model } });
    expect([imported.status, kinds(imported)]).toEqual(['accepted', []]);
    expect(entriesText()).not.toContain(secret);
    await post(GB, 'sessions/session-e10/fail-session', { reason: 'it did' });
  });

  test('a time that cannot be is refused, so that nothing that follows can fail of it', async () => {
    const content = made();
    await put(GB, content);
    for (const more of [
      { session: 'session-e1', sample: { timeShift: Number.MAX_SAFE_INTEGER } },
      { session: 'session-e1', sample: { timeShift: 0.5 } },
      { report: { grant: grant('GB'), startedAt: '2026-99-99T99:99:99.999Z' } },
      { report: { grant: grant('GB'), startedAt: '2026-02-31T00:00:00.000Z' } },
    ]) {
      const answer = await post(GB, 'evidence', { file: digestOf(content), ...more });
      expect([answer.status, (answer.body as { type: string }).type]).toEqual([400, '/problems/invalid-body']);
    }
    await opened.ledger.settle();
  });

  test('who hands in the same file sees its own sessions only', async () => {
    const content = log('security-guide-2025-05.json');
    const imported = await handIn(GB, content, {
      report: { grant: grant('GB'), modelVersion: HALYARD_5_0, modality: 'api' },
    });
    expect(imported.recognised).toBe(true);
    expect(imported.sessions).toHaveLength(1);
    expect(imported.sessions).not.toContain('session-s10');
    expect(imported.discrepancies.every(({ session: of }) => of === imported.sessions[0])).toBe(true);
  });

  test('a gateway log of more tokens than can be counted is refused', async () => {
    const line = `${JSON.stringify({ time: '2026-09-02T03:14:12Z', session: 's', tokens: Number.MAX_SAFE_INTEGER, outcome: 'ok' })}\n`;
    const refused = await put('party-northlight', Buffer.from(line + line));
    expect((refused.body as { detail: string }).detail).toBe(
      'invalid-value at line 2: more tokens in all than can be counted exactly',
    );
  });
});
