/**
 * The ledger on a real EventStoreDB (`EVENTSTOREDB_URL`), against its bare client on the same server in the same run:
 * appends through the port, commands over HTTP with receipt, catch-up of an empty process, latency of a receipt.
 */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryEvent, EventStoreDBClient, FORWARDS, NO_STREAM } from '@eventstore/db-client';
import { CONTEXTS, problemsOf } from '@countersign/domain';
import { EventStoreDbStreams, openEventStoreDb } from '@countersign/event-store';
import { Vault } from '@countersign/identity';
import { Ledger, systemClock } from '@countersign/ledger';
import { partyEvents } from './entries.ts';
import { startServer } from './http.ts';
import { median, type Result } from './result.ts';

const ROUNDS = 3;
/** Entries that an empty process catches up with. */
const ENTRIES = Number(process.env['BENCH_ENTRIES'] ?? 100_000);
const bytes = randomBytes(1024);

export async function eventStoreDbBench(): Promise<Result[]> {
  const connectionString = process.env['EVENTSTOREDB_URL'];
  if (connectionString === undefined) {
    console.error('EventStoreDB: not measured, set EVENTSTOREDB_URL to a server');
    return [];
  }
  // First, while there is nothing of others: an empty process is sent past it, the bare reader begins behind it.
  const caughtUp = await catchUp(connectionString);
  return [
    ...(await appends(connectionString)),
    ...(await commands(connectionString)),
    ...(await receipts(connectionString)),
    caughtUp,
  ];
}

type Append = (stream: string, id: string, revision: number) => Promise<unknown>;

const bareAppend = (client: EventStoreDBClient, prefix: string): Append => {
  return (stream, id, revision) =>
    client.appendToStream(prefix + stream, binaryEvent({ id, type: 'countersign.Bench.v1', data: bytes }), {
      expectedRevision: revision === 0 ? NO_STREAM : BigInt(revision - 1),
    });
};
const event = (id: string) => ({ id, type: 'countersign.Bench.v1', data: bytes });

/** Each caller appends to a stream of its own, one event after the other: events a second, and how long each took. */
async function load(append: Append, callers: number, milliseconds: number) {
  const run = randomUUID();
  const latencies: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let n = 0; performance.now() - began < milliseconds; n++) {
        const started = performance.now();
        await append(`bench-${run}-${caller}`, randomUUID(), n);
        latencies.push(performance.now() - started);
      }
    }),
  );
  const rate = (latencies.length * 1000) / (performance.now() - began);
  latencies.sort((a, b) => a - b);
  const at = (q: number) => latencies[Math.floor(latencies.length * q)] ?? NaN;
  return { rate, p50: at(0.5), p99: at(0.99) };
}

async function appends(connectionString: string): Promise<Result[]> {
  const namespace = `bench-${randomUUID()}.`;
  const streams = new EventStoreDbStreams({ connectionString, namespace, deadlineMs: 10_000 });
  const bare = bareAppend(EventStoreDBClient.connectionString(connectionString), `bare-${namespace}`);
  const port: Append = (stream, id, n) => streams.append(stream, [event(id)], n === 0 ? 'none' : n - 1);
  const results: Result[] = [];
  for (const callers of [1, 32, 128]) {
    const rounds: { ours: Awaited<ReturnType<typeof load>>; theirs: Awaited<ReturnType<typeof load>> }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const theirs = await load(bare, callers, 2000);
      const ours = await load(port, callers, 2000);
      if (round > 0) rounds.push({ ours, theirs });
    }
    const of = (pick: (each: (typeof rounds)[number]) => number) => median(rounds.map(pick));
    results.push({
      name: `EventStoreDB: appends through the port, ${callers} callers`,
      value: of(({ ours }) => ours.rate),
      unit: 'events/s',
      against: of(({ theirs }) => theirs.rate),
      ratio: of(({ ours, theirs }) => ours.rate / theirs.rate),
      target: 0.8,
      comparator: '>=',
      note:
        `p50 ${of(({ ours }) => ours.p50).toFixed(1)} ms against ${of(({ theirs }) => theirs.p50).toFixed(1)}, ` +
        `p99 ${of(({ ours }) => ours.p99).toFixed(1)} ms against ${of(({ theirs }) => theirs.p99).toFixed(1)}`,
    });
  }
  await streams.close();
  return results;
}

