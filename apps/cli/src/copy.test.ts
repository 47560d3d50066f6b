import { spawn } from 'node:child_process';
import { createHash, createPublicKey, randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PartyId } from '@countersign/domain';
import {
  COPYING,
  EventStoreDbStreams,
  openEventStoreDb,
  openSqliteTarget,
  type SequencedStore,
} from '@countersign/event-store';
import { Vault } from '@countersign/identity';
import { StoryClock, type Outcome } from '@countersign/ledger';
import { parseCheckpoint, parseNote, treeHasher, verifyConsistency } from '@countersign/log';
import { STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../server/src/application.ts';
import { openLedger, type OpenLedger } from '../../server/src/ledger.ts';
import { settingsFrom } from '../../server/src/settings.ts';
import { tellStory } from '../../server/src/tell-story.ts';

/** A real server or cluster: `esdb://…`. Without one, what needs it is skipped, and says so. */
const url = process.env['EVENTSTOREDB_URL'];
const root = mkdtempSync(join(tmpdir(), 'cli-copy-'));
const namespace = `copy-${randomUUID()}.`;
const told = join(root, 'told');
const vault = join(told, 'vault');

const serve = (env: NodeJS.ProcessEnv, clock = new StoryClock()): Promise<OpenLedger> =>
  openLedger(settingsFrom({ VAULT_DIR: vault, ...env }, ['--empty']), clock);
const onFolder = (name: string): NodeJS.ProcessEnv => ({ DATA_DIR: join(root, name) });
const onEsdb = (within = namespace): NodeJS.ProcessEnv => ({
  DATA_DIR: join(root, `server-${randomUUID()}`),
  STORE: url,
  STORE_NAMESPACE: within,
  NODE_NAME: 'one',
});

let last = 0;
const register = ({ ledger }: OpenLedger): Promise<Outcome> =>
  ledger.execute({
    type: 'RegisterParty',
    category: 'party',
    id: `party-after-${++last}`,
    actor: { party: 'party-custodian' as PartyId, role: 'custodian' },
    idempotencyKey: `after ${last}`,
    route: 'parties',
    payload: { name: 'A party', kind: 'insurer', country: 'CH' },
  });

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
function copying(from: string, to: string, ...more: string[]) {
  const main = resolve(import.meta.dirname, 'main.ts');
  const args = ['copy', '--from', from, '--to', to, '--vault', vault, '--namespace', namespace, ...more];
  const child = spawn(process.execPath, ['--conditions=development', main, ...args]);
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return { child, ended: new Promise<Ended>((done) => child.once('close', (code) => done({ code, out, err }))) };
}
const copy = (...args: Parameters<typeof copying>): Promise<Ended> => copying(...args).ended;

/** Each entry's bytes and place, and every checkpoint. */
const kept = (store: SequencedStore) => ({
  entries: [...store.entries(0, store.size)].map(({ id, type, stream, revision, index, data }) =>
    [index, id, type, stream, revision, Buffer.from(data).toString()].join(' '),
  ),
  checkpoints: Array.from({ length: store.size + 1 }, (_, at) => store.checkpointAt(at)),
});

async function keptBy(env: NodeJS.ProcessEnv): Promise<ReturnType<typeof kept>> {
  const served = await serve(env);
  const all = kept(served.ledger.store);
  await served.close();
  return all;
}

/** It goes on where it came to, and what it signs next has what was signed before. */
async function goesOn(env: NodeJS.ProcessEnv): Promise<void> {
  const served = await serve(env);
  const { store } = served.ledger;
  const before = parseCheckpoint(parseNote(store.checkpoint()).text);
  expect(await register(served)).toMatchObject({ outcome: 'done', repeated: false });
  const after = parseCheckpoint(parseNote(store.checkpoint()).text);
  expect(after).toMatchObject({ origin: before.origin, size: before.size + 1 });
  const hasher = treeHasher((data) => createHash('sha256').update(data).digest());
  const [{ size: size1, root: root1 }, { size: size2, root: root2 }] = [before, after];
  const proof = store.consistencyProof(size1, size2);
  expect(verifyConsistency(hasher, { size1, root1, size2, root2, proof })).toBe(true);
  await served.close();
}

async function isSealed(env: NodeJS.ProcessEnv): Promise<void> {
  const served = await serve(env);
  const { size } = served.ledger.store;
  await expect(register(served)).rejects.toThrow(/sealed this ledger for a move/);
  expect(served.ledger.store.size).toBe(size);
  await served.close();
}

beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  const opened = await serve(onFolder('told'), clock);
  const app = await applicationOver(opened, false);
  await app.init();
  await tellStory(app, opened.ledger, opened.tokens, clock);
  await app.close();
  await opened.close();
});
/** The story's store in a folder of its own, as it was told; with the same vault. */
function fresh(name: string): string {
  mkdirSync(join(root, name));
  for (const file of ['ledger.sqlite', 'high-water']) cpSync(join(told, file), join(root, name, file));
  return `sqlite:${join(root, name)}`;
}
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('countersign copy', () => {
  test('says what is wrong: 2 where it was not asked as it must be, 1 where it is refused', async () => {
    const [wrong, same, none, keys, serving] = await Promise.all([
      copy('folder', `sqlite:${root}/x`),
      copy(`sqlite:${told}`, `sqlite:${told}`),
      copy(`sqlite:${root}/nothing`, `sqlite:${root}/x`),
      copy(`sqlite:${told}`, `sqlite:${root}/x`, '--vault', root),
      (async () => {
        const served = await serve(onFolder('other'));
        const answer = await copy(`sqlite:${root}/other`, `sqlite:${root}/x`);
        await served.close();
        return answer;
      })(),
    ]);
    expect([wrong.code, same.code, none.code, keys.code, serving.code]).toEqual([2, 2, 1, 2, 1]);
    expect(wrong.err).toBe('countersign: folder is no store: sqlite:DATA_FOLDER or esdb://…\n');
    expect(none.err).toContain('holds no ledger');
    expect(keys.err).toContain('--vault');
    expect(serving.err).toMatch(/in use by another process/);
    for (const { err } of [wrong, same, none, keys, serving]) expect(err).not.toContain('    at ');
  });

  test('moves the story to another folder, where it goes on', async () => {
    const from = fresh('left');
    const answer = await copy(from, `sqlite:${root}/moved`);
    expect(answer).toMatchObject({ code: 0, err: '' });
    expect(answer.out).toContain(`Keys and evidence files were not copied, they are in ${vault}`);
    await isSealed(onFolder('left'));
    expect(await keptBy(onFolder('moved'))).toEqual(await keptBy(onFolder('left')));
    await goesOn(onFolder('moved'));
    const another = await copy(from, `sqlite:${root}/another`);
    expect(another).toMatchObject({ code: 1, err: expect.stringContaining('goes on there') });
  });

  test('leaves no target that a server starts on before it is finished', async () => {
    const key = createPublicKey(new Vault(vault).signingKey('log'));
    const folder = join(root, 'half');
    await (await serve(onFolder('half'))).close();
    const target = openSqliteTarget({
      file: join(folder, 'ledger.sqlite'),
      highWaterFile: join(folder, 'high-water'),
      origin: 'demo.countersign.example/log',
      publicKey: key,
    });
    await target.setMeta(COPYING, Buffer.from(randomUUID()));
    await target.close();
    await expect(serve(onFolder('half'))).rejects.toThrow(/^a ledger is being copied into this store/);
  });
});

