/** Making all read models anew from a log, against reading and parsing the same entries. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore, type EventData } from '@countersign/event-store';
import { Vault } from '@countersign/identity';
import { decodeEntry, encodeEntry, entryOf, eventIdOf, recordedOf } from '@countersign/ledger';
import { ReadModels } from '@countersign/read-models';
import { median, type Result } from './result.ts';
import { randomUUID } from 'node:crypto';

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
      const commandId = randomUUID();
      const events: EventData[] = Array.from({ length: EACH }, (_, n) => {
        const event =
          n === 0
            ? {
                type: 'PartyRegistered',
                data: { name: 'A party', kind: 'developer', country: 'GB' },
                refs: { parties: [stream] },
              }
            : {
                type: 'PartyKeyAdded',
                data: {
                  kid: `k${n}`,
                  jwk: '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
                },
                refs: { parties: [stream] },
              };
        const now = Date.now();
        const record = {
          actor: 'system' as const,
          commandId,
          commandDigest: 'x',
          correlationId: commandId,
          occurredAt: now,
          effectiveAt: now,
          recordedAt: now,
          source: 'https://bench.example/log',
        };
        const id = eventIdOf(commandId, n);
        const entry = entryOf(event, [], { stream, revision: n, id }, record);
        return { id, type: entry.type, data: encodeEntry(entry) };
      });
      appends.push(store.append(stream, events, 'none'));
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
