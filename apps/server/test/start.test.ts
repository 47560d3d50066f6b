import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { settingsFrom } from '../src/settings.ts';
import { newFolder, remove } from './serving.ts';

const root = resolve(import.meta.dirname, '../../..');
const MAIN = join(root, 'apps/server/dist/main.js');

/** The built server as `npm start` runs it, and what it said. */
interface Run {
  readonly process: ChildProcess;
  out: string;
  err: string;
  readonly ended: Promise<number | null>;
}
const running = new Set<Run>();

function run(env: Record<string, string>, ...argv: string[]): Run {
  const { PORT: _, DATA_DIR: __, HOST: ___, LOG_LEVEL: ____, ...outer } = process.env;
  const child = spawn(process.execPath, [MAIN, ...argv], { cwd: root, env: { ...outer, PORT: '0', ...env } });
  const started: Run = {
    process: child,
    out: '',
    err: '',
    ended: new Promise((done) => child.once('close', (code) => done(code))),
  };
  child.stdout.on('data', (chunk: Buffer) => (started.out += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (started.err += String(chunk)));
  running.add(started);
  void started.ended.then(() => running.delete(started));
  return started;
}
async function listening(started: Run): Promise<string> {
  for (let i = 0; i < 300; i++) {
    const url = /Countersign is at (http:\S+)/.exec(started.out)?.[1];
    if (url !== undefined && started.out.includes('stop: Ctrl-C')) return url;
    if (started.process.exitCode !== null) break;
    await new Promise((turn) => setTimeout(turn, 100));
  }
  throw new Error(`it did not start: ${started.out}${started.err}`);
}
async function stop(started: Run): Promise<void> {
  started.process.kill('SIGTERM');
  await started.ended;
}
/** What a user pastes into a shell, in the project's folder. */
const shell = (commands: string): string =>
  execFileSync('/bin/bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

beforeAll(() => {
  execFileSync(process.execPath, ['--conditions=development', 'scripts/build.ts'], { cwd: root, stdio: 'ignore' });
}, 60_000);
afterEach(async () => {
  for (const each of running) await stop(each);
});

describe('a start on an empty folder', () => {
  const folder = join(newFolder(), "a folder with a space and a 'quote'");
  afterAll(() => remove(join(folder, '..')));

  test('tells the story, and prints tokens, the matrix, three commands that work, and last the URL', async () => {
    const first = run({ DATA_DIR: folder });
    const url = await listening(first);
    const lines = first.out.trimEnd().split('\n');
    const tokens = lines.filter((line) => /^ {2}party-[\w-]+ \([\w-]+\): eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(line));
    expect(tokens.length).toBe(21);
    expect(lines.filter((line) => /^ {2}[A-Z]{2} {2}(Halyard|Sextant) 5/.test(line)).length).toBe(10);
    expect(lines.at(-2)).toContain(`Countersign is at ${url}`);
    expect(lines.at(-1)).toContain(`${url}/docs`);
    const setting = lines.find((line) => line.startsWith('  export COUNTERSIGN_URL=')) as string;
    const commands = lines.filter((line) => line.startsWith('  npx countersign '));
    expect(commands.length).toBe(3);
    const [why, inForce, bundle] = commands.map((command) =>
      shell(`${setting}\n${command.replaceAll('export.zip', `"${join(folder, '..', 'export.zip')}"`)}`),
    );
    expect(why).toContain('AuthorisationIssued');
    expect(inForce).toContain('D-000117');
    expect(bundle).toMatch(/^ok +tree: /m);

    const entries = /its log has (\d+) entries/.exec(first.out)?.[1];
    await stop(first);
    expect(await first.ended).toBe(0);
    expect(
      first.err
        .split('\n')
        .filter((line) => line !== '')
        .every((line) => line.startsWith('{')),
    ).toBe(true);

    const second = run({ DATA_DIR: folder });
    await listening(second);
    expect(second.out).not.toContain('telling');
    expect(/its log has (\d+) entries/.exec(second.out)?.[1]).toBe(entries);
  }, 90_000);
});

test('a start that was cut off in the middle of the story goes on with it', async () => {
  const [whole, cut] = [newFolder(), newFolder()];
  try {
    const first = run({ DATA_DIR: whole });
    await listening(first);
    const killed = run({ DATA_DIR: cut });
    for (let i = 0; i < 200 && !killed.out.includes('telling'); i++) await new Promise((turn) => setTimeout(turn, 20));
    await new Promise((turn) => setTimeout(turn, 700));
    killed.process.kill('SIGKILL');
    await killed.ended;
    const again = run({ DATA_DIR: cut });
    await listening(again);
    const said = (each: Run) => /its log has \d+ entries/.exec(each.out)?.[0];
    expect(said(again)).toBe(said(first));
    expect(again.out.split('\n').filter((line) => / (Halyard|Sextant) 5 /.test(line))).toEqual(
      first.out.split('\n').filter((line) => / (Halyard|Sextant) 5 /.test(line)),
    );
  } finally {
    for (const each of running) await stop(each);
    remove(whole);
    remove(cut);
  }
}, 90_000);

test('with --empty there is no story, then and later', async () => {
  const folder = newFolder();
  try {
    for (const argv of [['--empty'], []]) {
      const started = run({ DATA_DIR: folder, LOG_LEVEL: 'silent' }, ...argv);
      await listening(started);
      expect(started.out).toContain('its log has 1 entries');
      expect(started.out).toContain('party-custodian (custodian): eyJ');
      await stop(started);
      expect(started.err).toBe('');
    }
  } finally {
    remove(folder);
  }
}, 60_000);

test('requests are logged unless a person reads along, or as LOG_LEVEL says', () => {
  expect(settingsFrom({}, [], false).logLevel).toBe('info');
  expect(settingsFrom({}, [], true).logLevel).toBe('warn');
  expect(settingsFrom({ LOG_LEVEL: 'debug' }, [], true).logLevel).toBe('debug');
  expect(settingsFrom({}, [])).toMatchObject({ port: 3000, host: '127.0.0.1', dataDir: resolve('data') });
});

describe('what stands in the way of a start is said in one sentence, with exit code 1', () => {
  const folder = newFolder();
  let other: Server;
  beforeAll(async () => {
    other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  });
  afterAll(() => {
    other.close();
    remove(folder);
  });
  const refusal = async (started: Run) => {
    expect(await started.ended).toBe(1);
    expect(started.err.trimEnd().split('\n').length).toBe(1);
    return started.err;
  };

  test('a port that is in use', async () => {
    const { port } = other.address() as AddressInfo;
    const started = run({ DATA_DIR: folder, PORT: String(port) }, '--empty');
    expect(await refusal(started)).toBe(`countersign: 127.0.0.1:${port} is in use: set PORT to another port\n`);
  }, 30_000);

  test('a host that is not here', async () => {
    const started = run({ DATA_DIR: folder, HOST: '192.0.2.1' }, '--empty');
    expect(await refusal(started)).toMatch(/^countersign: 192\.0\.2\.1 is no address of this machine: set HOST/);
  });

  test.each([
    [{ PORT: '70000' }, 'PORT=70000'],
    [{ PORT: 'web' }, 'PORT=web'],
    [{ PORT: '' }, 'PORT='],
    [{ MODE: 'test' }, 'MODE=test'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL=loud'],
    [{ EVIDENCE_LIMIT: 'much' }, 'EVIDENCE_LIMIT=much'],
    [{ ORIGIN: 'two words' }, 'ORIGIN'],
    [{ STORE: 'mysql://localhost' }, 'STORE is sqlite, or the connection string'],
    [{ STORE: 'esdb://' }, 'STORE is sqlite, or the connection string'],
    [{ STORE: 'esdb://localhost:2113', STORE_NAMESPACE: 'two words' }, 'STORE_NAMESPACE is'],
    [{ STORE: 'esdb://localhost:2113', NODE_NAME: 'a/b' }, 'NODE_NAME is'],
  ])('a bad setting %j', (env, said) => {
    expect(() => settingsFrom(env, [])).toThrow(said);
  });

  test('an option that there is not', async () => {
    expect(await refusal(run({ DATA_DIR: folder }, '--emtpy'))).toContain('--emtpy');
  });

  test('an event store that does not answer, without its credentials', async () => {
    const started = run({ DATA_DIR: folder, STORE: 'esdb://someone:secret@127.0.0.1:9?tls=false' }, '--empty');
    expect(await refusal(started)).toMatch(
      /^countersign: the store cannot write: the event store does not answer, tried for 10 s: .*\(esdb:\/\/127\.0\.0\.1:9\?tls=false\)\n$/,
    );
  }, 30_000);

  test('a data folder that another process has', async () => {
    const first = run({ DATA_DIR: folder }, '--empty');
    await listening(first);
    expect(await refusal(run({ DATA_DIR: folder }, '--empty'))).toMatch(/another process/);
  }, 30_000);
});
