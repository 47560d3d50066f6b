import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { consistencyProof, inclusionProof, rootAt } from '@countersign/log';
import { StoreReadOnlyError } from '../faults.ts';
import { MAX_ENTRY_BYTES } from '../port.ts';
import type {
  Appended,
  Conflict,
  EventData,
  ExpectedRevision,
  Position,
  SequencedStore,
  StoredEvent,
  Subscription,
} from '../port.ts';
import { follow } from '../subscription.ts';
import { fingerprintOf } from './directory.ts';
import { GroupCommit } from './group-commit.ts';
import { nodeTreeHasher } from './hasher.ts';
import { readHighWater } from './high-water.ts';
import { lockFor } from './lock.ts';
import { loadMemory, type Memory } from './memory.ts';
import { readOwnCheckpoint } from './note.ts';
import { openForReading, openForWriting } from './schema.ts';
import { SqliteWriter } from './writer.ts';

export interface SqliteStoreOptions {
  /** The data file; `.lock` and SQLite's own files are beside it. */
  file: string;
  /** Origin of the log, the first line of its checkpoints. */
  origin: string;
  /** The log's Ed25519 private key: a key object, PEM (PKCS #8) or JWK. */
  signingKey: KeyObject | string | webcrypto.JsonWebKey;
  /** Where the high-water mark is kept: not in the data file, best on another disk. Default: beside it. */
  highWaterFile?: string;
  /** Reads an existing file as it stands now, without lock and without writer. */
  readOnly?: boolean;
  /** Which streams are leaves; those whose names begin with `$` are not, unless told. */
  isLeaf?: (stream: string) => boolean;
}

const PAGE = 256;

