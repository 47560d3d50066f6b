/**
 * Commands a second over HTTP with receipt, against the same application's POST behind the same guard and validation
 * that does nothing; and the latency of a receipt at half of that rate. Rounds alternate on one process.
 */
import 'reflect-metadata';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { StoryClock } from '@countersign/ledger';
import type { PartyId } from '@countersign/domain';
import { median, type Result } from './result.ts';

// Decorators need the compiled application.
const server = '../../apps/server/dist';
const { applicationOver } = (await import(
  `${server}/application.js`
)) as typeof import('../../apps/server/src/application.ts');
const { openLedger } = (await import(`${server}/ledger.js`)) as typeof import('../../apps/server/src/ledger.ts');
const { settingsFrom } = (await import(`${server}/settings.js`)) as typeof import('../../apps/server/src/settings.ts');

const SECONDS = 4;
const ROUNDS = 3;

export async function httpBench(): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-http-'));
  const opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), new StoryClock());
  const app = await applicationOver(opened, false);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const token = await opened.tokens.issue(
    { party: 'party-custodian' as PartyId, role: 'custodian', subject: 'party-custodian' },
    3600,
  );
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  let n = 0;
  const body = () =>
    JSON.stringify({ id: `party-bench-${++n}`, name: 'A party', kind: 'allied-authority', country: 'GB' });
  const run = (path: string, connections: number, overallRate?: number) =>
    autocannon({
      url: `${url}${path}`,
      connections,
      duration: SECONDS,
      ...(overallRate === undefined ? {} : { overallRate }),
      requests: [
        {
          method: 'POST',
          setupRequest: (request) => ({
            ...request,
            headers: { ...headers, 'idempotency-key': `"bench-${n}"` },
            body: body(),
          }),
        },
      ],
    });
  try {
    const results: Result[] = [];
    let best = 0;
    for (const connections of [32, 128]) {
      const [ours, nothing]: [number[], number[]] = [[], []];
      for (let round = 0; round <= ROUNDS; round++) {
        const noop = await run('/health/no-op', connections);
        const commands = await run('/v1/parties', connections);
        if (commands.non2xx + commands.errors > 0) throw new Error(`${commands.non2xx} commands were not accepted`);
        if (round === 0) continue; // warms up
        nothing.push(noop.requests.average);
        ours.push(commands.requests.average);
      }
      best = Math.max(best, median(ours));
      results.push({
        name: `commands over HTTP with receipt, ${connections} connections`,
        value: median(ours),
        unit: 'commands/s',
        against: median(nothing),
        ratio: median(ours.map((rate, i) => rate / (nothing[i] as number))),
        target: 0.5,
        comparator: '>=',
      });
    }
    const half = await run('/v1/parties', 32, Math.floor(best / 2));
    const bare = bareWrites(folder);
    results.push(
      {
        name: 'receipt latency at half the rate, p50',
        value: half.latency.p50,
        unit: 'ms',
        against: bare,
        ratio: half.latency.p50 / bare,
        target: 10,
        comparator: '<=',
      },
      {
        name: 'receipt latency at half the rate, p99',
        value: half.latency.p99,
        unit: 'ms',
        against: 25,
        ratio: half.latency.p99 / 25,
        target: 1,
        comparator: '<=',
        note: 'against the limit of 25 ms',
      },
    );
    return results;
  } finally {
    await app.close();
    await opened.close();
    rmSync(folder, { recursive: true });
  }
}

/** The median of a bare write and `fdatasync` of a kilobyte on the same disk, in milliseconds. */
function bareWrites(folder: string): number {
  const file = openSync(join(folder, 'bare'), 'a');
  const times: number[] = [];
  for (let i = 0; i < 500; i++) {
    const started = performance.now();
    writeSync(file, Buffer.alloc(1024, i));
    fdatasyncSync(file);
    times.push(performance.now() - started);
  }
  closeSync(file);
  return median(times);
}
