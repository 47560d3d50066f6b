import { spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PartyId } from '@countersign/domain';
import { Archive, bytesOf, nodePlatform } from '@countersign/dossier';
import { applicationOver } from '../../server/src/application.ts';
import { openLedger, type OpenLedger } from '../../server/src/ledger.ts';
import { settingsFrom } from '../../server/src/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'cli-bundle-'));
const bundle = join(folder, 'export.zip');
const policy = join(folder, 'data', 'policy');
let opened: OpenLedger;
let app: NestFastifyApplication;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  opened = await openLedger(settingsFrom({ DATA_DIR: join(folder, 'data') }, []));
  app = await applicationOver(opened, false);
  await app.listen(0, '127.0.0.1');
  const regulator = { party: 'party-us-reg' as PartyId, role: 'regulator' as const, subject: 'party-us-reg' };
  environment = { COUNTERSIGN_URL: await app.getUrl(), COUNTERSIGN_TOKEN: await opened.tokens.issue(regulator, 600) };
  expect(await countersign(['export', '--out', bundle])).toMatchObject({ code: 0, err: '' });
});
afterAll(async () => {
  await app.close();
  await opened.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
function countersign(args: readonly string[], env: NodeJS.ProcessEnv = environment, cwd = folder): Promise<Ended> {
  const main = resolve(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, ['--conditions=development', main, ...args], { env, cwd });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((done) => child.once('close', (code) => done({ code, out, err })));
}

const FILES = ['README.txt', 'report.html', 'manifest.json', 'manifest.jws', 'checkpoint.txt', 'keys.json']
  .concat(['entries.jsonl.gz', 'indices.txt.gz', 'report/in-force.json', 'report/matrix.csv', 'report/matrix.json'])
  .concat(['report/refusals.json', 'report/usage.json']);
async function filesOf(path: string): Promise<Map<string, string>> {
  const archive = new Archive(nodePlatform, bytesOf(path));
  const files = new Map<string, string>();
  for (const name of FILES) files.set(name, Buffer.from(await archive.small(name, 1e6)).toString('latin1'));
  await archive.end();
  return files;
}

test('verify needs a copy of the bundle, a policy, and nothing else: no environment, no network, no ledger', async () => {
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  copyFileSync(bundle, join(elsewhere, 'b.zip'));
  copyFileSync(policy, join(elsewhere, 'p'));
  const verified = await countersign(['verify', 'b.zip', '--policy', 'p'], {}, elsewhere);
  expect(verified).toMatchObject({ code: 0, err: '' });
  const lines = verified.out.trimEnd().split('\n');
  expect(lines.every((line) => line.startsWith('ok     '))).toBe(true);
  expect(lines[1]).toMatch(/checkpoint: .* signed by the log; by .*\+[0-9a-f]{8} \(Ed25519\), pinned by the policy$/);
  expect(verified.out).toMatch(/export-ml-dsa-44 \(ML-DSA-44\), only found in the bundle, where entry 0 names it/);
  expect(readdirSync(elsewhere).sort()).toEqual(['b.zip', 'p']);
  const json = await countersign(['verify', 'b.zip', '--policy', 'p', '--json'], {}, elsewhere);
  const said = JSON.parse(json.out) as { passed: boolean; checks: { check: string; passed: boolean }[] };
  expect([json.code, said.passed, said.checks.length]).toEqual([0, true, lines.length]);
});

test('the bundle holds what it should, marked as a demonstration wherever a person looks', async () => {
  const files = await filesOf(bundle);
  for (const name of ['README.txt', 'report.html', 'manifest.json'])
    expect(files.get(name)).toContain('Demonstration: parties, models and events are fictional.');
  const signatures = files.get('checkpoint.txt')?.split('\n\n')[1]?.trimEnd().split('\n');
  expect(signatures?.length).toBe(2);
  expect(files.get('manifest.jws')?.trimEnd().split('\n').length).toBe(2);
});

test('the same log gives the same bytes, signatures aside (R24)', async () => {
  const again = join(folder, 'again.zip');
  await countersign(['export', '--out', again]);
  const [one, other] = [await filesOf(bundle), await filesOf(again)];
  for (const name of FILES) if (name !== 'manifest.jws') expect(other.get(name)).toBe(one.get(name));
});

describe('what cannot be verified ends with 1 and words, never with a stack', () => {
  const cases: readonly [string, () => readonly string[], RegExp][] = [
    ['no such file', () => ['nowhere.zip', '--policy', policy], /FAILED archive: nowhere.zip cannot be read: ENOENT/],
    ['a folder', () => [folder, '--policy', policy], /FAILED archive: .* it is no file/],
    ['no such policy', () => [bundle, '--policy', 'nowhere'], /FAILED policy: nowhere cannot be read: ENOENT/],
    ['a policy that is none', () => [bundle, '--policy', bundle], /FAILED policy: /],
    ['garbage', () => [policy, '--policy', policy], /FAILED archive: at byte 0 there is no README.txt/],
    ['nothing', () => ['empty', '--policy', policy], /FAILED archive: the archive is cut off at byte 0/],
    ['half of it', () => ['half', '--policy', policy], /FAILED archive: the archive is cut off at byte/],
  ];
  beforeAll(() => {
    writeFileSync(join(folder, 'empty'), '');
    writeFileSync(join(folder, 'half'), readFileSync(bundle).subarray(0, 9000));
  });
  test.each(cases)('%s', async (_, args, words) => {
    const { code, out, err } = await countersign(['verify', ...args()]);
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(words);
    const json = await countersign(['verify', ...args(), '--json']);
    expect([json.code, (JSON.parse(json.out) as { passed: boolean }).passed]).toEqual([1, false]);
  });
  test('no policy at all', async () => {
    expect(await countersign(['verify', bundle])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--policy') as unknown,
    });
  });
});

describe('an export that is cut off leaves nothing that looks whole', () => {
  let server: Server;
  const serving = async (listener: RequestListener) => {
    server = createServer(listener).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const out = join(folder, 'cut', 'export.zip');
  const cut = async (listener: RequestListener): Promise<Ended> => {
    rmSync(join(folder, 'cut'), { recursive: true, force: true });
    mkdirSync(join(folder, 'cut'));
    writeFileSync(out, 'the one of yesterday');
    const ended = await countersign(['export', '--url', await serving(listener), '--out', out]);
    await new Promise((done) => server.close(done));
    expect(readdirSync(join(folder, 'cut'))).toEqual(['export.zip']);
    expect(readFileSync(out, 'utf8')).toBe('the one of yesterday');
    return ended;
  };
  const WORDS = /^countersign: the export was cut off, and nothing was written to /;
  test('the connection breaks', async () => {
    const bytes = readFileSync(bundle);
    const { code, err } = await cut((_, answer) => {
      answer.writeHead(200, { 'content-length': bytes.length });
      answer.write(bytes.subarray(0, 9000), () => answer.destroy());
    });
    expect([code, err]).toEqual([1, expect.stringMatching(WORDS)]);
  });
  test('it ends too early, but in good order', async () => {
    const { code, err } = await cut((_, answer) => answer.end(readFileSync(bundle).subarray(0, 9000)));
    expect([code, err]).toEqual([1, expect.stringMatching(WORDS)]);
  });
  test('the ledger says no', async () => {
    const { code, err } = await cut((_, answer) => answer.writeHead(403).end('{"detail":"not for you"}'));
    expect([code, err]).toEqual([1, 'countersign: 403: not for you\n']);
  });
  test('nobody is there, or there is no such folder', async () => {
    const nobody = await countersign(['export', '--url', 'http://127.0.0.1:9', '--out', out]);
    expect(nobody).toMatchObject({ code: 1, err: 'countersign: http://127.0.0.1:9 does not answer\n' });
    const nowhere = await countersign(['export', '--out', join(folder, 'nowhere', 'x.zip')]);
    expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written: ENOENT') as unknown });
  });
});