const onServer = url === undefined ? describe.skip : describe;
onServer(`with EventStoreDB${url === undefined ? ' (skipped: set EVENTSTOREDB_URL to a server)' : ''}`, () => {
  test('the story goes there and comes back, with its bytes, its order, its checkpoints and its root', async () => {
    const from = fresh('there');
    const there = await copy(from, url as string);
    expect(there).toMatchObject({ code: 0, err: '' });
    await isSealed(onFolder('there'));
    expect(await keptBy(onEsdb())).toEqual(await keptBy(onFolder('there')));
    await goesOn(onEsdb());
    const left = await keptBy(onEsdb());
    // Somebody forgot to stop one that signs there.
    const running = await serve(onEsdb());
    expect(await register(running)).toMatchObject({ outcome: 'done' });
    // Back where it was before, which it extends.
    const back = await copy(url as string, from);
    expect(back).toMatchObject({ code: 0, err: '', out: expect.stringContaining('checkpoints, 3 of them now') });
    await expect(register(running)).rejects.toThrow(/sealed this ledger for a move/);
    await running.close();
    await isSealed(onEsdb());
    const { entries, checkpoints } = await keptBy(onFolder('there'));
    expect(entries.slice(0, left.entries.length)).toEqual(left.entries);
    expect(checkpoints.slice(0, left.checkpoints.length)).toEqual(left.checkpoints);
    expect({ entries, checkpoints }).toEqual(await keptBy(onEsdb()));
    await goesOn(onFolder('there'));
  }, 120_000);

  test('a copy that is killed on the way is signed over by nobody, and finished by the next', async () => {
    const within = `copy-${randomUUID()}.`;
    // A vault of its own: the mark in the other one is of a ledger that went further. With such a mark nothing is sealed.
    const VAULT_DIR = join(root, 'killed-vault');
    cpSync(vault, VAULT_DIR, { recursive: true });
    writeFileSync(join(VAULT_DIR, 'high-water'), JSON.stringify({ size: 100_000, root: 'of another' }));
    const server = { ...onEsdb(within), VAULT_DIR };
    const args = [fresh('killed'), url as string, '--namespace', within, '--vault', VAULT_DIR] as const;
    expect(await copy(...args)).toMatchObject({ code: 1, err: expect.stringContaining('went further') });
    rmSync(join(VAULT_DIR, 'high-water'));
    const { child, ended } = copying(...args);
    const connection = { connectionString: url as string, namespace: within };
    const streams = new EventStoreDbStreams({ ...connection, deadlineMs: 10_000 });
    for (let begun = false; !begun && child.exitCode === null; await pause(5))
      for await (const _ of streams.readStream('party-custodian')) begun = true;
    await pause(Math.random() * 300);
    child.kill('SIGKILL');
    await ended;
    await streams.close();
    await expect(serve(server)).rejects.toThrow(/^a ledger is being copied into this store/);
    const there = await openEventStoreDb({
      ...connection,
      origin: 'demo.countersign.example/log',
      signingKey: new Vault(vault).signingKey('log'),
      mirrorFile: join(root, 'mirror.sqlite'),
      highWaterFile: join(root, 'another-mark'),
      leaseMs: 100,
    });
    await there.synced();
    await pause(500);
    expect(there.leads).toBe(false);
    expect(there.readOnlyBecause).toMatch(/being copied/);
    await there.close();
    expect(await copy(...args)).toMatchObject({ code: 0, err: '' });
    await isSealed(onFolder('killed'));
    expect(await keptBy(server)).toEqual(await keptBy(onFolder('killed')));
    await goesOn(server);
  }, 120_000);
});