export async function commands(connectionString: string): Promise<Result[]> {
  const bare = bareAppend(EventStoreDBClient.connectionString(connectionString), `bare-${randomUUID()}.`);
  const elsewhere = await startServer({ STORE: connectionString, STORE_NAMESPACE: `bench-${randomUUID()}.` });
  const embedded = await startServer();
  try {
    const results: Result[] = [];
    for (const connections of [32, 128]) {
      const rounds: { ours: number; theirs: number; embedded: number }[] = [];
      for (let round = 0; round <= ROUNDS; round++) {
        const theirs = (await load(bare, connections, 4000)).rate;
        const ours = await elsewhere.run('/v1/parties', connections);
        const here = await embedded.run('/v1/parties', connections);
        for (const { non2xx, errors } of [ours, here])
          if (non2xx + errors > 0) throw new Error(`${non2xx + errors} commands were not accepted`);
        if (round > 0) rounds.push({ ours: ours.requests.average, theirs, embedded: here.requests.average });
      }
      const of = (pick: (each: (typeof rounds)[number]) => number) => median(rounds.map(pick));
      results.push({
        name: `EventStoreDB: commands over HTTP with receipt, ${connections} connections, against bare appends`,
        value: of(({ ours }) => ours),
        unit: 'commands/s',
        against: of(({ theirs }) => theirs),
        ratio: of(({ ours, theirs }) => ours / theirs),
        target: 0.5,
        comparator: '>=',
        note: `the embedded store takes ${of((each) => each.embedded).toFixed(0)} commands/s, ${of((each) => each.embedded / each.ours).toFixed(1)} times as many`,
      });
    }
    return results;
  } finally {
    await elsewhere.stop();
    await embedded.stop();
  }
}

/** One caller: an append that is answered under a checkpoint, which is a second durable append. */
export async function receipts(connectionString: string): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-receipts-'));
  const bare = bareAppend(EventStoreDBClient.connectionString(connectionString), `bare-${randomUUID()}.`);
  const store = await openEventStoreDb({
    connectionString,
    namespace: `bench-${randomUUID()}.`,
    origin: 'bench.example/log',
    signingKey: generateKeyPairSync('ed25519').privateKey,
    mirrorFile: join(folder, 'mirror'),
    highWaterFile: join(folder, 'high-water'),
  });
  try {
    await store.synced();
    const rounds: { ours: number; theirs: number }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const theirs = (await load(bare, 1, 2000)).p50;
      const ours = (await load((stream, id, n) => store.append(stream, [event(id)], n === 0 ? 'none' : n - 1), 1, 2000))
        .p50;
      if (round > 0) rounds.push({ ours, theirs });
    }
    return [
      {
        name: 'EventStoreDB: receipt latency, p50, one caller',
        value: median(rounds.map(({ ours }) => ours)),
        unit: 'ms',
        against: median(rounds.map(({ theirs }) => theirs)),
        ratio: median(rounds.map(({ ours, theirs }) => ours / theirs)),
        target: 2.5,
        comparator: '<=',
      },
    ];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

/** From nothing to a view that decides, against reading the same events and doing nothing with them. */
export async function catchUp(connectionString: string): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-catch-up-'));
  const namespace = `bench-${randomUUID()}.`;
  const vault = new Vault(join(folder, 'vault'));
  const client = EventStoreDBClient.connectionString(connectionString);
  const openStore = (name: string) =>
    openEventStoreDb({
      connectionString,
      namespace,
      origin: 'bench.example/log',
      signingKey: vault.signingKey('log'),
      mirrorFile: join(folder, name),
      highWaterFile: join(folder, 'high-water'),
    });
  try {
    const each = 50;
    const writer = await openStore('writer');
    await writer.synced();
    for (let p = 0; p < ENTRIES / each;) {
      const some = Array.from({ length: Math.min(64, ENTRIES / each - p) }, () => `party-bench-${p++}`);
      await Promise.all(some.map((stream) => writer.append(stream, partyEvents(stream, each), 'none')));
    }
    await writer.close();
    let first: bigint | undefined;
    for await (const { event: found } of client.readStream(`${namespace}party-bench-0`, { maxCount: 1 }))
      first = (found as { position?: { commit: bigint } } | undefined)?.position?.commit;
    if (first === undefined) throw new Error('the entries are not there');
    const rounds: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      let started = performance.now();
      let read = 0;
      for await (const _ of client.readAll({
        fromPosition: { commit: first, prepare: first },
        direction: FORWARDS,
        maxCount: ENTRIES,
      }))
        read++;
      const theirs = (read * 1000) / (performance.now() - started);
      started = performance.now();
      const store = await openStore(`mirror-${round}`);
      const ledger = Ledger.open({
        store,
        clock: systemClock,
        persons: vault,
        deciders: CONTEXTS,
        validate: problemsOf,
        source: 'https://bench.example/log',
      });
      await store.synced();
      if (ledger.view.index !== ENTRIES - 1) throw new Error(`caught up to ${ledger.view.index}`);
      rounds.push({ ours: (ENTRIES * 1000) / (performance.now() - started), theirs });
      await store.close();
    }
    return {
      name: `EventStoreDB: catch-up of an empty process with ${ENTRIES} entries, against a bare readAll`,
      value: median(rounds.map(({ ours }) => ours)),
      unit: 'entries/s',
      against: median(rounds.map(({ theirs }) => theirs)),
      ratio: median(rounds.map(({ ours, theirs }) => ours / theirs)),
      target: 0.7,
      comparator: '>=',
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
