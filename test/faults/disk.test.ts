import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client';
import { EventStoreDb, onRealServer, pause } from './eventstoredb.ts';
import { judgeSound } from './judge.ts';
import { SharedLedger } from './processes.ts';

/** Gives a folder a file system of its own, which can be full; or changes the one that it has. */
const mount = (at: string, options: string) =>
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', at], { stdio: 'ignore' });
const unmount = (at: string) => {
  execFileSync('umount', ['-l', at]);
  rmSync(at, { recursive: true });
};
const newFolder = () => mkdtempSync(join(tmpdir(), 'faults-disk-'));

function cannotMount(): string | undefined {
  const at = newFolder();
  try {
    mount(at, 'size=1M');
  } catch {
    rmSync(at, { recursive: true });
    return 'skipped: it needs the right to mount a file system';
  }
  unmount(at);
  return undefined;
}

onRealServer(
  'a full disk',
  () => {
    let at: string;
    let ledger: SharedLedger;
    let db: EventStoreDb | undefined;
    beforeEach(() => {
      ledger = new SharedLedger();
      mount((at = newFolder()), 'size=64M');
    });
    afterEach(async () => {
      await ledger.destroy();
      await db?.stop();
      unmount(at);
    });

    test('loses nothing that was acknowledged, is said in words, and is over once there is room', async () => {
      const data = join(at, 'data');
      mkdirSync(data);
      db = await EventStoreDb.start(1, 5134, data);
      await ledger.startTwo(db.url, { deadlineMs: 3000 });
      await pause(1000);
      // Somebody else fills it.
      const client = EventStoreDBClient.connectionString(db.url);
      const began = Date.now();
      const filler = async () => {
        while (Date.now() - began < 60_000) {
          const data = randomBytes(500_000);
          await client.appendToStream('filler', binaryEvent({ id: randomUUID(), type: 'Filler', data }), {
            deadline: 5000,
          });
        }
        throw new Error('the disk is not full yet');
      };
      await expect(filler()).rejects.not.toThrow('the disk is not full yet');
      const full = Date.now();
      await pause(6000);
      const told = ledger.acknowledged.filter(({ at }) => at > full + 3000).length;
      const faults = ledger.running.flatMap((each) => each.faults);
      expect(told).toBe(0);
      expect(faults.length).toBeGreaterThan(0);
      for (const fault of faults) expect(fault).toMatch(/event store/);
      await client.dispose();

      mount(at, 'remount,size=600M');
      const ended = !db.runs();
      if (!ended) db.kill();
      await db.start();
      const back = Date.now();
      await pause(10_000);
      for (const { acknowledged } of ledger.running) expect(acknowledged.at(-1)?.at).toBeGreaterThan(back);
      await Promise.all(ledger.running.map((each) => each.stop()));
      const counts = await judgeSound(db.url, ledger);
      console.log(
        `full disk: the server ${ended ? 'ended itself' : 'had to be killed'}; ${counts.acknowledged} events ` +
          `acknowledged of ${counts.stored} stored, 0 lost, 0 twice; ${counts.checkpoints} checkpoints, 0 forks; it said: ` +
          [...new Set(faults)].join(' | '),
      );
    }, 240_000);
  },
  cannotMount,
);