/**
 * Opens the store, making the file if there is none.
 *
 * @throws StoreLockedError if another process has it
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<SequencedStore> {
  const { file, origin, signingKey } = options;
  const highWaterFile = options.highWaterFile ?? `${file}.high-water`;
  const isLeaf = options.isLeaf ?? ((stream: string) => !stream.startsWith('$'));
  if (options.readOnly) return new SqliteStore(openForReading(file), isLeaf, 'it was opened for reading');
  const unlock = lockFor(file);
  let db: DatabaseSync | undefined;
  try {
    db = openForWriting(file);
    const store = new SqliteStore(db, isLeaf, undefined, unlock);
    store.readOnlyBecause = store.unsound(origin, highWaterFile);
    if (store.readOnlyBecause === undefined) store.startWriting(origin, toKey(signingKey), highWaterFile);
    return store;
  } catch (fault) {
    db?.close();
    unlock();
    throw fault;
  }
}

function toKey(key: KeyObject | string | webcrypto.JsonWebKey): KeyObject {
  if (typeof key === 'string') return createPrivateKey(key);
  return 'asymmetricKeyType' in key
    ? (key as KeyObject)
    : createPrivateKey({ key: key as webcrypto.JsonWebKey, format: 'jwk' });
}

type Row = Record<string, unknown>;

class SqliteStore implements SequencedStore {
  readonly #db: DatabaseSync;
  readonly #isLeaf: (stream: string) => boolean;
  readonly #unlock: (() => void) | undefined;
  readonly #hasher = nodeTreeHasher();
  readonly #sql: Record<'event' | 'after' | 'note' | 'meta', StatementSync>;
  readonly #listeners = new Set<() => void>();
  readonly #loaded: Memory;
  #writer: SqliteWriter | undefined;
  #group: GroupCommit | undefined;
  readonly #found: string;
  #closed = false;
  readOnlyBecause: string | undefined;

  constructor(db: DatabaseSync, isLeaf: (stream: string) => boolean, readOnlyBecause?: string, unlock?: () => void) {
    this.#db = db;
    this.#isLeaf = isLeaf;
    this.#unlock = unlock;
    this.readOnlyBecause = readOnlyBecause;
    try {
      this.#loaded = loadMemory(db, this.#hasher);
    } catch (cause) {
      throw new Error('the data file is damaged. Put back the newest copy of it, and start again.', { cause });
    }
    this.#sql = {
      event: db.prepare('SELECT * FROM events WHERE position = ?'),
      after: db.prepare('SELECT * FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?'),
      note: db.prepare('SELECT note FROM checkpoints WHERE size = ?'),
      meta: db.prepare('SELECT value FROM meta WHERE key = ?'),
    };
    this.#found = String(db.prepare('SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1').get()?.['note'] ?? '');
  }

  get #memory(): Memory {
    return this.#writer?.memory ?? this.#loaded;
  }
  get #note(): string {
    return this.#writer?.note ?? this.#found;
  }

  /** Why nothing may be signed on top of this file; undefined if all is well (design.md, decision 9). */
  unsound(origin: string, highWaterFile: string): string | undefined {
    const restore = 'Put back the newest copy of the data file, one that has them all, and start again.';
    if (this.#note === '') {
      if (this.size > 0) return `the file has ${this.size} entries and no checkpoint. ${restore}`;
    } else {
      const signed = readOwnCheckpoint(this.#note);
      if (signed.origin !== origin) return `its checkpoint is of the log ${signed.origin}, not ${origin}`;
      if (signed.size !== this.size)
        return `the checkpoint is over ${signed.size} entries, the file has ${this.size}. ${restore}`;
      if (this.#rootAt(this.size) !== Buffer.from(signed.root).toString('base64')) {
        return `the tree does not have the root that the checkpoint signs: the file is damaged. ${restore}`;
      }
    }
    let mark;
    try {
      mark = readHighWater(highWaterFile);
    } catch {
      return `the high-water mark ${highWaterFile} cannot be read. Restore it, or remove it once you are sure that this file is the newest copy.`;
    }
    if (mark === undefined) return undefined;
    if (mark.size > this.size) {
      return `it has ${this.size} entries, but a checkpoint over ${mark.size} was signed before: this is an old copy. ${restore}`;
    }
    if (this.#rootAt(mark.size) !== mark.root) {
      return `the first ${mark.size} entries are not those that were signed before: this is the file of another history. ${restore}`;
    }
    return undefined;
  }

  startWriting(origin: string, key: KeyObject, highWaterFile: string): void {
    this.#writer = new SqliteWriter(this.#db, this.#loaded, this.#hasher, origin, key);
    this.#group = new GroupCommit(this.#writer, highWaterFile, () => {
      for (const listener of this.#listeners) listener();
    });
  }

  get size(): number {
    return this.#memory.directory.size;
  }

  append(stream: string, events: readonly EventData[], expected: ExpectedRevision): Promise<Appended | Conflict> {
    try {
      checkEvents(events);
      return this.#committing().append({ stream, leaf: this.#isLeaf(stream), expected, events });
    } catch (fault) {
      return Promise.reject(fault as Error);
    }
  }

  async *readStream(stream: string, from = 0): AsyncGenerator<StoredEvent> {
    const positions = this.#memory.directory.stream(stream)?.positions ?? [];
    for (let revision = from; revision < positions.length; revision++) {
      const row = this.#sql.event.get(positions[revision] ?? 0);
      if (row) yield this.#event(row);
    }
  }

  async *readAll(after: Position | null = null): AsyncGenerator<StoredEvent> {
    for (let last = Number(after ?? 0n); ;) {
      const page = this.#page(last, PAGE);
      if (page.length === 0) return;
      for (const event of page) yield event;
      last = Number(page.at(-1)?.position);
    }
  }

  subscribe(
    after: Position | null,
    handler: (event: StoredEvent) => void | Promise<void>,
    onFault?: (fault: unknown) => void,
  ): Subscription {
    return follow(
      { read: (from) => this.#page(Number(from), PAGE), listeners: this.#listeners },
      after,
      handler,
      onFault,
    );
  }

  checkpoint(): string {
    return this.#note;
  }

  checkpointAt(size: number): string | undefined {
    if (size > this.size) return undefined;
    return this.#sql.note.get(size)?.['note'] as string | undefined;
  }

  entry(index: number): StoredEvent | undefined {
    const row = this.#sql.event.get(this.#memory.directory.leafPosition(index) ?? 0);
    return row && this.#event(row);
  }

  *entries(from: number, to: number): Generator<StoredEvent> {
    for (let index = from; index < Math.min(to, this.size); index++) {
      const event = this.entry(index);
      if (event) yield event;
    }
  }

  indexOf(eventId: string): number | undefined {
    return (this.#find(eventId)?.['leaf'] as number | null | undefined) ?? undefined;
  }

  node(level: number, index: number): Uint8Array {
    if ((index + 1) * 2 ** level > this.size)
      throw new RangeError(`no complete node at level ${level}, index ${index}`);
    return this.#memory.tiles.node(level, index);
  }

  inclusionProof(index: number, size: number): Uint8Array[] {
    this.#inTree(size);
    return inclusionProof(this.#hasher, this.#memory.tiles, index, size);
  }

  consistencyProof(size1: number, size2: number): Uint8Array[] {
    this.#inTree(size2);
    return consistencyProof(this.#hasher, this.#memory.tiles, size1, size2);
  }

  getMeta(key: string): Uint8Array | undefined {
    return this.#sql.meta.get(key)?.['value'] as Uint8Array | undefined;
  }

  async setMeta(key: string, value: Uint8Array): Promise<void> {
    await this.#committing().setMeta(key, value);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#group?.close();
    this.#closed = true;
    this.#listeners.clear();
    // So that the data file alone is the whole store.
    if (this.#group) this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
    this.#unlock?.();
  }

  refuseAppends(because: string): void {
    this.readOnlyBecause ??= because;
  }

  #committing(): GroupCommit {
    if (this.#closed) throw new StoreReadOnlyError('it is closed');
    if (this.#group === undefined || this.readOnlyBecause !== undefined)
      throw new StoreReadOnlyError(this.readOnlyBecause ?? 'it has no writer');
    return this.#group;
  }

  #page(after: number, limit: number): StoredEvent[] {
    if (this.#closed) return [];
    return this.#sql.after.all(after, this.#memory.directory.last, limit).map((row) => this.#event(row));
  }

  #find(id: string): Row | undefined {
    for (const position of this.#memory.directory.candidates(fingerprintOf(id))) {
      const row = this.#sql.event.get(position);
      if (row?.['id'] === id) return row;
    }
    return undefined;
  }

  #event(row: Row): StoredEvent {
    return {
      id: row['id'] as string,
      type: row['type'] as string,
      data: row['data'] as Uint8Array,
      stream: this.#memory.directory.streamAt(row['stream'] as number).name,
      revision: row['revision'] as number,
      position: BigInt(row['position'] as number),
      index: (row['leaf'] as number | null) ?? -1,
    };
  }

  #rootAt(size: number): string | undefined {
    try {
      return Buffer.from(rootAt(this.#hasher, this.#memory.tiles, size)).toString('base64');
    } catch {
      return undefined;
    }
  }

  #inTree(size: number): void {
    if (size > this.size) throw new RangeError(`the tree has ${this.size} leaves, not ${size}`);
  }
}

function checkEvents(events: readonly EventData[]): void {
  if (events.length === 0) throw new RangeError('an append has at least one event');
  if (events.length > 1 && new Set(events.map(({ id }) => id)).size < events.length)
    throw new RangeError('an id comes twice in one append');
  const large = events.find(({ data }) => data.length > MAX_ENTRY_BYTES);
  if (large) throw new RangeError(`event ${large.id} has ${large.data.length} bytes, more than ${MAX_ENTRY_BYTES}`);
}
