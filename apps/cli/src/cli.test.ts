import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PartyId } from '@countersign/domain';
import { vkeyOf } from '@countersign/dossier';
import { decodeEntry, StoryClock } from '@countersign/ledger';
import { grant, HALYARD_5_0, logFile, partnerParty, STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../server/src/application.ts';
import { openLedger, type OpenLedger } from '../../server/src/ledger.ts';
import { settingsFrom } from '../../server/src/settings.ts';
import { tellStory } from '../../server/src/tell-story.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-'));
let opened: OpenLedger;
let app: NestFastifyApplication;
let environment: NodeJS.ProcessEnv;
/** What came over the wire: the request, and the log index that its answer must not be behind. */
const asked: { readonly what: string; readonly atLeast: string | string[] | undefined }[] = [];

beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
  app = await applicationOver(opened, false);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, _, done) => {
      const what = `${request.method} ${request.url.replace(/[0-9a-f]{64}/, 'DIGEST')}`;
      asked.push({ what, atLeast: request.headers['if-position-at-least'] });
      done();
    });
  await app.listen(0, '127.0.0.1');
  await tellStory(app, opened.ledger, opened.tokens, clock);
  known = String(opened.answers.current().lastBy(Date.parse('2026-09-03T23:59:59.999Z')));
  const token = await opened.tokens.issue(
    { party: 'party-us-reg' as PartyId, role: 'regulator', subject: 'party-us-reg' },
    600,
  );
  environment = {
    ...process.env,
    COUNTERSIGN_CONFIG: join(folder, 'none.json'),
    COUNTERSIGN_URL: await app.getUrl(),
    COUNTERSIGN_TOKEN: token,
  };
});
afterAll(async () => {
  await app.close();
  await opened.close();
  rmSync(folder, { recursive: true });
});

/** The last entry of September 2026's third day: after all that became of the session. */
let known = '';

