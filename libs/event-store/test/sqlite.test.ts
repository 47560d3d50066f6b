import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from '@countersign/event-store';
import { eventStoreContract, idOf } from '../src/contract.ts';

const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const origin = 'test.example/log';
const open = (file: string) => openSqliteStore({ file, origin, signingKey: key });
const event = (name: string) => ({ id: idOf(name), type: 'countersign.Test.v1', data: Buffer.from(name) });

eventStoreContract('sqlite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  const file = join(folder, 'log.db');
  let store = await open(file);
  return {
    store,
    reopen: async () => {
      await store.close();
      return (store = await open(file));
    },
    destroy: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describe('the sqlite store', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-'));
    file = join(folder, 'log.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('has one owner', async () => {
    const store = await open(file);
    await expect(open(file)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await store.close();
    await (await open(file)).close();
  });

  test('keeps all it acknowledged when its process is killed, whose lock dies with it', async () => {
    const writer = join(import.meta.dirname, 'appending-process.ts');
    const child = spawn(process.execPath, ['--conditions=development', writer, file, origin], {
      env: { ...process.env, LOG_KEY: key },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        if (printed.length > 20_000) resolve();
      });
    });
    await expect(open(file)).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await ended;
    const acknowledged = printed.split('\n').slice(0, -1);
    const store = await open(file);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(acknowledged.filter((id) => store.indexOf(id) === undefined)).toEqual([]);
    expect(store.readOnlyBecause).toBeUndefined();
    await store.close();
  });

  test('signs nothing on an old copy of its file', async () => {
    let store = await open(file);
    await store.append('a', [event('1')], 'none');
    await store.close();
    copyFileSync(file, `${file}.old`);
    store = await open(file);
    await store.append('a', [event('2')], 0);
    await store.close();
    copyFileSync(`${file}.old`, file);
    store = await open(file);
    expect(store.readOnlyBecause).toMatch(/old copy/);
    await expect(store.append('a', [event('3')], 0)).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    expect(store.entry(0)?.id).toBe(idOf('1'));
    await store.close();
  });

  test('signs nothing on a history other than the marked one, nor under an unreadable mark', async () => {
    let store = await open(file);
    await store.append('a', [event('1')], 'none');
    await store.close();
    const mark = JSON.parse(readFileSync(`${file}.high-water`, 'utf8')) as { size: number; root: string };
    writeFileSync(`${file}.high-water`, JSON.stringify({ ...mark, root: Buffer.alloc(32).toString('base64') }));
    store = await open(file);
    expect(store.readOnlyBecause).toMatch(/another history/);
    await store.close();
    writeFileSync(`${file}.high-water`, '{');
    store = await open(file);
    expect(store.readOnlyBecause).toMatch(/cannot be read/);
    await store.close();
  });

  test('signs nothing on a damaged tree', async () => {
    let store = await open(file);
    await store.append('a', [event('1'), event('2')], 'none');
    await store.close();
    const db = new DatabaseSync(file);
    db.exec('UPDATE tiles SET hashes = zeroblob(64)');
    db.close();
    store = await open(file);
    expect(store.readOnlyBecause).toMatch(/damaged/);
    await store.close();
  });
});
