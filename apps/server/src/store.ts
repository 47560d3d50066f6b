import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { openEventStoreDb, openSqliteStore, type SequencedStore } from '@countersign/event-store';
import type { Settings } from './settings.ts';

/**
 * The store that the settings name. On an event store the high-water mark is in the vault, which all processes share; what
 * is in the data folder then is a copy that any of them can make again.
 */
export function openStore(
  { store, dataDir, vaultDir, origin, node }: Settings,
  signingKey: KeyObject,
): Promise<SequencedStore> {
  if (store === 'sqlite')
    return openSqliteStore({
      file: join(dataDir, 'ledger.sqlite'),
      origin,
      signingKey,
      highWaterFile: join(dataDir, 'high-water'),
    });
  return openEventStoreDb({
    ...store,
    origin,
    signingKey,
    node,
    mirrorFile: join(dataDir, 'mirror.sqlite'),
    highWaterFile: join(vaultDir, 'high-water'),
  });
}
