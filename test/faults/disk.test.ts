import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client';
import { cannotStart, EventStoreDb, pause } from './eventstoredb.ts';
import { judge } from './judge.ts';
import { SharedLedger } from './processes.ts';

/** A file system of its own, which can be full; undefined if this user may not mount one. */
function smallDisk(megabytes: number): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'faults-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}M`, 'none', at], { stdio: 'ignore' });
    return at;
  } catch {
    rmSync(at, { recursive: true });
    return undefined;
  }
}

const disk = cannotStart === undefined ? smallDisk(64) : undefined;
const cannot = cannotStart ?? (disk === undefined ? 'skipped: it needs the right to mount a file system' : undefined);
if (cannot !== undefined && cannotStart === undefined) process.stderr.write(`test/faults/disk ${cannot}\n`);

(cannot === undefined ? describe : describe.skip)(
  `a full disk, on a real server${cannot === undefined ? '' : ` (${cannot})`}`,
  () => {
    const at = disk as string;
    let ledger: SharedLedger;
    let db: EventStoreDb;
    beforeEach(() => {
      ledger = new SharedLedger();
    });
    afterEach(async () => {
      await ledger.destroy();
      await db.stop();
      execFileSync('umount', ['-l', at]);
      rmSync(at, { recursive: true });
    });

    test('loses nothing that was acknowledged, is said in words, and is over once there is room', async () => {
      const data = join(at, 'data');
      mkdirSync(data);
      db = await EventStoreDb.start(1, 5134, data);
      for (const node of ['a', 'b']) ledger.start(db.url, node, { pauseMs: 5, deadlineMs: 3000 });
      await Promise.all(ledger.running.map(({ opened }) => opened));
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

      execFileSync('mount', ['-o', 'remount,size=600M', at]);
      const ended = !db.runs();
      if (!ended) db.kill();
      await db.start();
      const back = Date.now();
      await pause(10_000);
      for (const { acknowledged } of ledger.running) expect(acknowledged.at(-1)?.at).toBeGreaterThan(back);
      await Promise.all(ledger.running.map((each) => each.stop()));
      const { lost, twice, misplaced, forked, ...counts } = await judge(db.url, ledger);
      expect({ lost, twice, misplaced, forked }).toEqual({ lost: [], twice: [], misplaced: [], forked: [] });
      expect(ledger.running.flatMap(({ uncaught }) => uncaught)).toEqual([]);
      console.log(
        `full disk: the server ${ended ? 'ended itself' : 'had to be killed'}; ${counts.acknowledged} events ` +
          `acknowledged of ${counts.stored} stored, 0 lost, 0 twice; ${counts.checkpoints} checkpoints, 0 forks; it said: ` +
          [...new Set(faults)].join(' | '),
      );
    }, 240_000);
  },
);
