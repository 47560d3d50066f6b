import { createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  EventStoreDbStreams,
  openEventStoreDb,
  openEventStoreDbTarget,
  openSqliteStore,
  openSqliteTarget,
  withoutCredentials,
  type CopyTarget,
  type SequencedStore,
} from '@countersign/event-store';
import type { Vault } from '@countersign/identity';
import { decodeEntry, type Entry } from '@countersign/ledger';
import { ClientError } from './client-error.ts';

/** Where a ledger's events are, as a person writes it. */
export type Place =
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'esdb'; readonly connectionString: string; readonly namespace: string };

/** `sqlite:DATA_FOLDER` or `esdb://…`. @throws ClientError if it is neither */
export function placeOf(text: string, namespace: string): Place {
  if (/^(esdb|kurrentdb)(\+discover)?:\/\/./.test(text))
    return { kind: 'esdb', connectionString: text.replace(/^kurrentdb/, 'esdb'), namespace };
  const [, folder] = /^sqlite:(.+)$/.exec(text) ?? [];
  if (folder === undefined)
    throw new ClientError(`${withoutCredentials(text)} is no store: sqlite:DATA_FOLDER or esdb://…`);
  return { kind: 'sqlite', folder: resolve(folder) };
}

export const nameOf = (place: Place): string =>
  place.kind === 'sqlite' ? `sqlite:${place.folder}` : withoutCredentials(place.connectionString);

/** As the server lays out its data folder. */
const dataFile = (folder: string): string => join(folder, 'ledger.sqlite');
const highWaterFile = (place: Place, vault: string): string =>
  join(place.kind === 'sqlite' ? place.folder : vault, 'high-water');

/** The ledger's entry 0: whose log it is, and by which keys. Undefined if there is no ledger. */
export async function foundingOf(place: Place): Promise<Entry | undefined> {
  if (place.kind === 'sqlite') {
    if (!existsSync(dataFile(place.folder))) return undefined;
    const store = await openSqliteStore({ file: dataFile(place.folder), origin: '', signingKey: '', readOnly: true });
    const first = store.entry(0);
    await store.close();
    return first && decodeEntry(first.data);
  }
  const streams = new EventStoreDbStreams({ ...place, deadlineMs: 10_000 });
  try {
    for await (const { data } of streams.readStream('custody-ledger')) return decodeEntry(data);
    return undefined;
  } finally {
    await streams.close();
  }
}

/** The log's key, as entry 0 names it. @throws ClientError if the vault has not that key */
export function logKeyOf(founded: Entry, vault: Vault, folder: string): KeyObject {
  const named = founded.data['keys'] as readonly { readonly purpose: string; readonly jwk: string }[];
  const missing = new ClientError(
    `${folder} has not the log's signing key that entry 0 names: say --vault, the folder of the keys`,
  );
  // Asked for, it would be made.
  if (!existsSync(join(folder, 'keys', 'log.pem'))) throw missing;
  const key = vault.signingKey('log');
  const jwk = JSON.stringify(createPublicKey(key).export({ format: 'jwk' }));
  if (named.find(({ purpose }) => purpose === 'log')?.jwk !== jwk) throw missing;
  return key;
}

export interface OpenSource {
  readonly store: SequencedStore;
  /** Ends the use of it; `done`: what was made to read it is not needed again. */
  close(done: boolean): Promise<void>;
}

/** Opens the store that a ledger leaves: for writing, since it gets the seal. */
export async function openSource(
  from: Place,
  to: Place,
  { origin, key, vault }: { readonly origin: string; readonly key: KeyObject; readonly vault: string },
): Promise<OpenSource> {
  const shared = { origin, signingKey: key, highWaterFile: highWaterFile(from, vault) };
  if (from.kind === 'sqlite') {
    const store = await openSqliteStore({ ...shared, file: dataFile(from.folder) });
    return { store, close: () => store.close() };
  }
  // The source's events are read once, and again from here: kept for when this is interrupted, where there is a place.
  const kept = to.kind === 'sqlite' ? join(to.folder, 'copy') : mkdtempSync(join(tmpdir(), 'countersign-copy-'));
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  const store = await openEventStoreDb({ ...from, ...shared, node: 'copy', mirrorFile: join(kept, 'mirror.sqlite') });
  return {
    store,
    close: async (done) => {
      await store.close();
      if (done || to.kind !== 'sqlite') rmSync(kept, { recursive: true, force: true });
    },
  };
}

/** Opens the store that a ledger comes to. */
export async function openTarget(
  to: Place,
  { origin, key, vault }: { readonly origin: string; readonly key: KeyObject; readonly vault: string },
): Promise<CopyTarget> {
  const shared = { origin, publicKey: createPublicKey(key), highWaterFile: highWaterFile(to, vault) };
  if (to.kind === 'esdb') return await openEventStoreDbTarget({ ...to, ...shared });
  mkdirSync(to.folder, { recursive: true, mode: 0o700 });
  return openSqliteTarget({ ...shared, file: dataFile(to.folder) });
}
