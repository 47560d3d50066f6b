import type { KeyObject, webcrypto } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { StoreReadOnlyError } from '../faults.ts';
import { checkEvents } from '../check-events.ts';
import type { Conflict, EventData, ExpectedRevision, Sequenced, SequencedStore } from '../port.ts';
import { GroupCommit } from './group-commit.ts';
import { nodeTreeHasher } from './hasher.ts';
import { readHighWater, writeHighWater } from './high-water.ts';
import { lockFor } from './lock.ts';
import { loadMemory, type Memory } from './memory.ts';
import { readOwnCheckpoint, signingKeyOf } from './note.ts';
import { openForReading, openForWriting } from './schema.ts';
import { StoredLog } from './stored-log.ts';
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
    if (store.readOnlyBecause === undefined) store.startWriting(origin, signingKeyOf(signingKey), highWaterFile);
    return store;
  } catch (fault) {
    db?.close();
    unlock();
    throw fault;
  }
}

class SqliteStore extends StoredLog implements SequencedStore {
  readonly #isLeaf: (stream: string) => boolean;
  readonly #unlock: (() => void) | undefined;
  readonly #loaded: Memory;
  #writer: SqliteWriter | undefined;
  #group: GroupCommit | undefined;
  readonly #found: string;
  readOnlyBecause: string | undefined;

  constructor(db: DatabaseSync, isLeaf: (stream: string) => boolean, readOnlyBecause?: string, unlock?: () => void) {
    super(db, nodeTreeHasher());
    this.#isLeaf = isLeaf;
    this.#unlock = unlock;
    this.readOnlyBecause = readOnlyBecause;
    try {
      this.#loaded = loadMemory(db, this.hasher);
    } catch (cause) {
      throw new Error('the data file is damaged. Put back the newest copy of it, and start again.', { cause });
    }
    this.#found = String(db.prepare('SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1').get()?.['note'] ?? '');
  }

  protected override get memory(): Memory {
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
      if (this.rootAt(this.size) !== Buffer.from(signed.root).toString('base64')) {
        return `the tree does not have the root that the checkpoint signs: the file is damaged. ${restore}`;
      }
    }
    let mark;
    try {
      mark = readHighWater(highWaterFile);
    } catch {
      return `the high-water mark ${highWaterFile} cannot be read. Restore it, or remove it once you are sure that this file is the newest copy.`;
    }
    if (mark === undefined)
      return this.size === 0
        ? undefined
        : `the high-water mark ${highWaterFile} is missing, and without it nobody can say whether this file is the newest copy. ${restore}`;
    if (mark.size > this.size) {
      return `it has ${this.size} entries, but a checkpoint over ${mark.size} was signed before: this is an old copy. ${restore}`;
    }
    if (this.rootAt(mark.size) !== mark.root) {
      return `the first ${mark.size} entries are not those that were signed before: this is the file of another history. ${restore}`;
    }
    return undefined;
  }

  startWriting(origin: string, key: KeyObject, highWaterFile: string): void {
    // Before the first commit, so that a mark that is missing later was lost.
    if (this.size === 0)
      writeHighWater(highWaterFile, { size: 0, root: Buffer.from(this.hasher.empty()).toString('base64') });
    this.#writer = new SqliteWriter(this.db, this.#loaded, this.hasher, origin, key);
    this.#group = new GroupCommit(this.#writer, highWaterFile, (leaves) => {
      for (const listener of this.listeners) listener();
      if (leaves.length > 0) for (const listener of this.leafListeners) listener(leaves);
    });
  }

  get size(): number {
    return this.memory.directory.size;
  }

  append(stream: string, events: readonly EventData[], expected: ExpectedRevision): Promise<Sequenced | Conflict> {
    try {
      checkEvents(events);
      return this.#committing().append({ stream, leaf: this.#isLeaf(stream), expected, events });
    } catch (fault) {
      return Promise.reject(fault as Error);
    }
  }

  /** One process owns the file, so there is nothing that it has not told. */
  signed(): Promise<void> {
    return Promise.resolve();
  }

  synced(): Promise<void> {
    return Promise.resolve();
  }

  checkpoint(): string {
    return this.#note;
  }

  async setMeta(key: string, value: Uint8Array): Promise<void> {
    await this.#committing().setMeta(key, value);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#group?.close();
    this.closed = true;
    this.listeners.clear();
    this.leafListeners.clear();
    // So that the data file alone is the whole store.
    if (this.#group) this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.db.close();
    this.#unlock?.();
  }

  refuseAppends(because: string): void {
    this.readOnlyBecause ??= because;
  }

  #committing(): GroupCommit {
    if (this.closed) throw new StoreReadOnlyError('it is closed');
    if (this.#group === undefined || this.readOnlyBecause !== undefined)
      throw new StoreReadOnlyError(this.readOnlyBecause ?? 'it has no writer');
    return this.#group;
  }
}