const countersign = (...args: string[]) => countersignIn(environment, ...args);
function countersignIn(
  env: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const main = resolve(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, ['--conditions=development', main, ...args], { env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((done) => child.once('close', (code) => done({ code, out, err })));
}

test('the matrix is a table, JSON or CSV', async () => {
  const [table, json, csv] = await Promise.all([
    countersign('matrix'),
    countersign('matrix', '--json'),
    countersign('matrix', '--csv'),
  ]);
  expect(table.out).toContain('Halyard 5');
  expect((JSON.parse(json.out) as { rows: unknown[] }).rows.length).toBe(10);
  expect(csv.out.split('\n')[0]).toBe('ally,partner,model,modality,tested,session,version,criteria,status,outcomes');
  // One line for each session with its outcomes, one for each cell that was granted and never tested.
  expect(csv.out).toContain('sextant-5.0,criteria-tpc-1 1.1,terminated,"met: TP-01\ninconclusive: TP-02 TP-03');
  expect(csv.out.match(/,never,,,,,$/gm)?.length).toBe(3);
  expect([table.code, json.code, csv.code]).toEqual([0, 0, 0]);
});

test('every question has a command', async () => {
  const asked = await Promise.all([
    countersign('in-force', '--as-of', '2026-08-22'),
    countersign('refusals', '--csv'),
    countersign('usage'),
    countersign('replay', 'session-s9'),
    countersign('session', 'session-s9'),
    countersign('why', 'session-s9'),
  ]);
  expect(asked.map(({ code, err }) => [code, err])).toEqual(asked.map(() => [0, '']));
  expect(asked[3]?.out).toContain('SessionTerminationOrdered');
  expect(asked[5]?.out).toContain('authorisation');
});

test.each([
  ['matrix'],
  ['in-force'],
  ['refusals'],
  ['usage'],
  ['replay', grant('AU')],
  ['session', 'session-s9'],
  ['why', 'session-s9'],
])('%s is JSON or CSV, as of and as known at any moment', async (...question: string[]) => {
  const moment = ['--as-of', '2026-09-02T03:00:00Z', '--known', known];
  const json = await countersign(...question, ...moment, '--json');
  const csv = await countersign(...question, ...moment, '--csv');
  expect([json.code, csv.code]).toEqual([0, 0]);
  expect(JSON.parse(json.out)).toMatchObject({ index: Number(known), asOf: '2026-09-02T03:00:00.000Z' });
  expect(csv.out.split('\n').length).toBeGreaterThan(1);
});

test('why shows the chain as it was then and what became of it, and the release assessments', async () => {
  const { out } = await countersign('why', 'session-s9', '--known', known);
  expect(out).toContain(`computed at entry ${known}`);
  expect(out).toMatch(/authorisation +│ INS-2\/AU .*│ in force │ not in force: the authorisation is revoked/);
  expect(out).toMatch(/assessment p-08 │ AU /);
});

test('of a day, in-force lists every state that it saw', async () => {
  const { out } = await countersign('in-force', '--as-of', '2026-08-20', '--csv');
  const kr = out.split('\n').filter((line) => line.startsWith('authorisation,D-000117'));
  expect(kr.map((line) => line.split(',').slice(3))).toEqual([
    ['2026-08-20T00:00:00.000Z', '2026-08-20T09:00:00.000Z', 'in force', ''],
    ['2026-08-20T09:00:00.000Z', '', 'not in force', 'the authorisation is suspended'],
  ]);
});

describe('where the ledger is, and who asks', () => {
  const file = join(folder, 'config.json');
  const configured = async (config: string, ...args: string[]) => {
    const { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: token, ...rest } = environment;
    writeFileSync(file, config.replace('URL', url ?? '').replace('TOKEN', token ?? ''));
    return countersignIn({ ...rest, COUNTERSIGN_CONFIG: file }, ...args);
  };

  test('may stand in a config file, which options and environment go before', async () => {
    expect(await configured('{"url":"URL","token":"TOKEN"}', 'refusals', '--csv')).toMatchObject({ code: 0, err: '' });
    const elsewhere = await configured('{"url":"URL","token":"TOKEN"}', 'matrix', '--url', 'http://127.0.0.1:9');
    expect([elsewhere.code, elsewhere.err]).toEqual([2, expect.stringContaining('http://127.0.0.1:9 does not answer')]);
  });

  test('is asked for where it is missing', async () => {
    const { code, err } = await configured('{"url":"URL"}', 'matrix');
    expect([code, err]).toEqual([2, expect.stringContaining('give --token, COUNTERSIGN_TOKEN or a config file')]);
  });

  test.each([
    'matrix --json --csv',
    'matrix --nope',
    'nope',
    'import x --place GB',
    'import x --grant g --started-at yesterday',
  ])('"%s" is not asked as it must be, and ends with 2', async (line) => {
    const { code, out, err } = await countersign(...line.split(' '));
    expect([code, out]).toEqual([2, '']);
    expect(err).not.toMatch(/^ +at /m); // a stack
  });

  test('and help is always there', async () => expect((await countersign('--help')).code).toBe(0));
});

test('a question whether one may is answered by word and by exit code, with every reason', async () => {
  const ask = (tester: string, ...more: string[]) =>
    countersign(
      'may',
      '--grant',
      grant('GB'),
      '--model-version',
      HALYARD_5_0,
      '--modality',
      'api',
      '--tester',
      tester,
      '--place',
      'GB',
      ...more,
    );
  expect(await ask('p-07')).toMatchObject({ code: 0, out: expect.stringMatching(/^yes\n/) as unknown });
  const refused = await ask('p-07', '--policy', 'itar-all-held');
  expect(refused).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^no\n[\s\S]*release-not-permitted/) as unknown,
  });
});

