import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { openEventStoreDb } from '@countersign/event-store';
import { eventStoreContract } from '../src/contract.ts';

/** A real server or cluster: `esdb://…`. Without one, these tests are skipped, and say so. */
const url = process.env['EVENTSTOREDB_URL'];
const { privateKey } = generateKeyPairSync('ed25519');

if (url === undefined)
  describe.skip('EventStoreDB (skipped: set EVENTSTOREDB_URL to a server)', () => {
    eventStoreContract('the eventstoredb store', () => Promise.reject(new Error('no server')));
  });
else
  eventStoreContract('the eventstoredb store', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eventstoredb-'));
    const namespace = `test-${randomUUID()}.`;
    const open = () =>
      openEventStoreDb({
        connectionString: url,
        namespace,
        origin: 'ledger.example/log',
        signingKey: privateKey,
        mirrorFile: join(folder, 'mirror.sqlite'),
        highWaterFile: join(folder, 'high-water'),
      });
    let store = await open();
    return {
      store,
      async reopen() {
        await store.close();
        return (store = await open());
      },
      async destroy() {
        await store.close();
        rmSync(folder, { recursive: true });
      },
    };
  });
