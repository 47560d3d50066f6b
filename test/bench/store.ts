/**
 * Events a second through store and tree as a library: 128 concurrent appenders of one event of about 1 KB of ready
 * bytes each, durable, a signed checkpoint for each commit, against a bare `node:sqlite` loop that inserts the same
 * bytes 128 to a transaction (WAL, `synchronous=FULL`). Rounds alternate, so that both meet the same disk.
 */
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteStore } from '@countersign/event-store';
import type { Result } from './result.ts';

const APPENDERS = 128;
const EACH = 60;
const ROUNDS = 5;

interface Ready {
  id: string;
  type: string;
  data: Uint8Array;
}

export async function storeBench(): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  try {
    const store: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const events = Array.from({ length: APPENDERS * EACH }, () => ({
        id: randomUUID(),
        type: 'countersign.GrantApproved.v1',
        data: new Uint8Array(randomBytes(1024)),
      }));
      const rates = {
        bare: bareRate(join(folder, `bare-${round}`), events),
        store: await storeRate(join(folder, `store-${round}`), events),
      };
      if (round === 0) continue; // warms up
      bare.push(rates.bare);
      store.push(rates.store);
    }
    const [value, against] = [median(store), median(bare)];
    const ratio = median(store.map((rate, i) => rate / (bare[i] ?? NaN)));
    return [
      {
        name: 'store and tree',
        value,
        unit: 'events/s',
        against,
        ratio,
        target: 0.5,
        comparator: '>=',
        note: `median of ${ROUNDS} alternating rounds`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bareRate(file: string, events: readonly Ready[]): number {
  const db = new DatabaseSync(file);
  db.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE events (position INTEGER PRIMARY KEY, data BLOB NOT NULL)',
  );
  const insert = db.prepare('INSERT INTO events (data) VALUES (?)');
  const rate = perSecond(events.length);
  for (let at = 0; at < events.length; at += APPENDERS) {
    db.exec('BEGIN');
    for (const { data } of events.slice(at, at + APPENDERS)) insert.run(data);
    db.exec('COMMIT');
  }
  const result = rate();
  db.close();
  return result;
}

async function storeRate(file: string, events: readonly Ready[]): Promise<number> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const store = await openSqliteStore({ file, origin: 'bench.example/log', signingKey: privateKey });
  const rate = perSecond(events.length);
  await Promise.all(
    Array.from({ length: APPENDERS }, async (_, appender) => {
      for (let n = 0; n < EACH; n++) {
        const event = events[n * APPENDERS + appender];
        const answer = event && (await store.append(`grant-${appender}`, [event], n === 0 ? 'none' : n - 1));
        if (!answer?.appended || answer.size > store.size) throw new Error('an append was refused');
      }
    }),
  );
  const result = rate();
  await store.close();
  return result;
}

function perSecond(count: number): () => number {
  const start = performance.now();
  return () => (count * 1000) / (performance.now() - start);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

if (import.meta.main) console.log(JSON.stringify(await storeBench(), null, 2));
