import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PartyId } from '@countersign/domain';
import { vkeyOf } from '@countersign/dossier';
import { StoryClock } from '@countersign/ledger';
import { grant, HALYARD_5_0, logFile, partnerParty, STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../server/src/application.ts';
import { openLedger, type OpenLedger } from '../../server/src/ledger.ts';
import { settingsFrom } from '../../server/src/settings.ts';
import { tellStory } from '../../server/src/tell-story.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-'));
let opened: OpenLedger;
let app: NestFastifyApplication;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
  app = await applicationOver(opened, false);
  await app.listen(0, '127.0.0.1');
  await tellStory(app, opened.ledger, opened.tokens, clock);
  const token = await opened.tokens.issue(
    { party: 'party-us-reg' as PartyId, role: 'regulator', subject: 'party-us-reg' },
    600,
  );
  environment = { ...process.env, COUNTERSIGN_URL: await app.getUrl(), COUNTERSIGN_TOKEN: token };
});
afterAll(async () => {
  await app.close();
  await opened.close();
  rmSync(folder, { recursive: true });
});

function countersign(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const main = resolve(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, ['--conditions=development', main, ...args], { env: environment });
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
  expect(csv.out.split('\n')[0]).toBe('ally,model,modality,tested,sessions');
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
