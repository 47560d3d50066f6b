/** Making all read models anew from a log, against reading and parsing the same entries. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '@countersign/event-store';
import { Vault } from '@countersign/identity';
import { decodeEntry, recordedOf } from '@countersign/ledger';
import { ReadModels } from '@countersign/read-models';
import { partyEvents } from './entries.ts';
import { median, type Result } from './result.ts';

const PARTIES = 2_000;
const EACH = 10;

export async function rebuildBench(): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-rebuild-'));
  const vault = new Vault(join(folder, 'vault'));
  const store = await openSqliteStore({
    file: join(folder, 'ledger.sqlite'),
    origin: 'bench.example/log',
    signingKey: vault.signingKey('log'),
  });
  try {
    const appends: Promise<unknown>[] = [];
    for (let p = 0; p < PARTIES; p++) {
      const stream = `party-bench-${p}`;
      appends.push(store.append(stream, partyEvents(stream, EACH), 'none'));
    }
    await Promise.all(appends);
    const [ours, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round <= 3; round++) {
      let started = performance.now();
      for (const { data } of store.entries(0, store.size)) JSON.parse(Buffer.from(data).toString('utf8'));
      const plain = performance.now() - started;
      started = performance.now();
      const models = ReadModels.open(join(folder, `models-${round}.sqlite`), {
        get: (index) => {
          const stored = store.entry(index);
          return stored && recordedOf(decodeEntry(stored.data), index);
        },
        indexOf: (id) => store.indexOf(id),
      });
      await models.catchUp(() => store.size - 1);
      const rebuilt = performance.now() - started;
      models.close();
      if (round === 0) continue; // warms up
      bare.push(plain);
      ours.push(rebuilt);
    }
    const rate = (ms: number) => Math.round(store.size / (ms / 1000));
    return [
      {
        name: `rebuild read models from ${store.size} entries`,
        value: rate(median(ours)),
        unit: 'entries/s',
        against: rate(median(bare)),
        ratio: median(ours.map((ms, i) => (bare[i] as number) / ms)),
        target: 0.25,
        comparator: '>=',
      },
    ];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}
