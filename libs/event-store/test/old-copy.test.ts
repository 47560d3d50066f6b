import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openEventStoreDb, type SequencedStore } from '@countersign/event-store';
import { EventStoreDbStreams } from '../src/eventstoredb/streams.ts';

const url = process.env['EVENTSTOREDB_URL'];
const { privateKey } = generateKeyPairSync('ed25519');

/** What only a real server can show of it: nothing is signed on an event store that has less than was signed before. */
(url === undefined ? describe.skip : describe)(
  `an old copy of the event store${url === undefined ? ' (skipped: set EVENTSTOREDB_URL to a server)' : ''}`,
  () => {
    const origin = 'ledger.example/log';
    const event = () => ({ id: randomUUID(), type: 'Noted', data: randomBytes(40) });

    test('is not signed, by no process, whatever is written to it', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'old-copy-'));
      const namespace = `test-${randomUUID()}.`;
      const server = { connectionString: url as string, namespace };
      const streams = new EventStoreDbStreams({ ...server, deadlineMs: 5000 });
      const opened: SequencedStore[] = [];
      const open = async (node: string, highWaterFile: string) => {
        const store = await openEventStoreDb({
          ...server,
          origin,
          node,
          signingKey: privateKey,
          mirrorFile: join(folder, `${node}.sqlite`),
          highWaterFile: join(folder, highWaterFile),
          leaseMs: 100,
        });
        opened.push(store);
        return store;
      };
      const checkpoints = async () => {
        let count = 0;
        for await (const _ of streams.readStream('$sequencer/checkpoints')) count++;
        return count;
      };
      try {
        const first = await open('first', 'own');
        await first.append('party-a', [event()], 'none');
        await first.close();
        const signed = await checkpoints();
        // Left without a checkpoint, by a process that ended there.
        await streams.append('party-a', [event()], 0);
        // What all processes were told was signed before.
        writeFileSync(join(folder, 'ahead'), JSON.stringify({ size: 100, root: 'x' }));
        const late = await open('late', 'ahead');
        await expect(late.append('party-b', [event()], 'none')).rejects.toThrow('it is an old copy');
        await streams.append('party-a', [event()], 1);
        await new Promise((turn) => setTimeout(turn, 800));
        expect([late.readOnlyBecause, late.leads, await checkpoints()]).toEqual([
          expect.stringContaining('it is an old copy'),
          false,
          signed,
        ]);
        await late.close();
        // With the mark of what was really signed, it goes on.
        const again = await open('again', 'own');
        await again.append('party-a', [event()], 2);
        expect([again.readOnlyBecause, again.size]).toEqual([undefined, 4]);
        await again.close();
        // A damaged mirror is only a copy: it is made anew.
        writeFileSync(join(folder, 'again.sqlite'), randomBytes(50_000));
        const anew = await open('again', 'own');
        await anew.synced();
        expect([anew.readOnlyBecause, anew.size, anew.checkpoint()]).toEqual([undefined, 4, again.checkpoint()]);
      } finally {
        for (const store of opened) await store.close();
        await streams.close();
        rmSync(folder, { recursive: true });
      }
    });
  },
);
