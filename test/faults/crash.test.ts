import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { EventStoreDb, onRealServer, pause } from './eventstoredb.ts';
import { judgeSound, longestSilence } from './judge.ts';
import { SharedLedger } from './processes.ts';
import { misbehave, Proxy } from './proxy.ts';

/** How long the way to the server misbehaves, in seconds. */
const SECONDS = Number(process.env['FAULTS_SECONDS'] ?? 30);
/** How often nodes are killed. */
const CRASHES = Number(process.env['FAULTS_CRASHES'] ?? 2);

onRealServer('amid faults', () => {
  let ledger: SharedLedger;
  let db: EventStoreDb;
  beforeEach(() => {
    ledger = new SharedLedger();
  });
  afterEach(async () => {
    await ledger.destroy();
    await db.stop();
  });

  /** Milliseconds until each process was acknowledged something again, of the one that waited longest. */
  const resumedAfter = (from: number): number =>
    Math.max(...ledger.running.map(({ acknowledged }) => (acknowledged.find(({ at }) => at > from)?.at ?? NaN) - from));
  /** The longest that any of them was acknowledged nothing: the last from before a fault may come after it. */
  const silenceAfter = (from: number): number =>
    Math.max(
      ...ledger.running.map(({ acknowledged }) =>
        longestSilence([from, ...acknowledged.map(({ at }) => at).filter((at) => at > from), Date.now()]),
      ),
    );
  const sound = async (what: string, resumed: readonly number[]): Promise<void> => {
    await Promise.all(ledger.running.map((each) => each.stop()));
    const counts = await judgeSound(db.url, ledger);
    expect(ledger.running.map(({ readOnly }) => readOnly)).toEqual(ledger.running.map(() => undefined));
    const silence = longestSilence(ledger.acknowledged.map(({ at }) => at));
    const seconds = resumed.map((each) => (each / 1000).toFixed(1)).join(', ');
    console.log(
      `${what}: ${counts.acknowledged} events acknowledged of ${counts.stored} stored, 0 lost, 0 twice; ` +
        `${counts.checkpoints} checkpoints, 0 forks; all resumed after ${seconds} s; nobody acknowledged for at most ` +
        `${(silence / 1000).toFixed(1)} s; ${ledger.running.reduce((sum, { faults }) => sum + faults.length, 0)} appends to be handed in again`,
    );
  };

  test(
    'a node that is killed and started again has every acknowledged event once and in order',
    async () => {
      db = await EventStoreDb.start(1, 5115);
      await ledger.startTwo(db.url);
      const resumed: number[] = [];
      for (let crash = 0; crash < CRASHES; crash++) {
        await pause(3000);
        db.kill();
        await pause(2500);
        await db.start();
        const back = Date.now();
        await pause(6000);
        resumed.push(resumedAfter(back));
        expect(resumed.at(-1)).toBeLessThan(5000);
      }
      await sound('one node killed', resumed);
    },
    60_000 + CRASHES * 40_000,
  );

  test(
    'a cluster that loses its leader loses nothing that was acknowledged',
    async () => {
      db = await EventStoreDb.start(3, 5120);
      await ledger.startTwo(db.url);
      const resumed: number[] = [];
      let revived = 0;
      for (let crash = 0; crash < CRASHES; crash++) {
        await pause(3000);
        const killed = Date.now();
        db.kill(await db.leader());
        await pause(12_000);
        resumed.push(silenceAfter(killed));
        expect(resumed.at(-1)).toBeLessThan(11_000);
        revived += await db.whole();
      }
      await sound(`leader of three nodes killed (${revived} nodes started again)`, resumed);
    },
    120_000 + CRASHES * 90_000,
  );

  test(
    'a leader that stood still while another was elected acknowledges nothing that is lost',
    async () => {
      db = await EventStoreDb.start(3, 5130);
      await ledger.startTwo(db.url);
      const resumed: number[] = [];
      for (let round = 0; round < CRASHES; round++) {
        await pause(3000);
        const before = await db.leader();
        db.freeze(before);
        // The others take six seconds to agree that it is gone, and sometimes tell each other for minutes that it is not.
        const frozen = Date.now();
        let leader = before;
        while (leader === before && Date.now() - frozen < 40_000) {
          await pause(250);
          leader = await db.leader().catch(() => before);
        }
        const since = Date.now();
        await pause(10_000);
        // It comes back and takes itself for the leader still, with requests in its sockets.
        db.thaw(before);
        if (leader !== before) {
          resumed.push(resumedAfter(since));
          expect(resumed.at(-1)).toBeLessThan(8000);
        }
        await pause(6000);
        await db.whole();
      }
      expect(resumed.length).toBeGreaterThan(0);
      await sound(`leader of three nodes frozen and woken, ${resumed.length} elections meanwhile`, resumed);
    },
    120_000 + CRASHES * 90_000,
  );

  test(
    'connections that are delayed, dropped and cut at random lose nothing, and nothing ends a process',
    async () => {
      db = await EventStoreDb.start(1, 5116);
      const proxies = await Promise.all([4316, 4317].map((port) => Proxy.before(5116, port)));
      try {
        for (const [n, node] of ['a', 'b'].entries())
          ledger.start(`esdb://127.0.0.1:${4316 + n}?tls=false`, node, { pauseMs: 5 });
        await Promise.all(ledger.running.map(({ opened }) => opened));
        await misbehave(proxies, SECONDS * 1000);
        const calm = Date.now();
        await pause(15_000);
        const resumed = resumedAfter(calm);
        expect(resumed).toBeLessThan(15_000);
        await sound(`${SECONDS} s of faults (${proxies.map(({ counts }) => JSON.stringify(counts)).join(', ')})`, [
          resumed,
        ]);
      } finally {
        for (const proxy of proxies) proxy.close();
      }
    },
    90_000 + SECONDS * 1000,
  );
});
