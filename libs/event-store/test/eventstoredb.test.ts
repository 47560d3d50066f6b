import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client';
import {
  EventStoreDbStreams,
  openEventStoreDb,
  type EventStoreDbOptions,
  type SequencedStore,
} from '@countersign/event-store';
import { parseCheckpoint, parseNote } from '@countersign/log';
import { eventStoreContract, idOf } from '../src/contract.ts';
import { checkpointSigner } from '../src/sqlite/note.ts';
import { Proxy } from '../../../test/faults/proxy.ts';

/** A real server or cluster: `esdb://…`. Without one, these tests are skipped, and say so. */
const url = process.env['EVENTSTOREDB_URL'];
const { privateKey } = generateKeyPairSync('ed25519');
const event = (name: string) => ({ id: idOf(name), type: 'countersign.Test.v1', data: Buffer.from(name) });
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

async function untilDone(ask: () => Promise<unknown> | undefined): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await ask();
      return;
    } catch (fault) {
      if (tries > 20) throw fault;
      await pause(300);
    }
  }
}

/** The processes of one ledger: a folder for each one's mirror, and the mark that they share. */
function ledgerOn(connectionString: string) {
  const folder = mkdtempSync(join(tmpdir(), 'eventstoredb-'));
  const namespace = `test-${randomUUID()}.`;
  const files = { mirror: join(folder, 'mirror-a.sqlite'), mark: join(folder, 'high-water') };
  const open = (process = 'a', more: Partial<EventStoreDbOptions> = {}): Promise<SequencedStore> =>
    openEventStoreDb({
      connectionString,
      namespace,
      origin: 'ledger.example/log',
      signingKey: privateKey,
      mirrorFile: join(folder, `mirror-${process}.sqlite`),
      highWaterFile: files.mark,
      node: process,
      ...more,
    });
  return { namespace, files, open, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

if (url === undefined) {
  process.stderr.write('libs/event-store: EventStoreDB skipped: set EVENTSTOREDB_URL to a server\n');
  describe.skip('EventStoreDB (skipped: set EVENTSTOREDB_URL to a server)', () => {
    eventStoreContract('the eventstoredb store', () => Promise.reject(new Error('no server')));
  });
} else {
  eventStoreContract('the eventstoredb store', async () => {
    const ledger = ledgerOn(url);
    let store = await ledger.open();
    return {
      store,
      async reopen() {
        await store.close();
        return (store = await ledger.open());
      },
      another: () => ledger.open('b'),
      async destroy() {
        await store.close();
        ledger.remove();
      },
    };
  });

  describe('the eventstoredb store', () => {
    let ledger: ReturnType<typeof ledgerOn>;
    let store: SequencedStore | undefined;
    const client = EventStoreDBClient.connectionString(url);
    afterAll(() => client.dispose());
    beforeEach(() => {
      ledger = ledgerOn(url);
    });
    afterEach(async () => {
      await store?.close();
      store = undefined;
      ledger.remove();
    });
    const fill = async (into: SequencedStore, names: readonly string[]) => {
      for (const name of names) await into.append(`s-${name.length % 3}`, [event(name)], 'any');
    };

    test('makes its mirror anew from the event store alone, with every historic root', async () => {
      store = await ledger.open();
      await fill(
        store,
        Array.from({ length: 40 }, (_, n) => `e${n}`),
      );
      const checkpoints = Array.from({ length: 41 }, (_, size) => store?.checkpointAt(size));
      expect(checkpoints.filter((each) => each !== undefined).length).toBeGreaterThan(10);
      await store.close();
      for (const end of ['', '-wal', '-shm']) rmSync(`${ledger.files.mirror}${end}`, { force: true });
      store = await ledger.open();
      await store.synced();
      expect(store.size).toBe(40);
      // Each is held against the tree when it comes by: a root that does not come again ends all signing.
      expect(Array.from({ length: 41 }, (_, size) => store?.checkpointAt(size))).toEqual(checkpoints);
      expect(store.readOnlyBecause).toBeUndefined();
      await fill(store, ['one more']);
      expect(store.size).toBe(41);
    });

    test('refuses appends while a stream of its own has a retention setting, and goes on when it is taken back', async () => {
      store = await ledger.open();
      await fill(store, ['1']);
      const stream = `${ledger.namespace}s-1`;
      await client.setStreamMetadata(stream, { maxCount: 1 });
      for (let i = 0; i < 100 && store.readOnlyBecause === undefined; i++) await pause(50);
      expect(store.readOnlyBecause).toMatch(/s-1 has the retention setting \$maxCount/);
      await expect(store.append('a', [event('2')], 'any')).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
      expect(store.size).toBe(1);
      // Another process finds it too, at its start.
      const other = await ledger.open('b');
      await other.synced();
      expect(other.readOnlyBecause).toMatch(/retention/);
      await other.close();
      await client.setStreamMetadata(stream, {});
      for (let i = 0; i < 100 && store.readOnlyBecause !== undefined; i++) await pause(50);
      await fill(store, ['3']);
      expect(store.size).toBe(2);
    });

    test('refuses appends when one of its streams was deleted', async () => {
      store = await ledger.open();
      await fill(store, ['1']);
      await client.deleteStream(`${ledger.namespace}s-1`);
      for (let i = 0; i < 100 && store.readOnlyBecause === undefined; i++) await pause(50);
      await expect(store.append('a', [event('2')], 'any')).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
    });

    test('signs nothing on an event store that is behind what was signed', async () => {
      store = await ledger.open();
      await fill(store, ['1', '2']);
      await store.close();
      const mark = JSON.parse(readFileSync(ledger.files.mark, 'utf8')) as { size: number };
      writeFileSync(ledger.files.mark, JSON.stringify({ ...mark, size: 3 }));
      // Leaves without a checkpoint, as a restored copy may have them: whoever opens it must not sign those either.
      await client.appendToStream(`${ledger.namespace}left`, [
        {
          id: randomUUID(),
          type: 'x',
          contentType: 'application/octet-stream',
          data: Buffer.from('x'),
          metadata: undefined,
        } as never,
      ]);
      for (const fresh of [false, true]) {
        if (fresh) for (const end of ['', '-wal', '-shm']) rmSync(`${ledger.files.mirror}${end}`, { force: true });
        store = await ledger.open('a', { leaseMs: 50 });
        await store.synced();
        await pause(1000);
        expect(store.readOnlyBecause).toMatch(/old copy/);
        await expect(store.append('a', [event('3')], 'any')).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
        expect(store.size).toBe(2);
        expect(store.entry(1)).toBeDefined();
        await store.close();
      }
      // The mark alone is gone: nobody can say.
      rmSync(ledger.files.mark);
      store = await ledger.open();
      await store.synced();
      expect(store.readOnlyBecause).toMatch(/mark .* is missing/);
      expect(existsSync(ledger.files.mark)).toBe(false);
    });

    test('a checkpoint by another key, or of another tree, ends all signing on every process and for good', async () => {
      const other = generateKeyPairSync('ed25519').privateKey;
      for (const [key, root, says] of [
        [other, undefined, 'not by the key'],
        [privateKey, randomBytes(32), 'of another tree'],
      ] as const) {
        const process = ledgerOn(url);
        store = await process.open();
        await fill(store, ['1', '2']);
        const signed = parseCheckpoint(parseNote(store.checkpoint()).text);
        const note = checkpointSigner('ledger.example/log', key)(2, root ?? signed.root);
        const forged = binaryEvent({ id: randomUUID(), type: 'countersign.Checkpoint.v1', data: Buffer.from(note) });
        await client.appendToStream(`${process.namespace}$sequencer/checkpoints`, forged);
        for (let i = 0; i < 100 && store.readOnlyBecause === undefined; i++) await pause(50);
        for (let opened = 0; ; opened++) {
          expect(store.readOnlyBecause).toContain(says);
          await expect(store.append('a', [event('3')], 'any')).rejects.toMatchObject({ code: 'STORE_READ_ONLY' });
          expect(store.checkpoint()).not.toBe(note);
          expect(store.entry(1)).toBeDefined();
          await store.close();
          if (opened === 2) break;
          // On the mirror that has seen it, and on one that is made anew.
          store = await process.open(opened === 0 ? 'a' : 'b');
          await store.synced().catch(() => undefined);
        }
        process.remove();
      }
    });

    test('a mirror whose making was interrupted is made anew, whatever is in it', async () => {
      store = await ledger.open();
      await fill(store, ['1', '2', '3']);
      await store.close();
      const mirror = new DatabaseSync(ledger.files.mirror);
      mirror.exec("DELETE FROM events WHERE position = 2; INSERT INTO source VALUES ('spoilt', 'yes')");
      mirror.close();
      store = await ledger.open();
      await store.synced();
      expect([...store.entries(0, 3)].map(({ data }) => Buffer.from(data).toString())).toEqual(['1', '2', '3']);
      expect(store.readOnlyBecause).toBeUndefined();
      const after = new DatabaseSync(ledger.files.mirror, { readOnly: true });
      expect(after.prepare("SELECT * FROM source WHERE key = 'spoilt'").get()).toBeUndefined();
      expect(after.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      after.close();
    });

    test('says so when there is no server, and ends every promise', async () => {
      // A port that nothing listens on: one that was free a moment ago.
      const free = createServer().listen(0, '127.0.0.1');
      await new Promise((listening) => free.once('listening', listening));
      const { port } = free.address() as { port: number };
      await new Promise((closed) => free.close(closed));
      const away = ledgerOn(`esdb://user:secret@127.0.0.1:${port}?tls=false`);
      const fault = away.open('a', { deadlineMs: 1500 });
      await expect(fault).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(fault).rejects.toThrow(/does not answer, tried for 1.5 s/);
      await expect(fault).rejects.not.toThrow(/secret/);
      away.remove();
    });

    test('delivers once what a handler is still at when the connection is cut', async () => {
      const port = Number(/:(\d+)/.exec(url)?.[1] ?? 2113);
      const proxy = await Proxy.before(port, 0);
      const namespace = `test-${randomUUID()}.`;
      const open = (at: number) =>
        new EventStoreDbStreams({ connectionString: `esdb://127.0.0.1:${at}?tls=false`, namespace, deadlineMs: 5000 });
      const [far, near] = [open(proxy.port), open(port)];
      await near.append('s', [event('1'), event('2')], 'none');
      const delivered: string[] = [];
      let [atOnce, most] = [0, 0];
      const subscription = far.subscribe(null, async ({ data }) => {
        delivered.push(Buffer.from(data).toString());
        most = Math.max(most, ++atOnce);
        if (delivered.length === 1) proxy.cut(true);
        await pause(500);
        atOnce--;
      });
      try {
        for (let i = 0; i < 100 && delivered.length < 2; i++) await pause(50);
        await pause(700);
        expect(delivered).toEqual(['1', '2']);
        expect(most).toBe(1);
      } finally {
        subscription.close();
        await Promise.all([far.close(), near.close()]);
        proxy.close();
      }
    });

    test('says so when the server goes away, ends every promise, and goes on when it is back', async () => {
      const port = Number(/:(\d+)/.exec(url)?.[1] ?? 2113);
      const proxy = await Proxy.before(port, 0);
      const far = ledgerOn(`esdb://127.0.0.1:${proxy.port}?tls=false`);
      store = await far.open('a', { deadlineMs: 1500 });
      // A server that holds much of others takes longer than that to be looked through the first time.
      await untilDone(() => store?.append('a', [event('1')], 'none'));
      proxy.refuse(4000);
      proxy.cut(true);
      const began = performance.now();
      const outcomes = await Promise.allSettled([
        store.append('a', [event('2')], 'any'),
        store.append('b', [event('3')], 'none'),
        store.synced(),
        store.setMeta('mark', Uint8Array.of(1)),
      ]);
      expect(performance.now() - began).toBeLessThan(3500);
      for (const outcome of outcomes)
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
      expect(store.awayBecause).toBeDefined();
      expect(store.entry(0)).toBeDefined();
      await untilDone(() => store?.append('a', [event('2')], 'any'));
      await store.synced();
      expect(store.awayBecause).toBeUndefined();
      expect(store.size).toBe(2);
      await store.close();
      store = undefined;
      proxy.close();
      far.remove();
    });
  });
}
