import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { EventStoreDb, onRealServer, pause } from './eventstoredb.ts';
import { judgeSound } from './judge.ts';
import { SharedLedger, type Appending } from './processes.ts';

onRealServer('the sequencer', () => {
  let db: EventStoreDb;
  let ledger: SharedLedger;
  beforeAll(async () => {
    db = await EventStoreDb.start(1, 5114);
  }, 90_000);
  afterAll(() => db?.stop());
  beforeEach(() => {
    ledger = new SharedLedger();
  });
  afterEach(() => ledger.destroy());

  const HOUR = 3_600_000;
  const started = async (nodes: number): Promise<Appending[]> => {
    const all = Array.from({ length: nodes }, (_, n) =>
      ledger.start(db.url, `node-${n}`, { pauseMs: 10 }, (n - 1) * 2 * HOUR),
    );
    await Promise.all(all.map(({ opened }) => opened));
    return all;
  };
  const leading = async (among: readonly Appending[]): Promise<Appending> => {
    for (let tries = 0; tries < 100; tries++) {
      const found = among.find(({ leads }) => leads);
      if (found) return found;
      await pause(100);
    }
    throw new Error('no process signs');
  };
  const sound = async (leases: number): Promise<void> => {
    const judgement = await judgeSound(db.url, ledger);
    expect(judgement.leases).toBeGreaterThanOrEqual(leases);
    console.log(
      `${judgement.acknowledged} events acknowledged, ${judgement.checkpoints} checkpoints, ${judgement.leases} changes of the lease, no fork`,
    );
  };

  test('another process signs within 5 s of the crash of the one that did, amid load', async () => {
    const all = await started(3);
    for (let crash = 0; crash < 2; crash++) {
      const alive = all.filter(({ process }) => process.signalCode === null);
      const leader = await leading(alive);
      await pause(1000);
      const killed = Date.now();
      leader.process.kill('SIGKILL');
      await leader.ended;
      await pause(6000);
      for (const each of alive.filter((one) => one !== leader)) {
        const [next] = each.acknowledged.filter(({ at }) => at > killed + 20);
        expect((next?.at ?? Infinity) - killed).toBeLessThan(5000);
      }
    }
    await Promise.all(all.map((each) => each.stop()));
    await sound(3);
  }, 60_000);

  test('two at once, one of them asleep for longer than the lease and their clocks hours apart, sign no fork', async () => {
    const all = await started(3);
    for (let round = 0; round < 3; round++) {
      const asleep = await leading(all);
      asleep.process.kill('SIGSTOP');
      asleep.leads = false;
      await pause(4500);
      const other = await leading(all.filter((each) => each !== asleep));
      expect(other).not.toBe(asleep);
      // It wakes up believing that it leads, with requests on their way.
      asleep.process.kill('SIGCONT');
      await pause(1500);
    }
    // Everybody is acknowledged again, also by the ones that slept.
    const now = Date.now();
    await pause(1500);
    for (const { acknowledged } of all) expect(acknowledged.some(({ at }) => at > now)).toBe(true);
    await Promise.all(all.map((each) => each.stop()));
    await sound(4);
  }, 90_000);

  test('a lease of no length makes everybody sign, and none of them forks', async () => {
    const all = Array.from({ length: 3 }, (_, n) => ledger.start(db.url, `node-${n}`, { pauseMs: 5, leaseMs: 1 }));
    await pause(6000);
    await Promise.all(all.map((each) => each.stop()));
    await sound(10);
  }, 60_000);
});