test('an export verifies offline, and not with another key, nor when a byte of it is another', async () => {
  const file = join(folder, 'export.zip');
  expect(await countersign('export', '--out', file)).toMatchObject({ code: 0 });
  const policy = join(folder, 'policy');
  const verified = await countersign('verify', file, '--policy', policy);
  expect(verified).toMatchObject({ code: 0, err: '' });
  expect(
    verified.out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(':')[0]),
  ).toEqual(
    ['manifest', 'checkpoint', 'tree', 'order', 'keys', 'witnesses', 'signatures', 'reports', 'archive'].map(
      (check) => `ok     ${check}`,
    ),
  );
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
  writeFileSync(`${file}.bad`, bytes);
  expect(await countersign('verify', `${file}.bad`, '--policy', policy)).toMatchObject({ code: 1 });
  const other = vkeyOf('demo.countersign.example/log', generateKeyPairSync('ed25519').publicKey);
  writeFileSync(`${policy}.other`, `log ${other}\nquorum none\n`);
  expect(await countersign('verify', file, '--policy', `${policy}.other`)).toMatchObject({
    code: 1,
    out: expect.stringContaining('FAILED checkpoint') as unknown,
  });
});

test('a problem is told in its own words', async () => {
  expect(await countersign('replay', 'session-nowhere')).toMatchObject({
    code: 2,
    err: expect.stringContaining('404') as unknown,
  });
  expect(await countersign('matrix', '--url', 'http://127.0.0.1:9')).toMatchObject({
    code: 2,
    err: expect.stringContaining('does not answer') as unknown,
  });
});

test('import reads without a ledger, hands in with one, and refuses what cannot be read', async () => {
  const log = logFile('mmlu-2025-12.eval');
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, '{"eval":');
  const dry = await countersign('import', log, broken, '--dry-run', '--json');
  expect(dry.code).toBe(1);
  expect(JSON.parse(dry.out)).toMatchObject([
    { file: log, reading: { log: { model: 'openai/gpt-4o', totalTokens: 156 } } },
    { file: broken, problem: 'truncated at byte 8: the document ends in the middle' },
  ]);
  const size = opened.ledger.store.size;
  const token = await opened.tokens.issue(
    { party: partnerParty('FR') as PartyId, role: 'trusted-partner', subject: 'fr' },
    600,
  );
  const known = await countersign('import', log, '--session', 'session-s11', '--token', token);
  expect(known.out).toContain('accepted (known)');
  expect([known.code, opened.ledger.store.size]).toEqual([0, size]);
  const aside = await countersign('import', broken, '--quarantine', '--token', token);
  expect(aside.out).toContain('quarantined');
  const alias = await countersign('import', log, '--alias', 'x', '--token', token);
  expect([alias.code, alias.err]).toEqual([2, expect.stringContaining('--sample')]);
  const nobody = await countersign('import', log);
  expect([nobody.code, nobody.out]).toEqual([1, expect.stringContaining('403')]);
});

test('import takes folders and patterns, says what each file became, and stops where nothing answers', async () => {
  const runs = join(folder, 'runs', 'deep');
  mkdirSync(runs, { recursive: true });
  for (const name of ['mmlu-2025-12.eval', 'websearch-2025-11.eval']) copyFileSync(logFile(name), join(runs, name));
  writeFileSync(join(runs, 'listing.json'), '[]');
  writeFileSync(join(runs, 'notes.txt'), 'no log, and none that is looked at');
  const files = ({ out }: { out: string }) =>
    (JSON.parse(out) as { file: string; problem?: string }[]).map(({ file, problem }) => [basename(file), problem]);
  const ofFolder = await countersign('import', join(folder, 'runs'), runs, '--dry-run', '--json');
  expect(files(ofFolder)).toEqual([
    ['listing.json', 'not-a-log at byte 0: a list: an evaluation log is an object'],
    ['mmlu-2025-12.eval', undefined],
    ['websearch-2025-11.eval', undefined],
  ]);
  expect(ofFolder.code).toBe(1);
  const ofPattern = await countersign('import', join(runs, '*.eval'), '--dry-run', '--json');
  expect([ofPattern.code, files(ofPattern).length]).toEqual([0, 2]);
  const nothing = await countersign('import', join(runs, '*.log'), '--dry-run');
  expect([nothing.code, nothing.out]).toEqual([1, expect.stringContaining('there is no such file')]);
  const aside = await countersign('import', join(runs, 'listing.json'), '--dry-run', '--quarantine');
  expect([aside.code, aside.out]).toEqual([0, expect.stringContaining('to quarantine')]);
  const away = await countersign('import', runs, '--url', 'http://127.0.0.1:9');
  expect([away.code, away.err]).toEqual([2, expect.stringContaining('2 of 3 files were not handed in')]);
});

test('what a process asks after it wrote something is answered with that, whichever server answers', async () => {
  const token = await opened.tokens.issue(
    { party: partnerParty('FR') as PartyId, role: 'trusted-partner', subject: 'fr' },
    600,
  );
  const broken = ['one', 'two'].map((name) => join(folder, `${name}.json`));
  for (const file of broken) writeFileSync(file, `{"eval":"${file}`);
  asked.length = 0;
  expect((await countersign('import', ...broken, '--quarantine', '--token', token)).code).toBe(0);
  expect(asked.map(({ what }) => what)).toEqual(
    broken.flatMap(() => ['PUT /v1/evidence-files/DIGEST?keep=broken', 'POST /v1/evidence']),
  );
  const size = opened.ledger.store.size;
  // Each file is received and put in quarantine; what follows the first names the last entry of it.
  expect(asked.map(({ atLeast }) => atLeast)).toEqual([undefined, undefined, expect.any(String), expect.any(String)]);
  const seen = Number(asked[2]?.atLeast);
  expect(seen).toBeGreaterThan(0);
  expect(seen).toBeLessThan(size - 1);
  expect(decodeEntry(opened.ledger.store.entry(seen)?.data as Uint8Array).subject).toMatch(/^evidence-/);
});

test('--at-least waits for a log index, and says so if it does not come', async () => {
  const head = opened.ledger.store.size - 1;
  asked.length = 0;
  expect(await countersign('refusals', '--at-least', String(head), '--csv')).toMatchObject({ code: 0, err: '' });
  expect(asked).toEqual([{ what: 'GET /v1/refusals', atLeast: String(head) }]);
  await countersign('export', '--at-least', String(head), '--out', join(folder, 'own.zip'));
  expect(asked.at(-1)).toEqual({ what: 'GET /v1/export', atLeast: String(head) });
  const coming = countersign('matrix', '--at-least', String(head + 1), '--json');
  const never = countersign('matrix', '--at-least', String(head + 1_000_000));
  await new Promise((turn) => setTimeout(turn, 1500));
  const token = await opened.tokens.issue(
    { party: partnerParty('GB') as PartyId, role: 'trusted-partner', subject: 'gb' },
    600,
  );
  const file = join(folder, 'three.json');
  writeFileSync(file, '{"eval":3');
  expect((await countersign('import', file, '--quarantine', '--token', token)).code).toBe(0);
  expect((JSON.parse((await coming).out) as { index: number }).index).toBeGreaterThan(head);
  expect(await never).toMatchObject({ code: 2, err: expect.stringContaining('has not seen entry') as unknown });
  expect((await countersign('matrix', '--at-least', 'soon')).code).toBe(2);
});

test('a dry run needs no ledger, and writes nothing', async () => {
  const size = opened.ledger.store.size;
  const env = { ...environment, COUNTERSIGN_URL: 'http://127.0.0.1:9', COUNTERSIGN_TOKEN: '' };
  const dry = await countersignIn(env, 'import', logFile('mmlu-2025-12.eval'), '--dry-run');
  expect([dry.code, dry.err, opened.ledger.store.size]).toEqual([0, '', size]);
});

test('what a log says cannot steer the terminal that shows it', async () => {
  const file = join(folder, 'steering.json');
  writeFileSync(file, JSON.stringify({ status: 'success', eval: { model: '\u001b[2Jgone', task: 'x\ty' } }));
  const { out } = await countersign('import', file, '--dry-run');
  expect(out).not.toContain('\u001b');
  expect(out).toContain('[2Jgone');
});
