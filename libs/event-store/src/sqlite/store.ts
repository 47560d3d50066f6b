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
import { fingerprintOf, loadDirectory } from './directory.ts';
import type { Directory } from './directory.ts';
import { nodeTreeHasher } from './hasher.ts';
import { readHighWater } from './high-water.ts';
import { lockFor } from './lock.ts';
import { readOwnCheckpoint } from './note.ts';
import { openForReading, openForWriting } from './schema.ts';
import { Tiles } from './tiles.ts';
import { WriterLink } from './writer-link.ts';
import type { Commit } from './writer-link.ts';
import type { PendingAppend } from './writer.ts';

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
  try {
    openForWriting(file).close();
    const db = openForReading(file);
    const store = new SqliteStore(db, isLeaf, undefined, unlock);
    const because = store.unsound(origin, highWaterFile);
    if (because !== undefined) {
      store.readOnlyBecause = because;
      return store;
    }
    const key = toKey(signingKey);
    await store.startWriting((onCommit) => new WriterLink({ file, origin, key, highWaterFile }, onCommit));
    return store;
  } catch (fault) {
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
  readonly #directory: Directory;
  readonly #tiles: Tiles;
  readonly #sql: Record<'event' | 'after' | 'note' | 'meta', StatementSync>;
  readonly #listeners = new Set<() => void>();
  /** Where the events of an append stand, from the commit until it is answered. */
  readonly #assigned = new WeakMap<PendingAppend, Pick<Appended, 'revisions' | 'indices'>>();
  #link: WriterLink | undefined;
  #note: string;
  #closed = false;
  readOnlyBecause: string | undefined;

  constructor(db: DatabaseSync, isLeaf: (stream: string) => boolean, readOnlyBecause?: string, unlock?: () => void) {
    this.#db = db;
    this.#isLeaf = isLeaf;
    this.#unlock = unlock;
    this.readOnlyBecause = readOnlyBecause;
    this.#directory = loadDirectory(db);
    const tile = db.prepare('SELECT hashes FROM tiles WHERE key = ?');
    this.#tiles = new Tiles(this.#hasher, (key) => tile.get(key)?.['hashes'] as Uint8Array | undefined);
    this.#sql = {
      event: db.prepare('SELECT * FROM events WHERE position = ?'),
      after: db.prepare('SELECT * FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?'),
      note: db.prepare('SELECT note FROM checkpoints WHERE size = ?'),
      meta: db.prepare('SELECT value FROM meta WHERE key = ?'),
    };
    this.#note = String(db.prepare('SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1').get()?.['note'] ?? '');
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

  async startWriting(
    start: (onCommit: (commit: Commit, appends: readonly PendingAppend[]) => void) => WriterLink,
  ): Promise<void> {
    this.#link = start((commit, appends) => this.#take(commit, appends));
    await this.#link.ready;
    this.#note = this.checkpointAt(this.size) ?? this.#note;
  }

  get size(): number {
    return this.#directory.size;
  }

  async append(stream: string, events: readonly EventData[], expected: ExpectedRevision): Promise<Appended | Conflict> {
    if (events.length === 0) throw new RangeError('an append has at least one event');
    if (new Set(events.map(({ id }) => id)).size < events.length)
      throw new RangeError('an id comes twice in one append');
    const large = events.find(({ data }) => data.length > MAX_ENTRY_BYTES);
    if (large) throw new RangeError(`event ${large.id} has ${large.data.length} bytes, more than ${MAX_ENTRY_BYTES}`);
    const append: PendingAppend = { stream, leaf: this.#isLeaf(stream), expected, events };
    const outcome = await this.#writer().append(append);
    const { size } = this;
    const assigned = this.#assigned.get(append);
    if (outcome === 'appended' && assigned) {
      this.#assigned.delete(append);
      return { appended: true, stream, ...assigned, duplicate: false, checkpoint: this.#note, size };
    }
    if (outcome === 'appended' || outcome === 'duplicate') {
      const stored = events.map(({ id }) => this.#find(id));
      return {
        appended: true,
        stream,
        revisions: stored.map((row) => Number(row?.['revision'])),
        indices: stored.map((row) => Number(row?.['leaf'] ?? -1)),
        duplicate: outcome === 'duplicate',
        checkpoint: this.#note,
        size,
      };
    }
    const length = this.#directory.stream(stream)?.positions.length ?? 0;
    return { appended: false, conflict: outcome, actual: length === 0 ? 'none' : length - 1 };
  }

  async *readStream(stream: string, from = 0): AsyncGenerator<StoredEvent> {
    const positions = this.#directory.stream(stream)?.positions ?? [];
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
    const row = this.#sql.event.get(this.#directory.leafPosition(index) ?? 0);
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
    return this.#tiles.node(level, index);
  }

  inclusionProof(index: number, size: number): Uint8Array[] {
    this.#inTree(size);
    return inclusionProof(this.#hasher, this.#tiles, index, size);
  }

  consistencyProof(size1: number, size2: number): Uint8Array[] {
    this.#inTree(size2);
    return consistencyProof(this.#hasher, this.#tiles, size1, size2);
  }

  getMeta(key: string): Uint8Array | undefined {
    return this.#sql.meta.get(key)?.['value'] as Uint8Array | undefined;
  }

  async setMeta(key: string, value: Uint8Array): Promise<void> {
    await this.#writer().setMeta(key, value);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#link?.close();
    this.#listeners.clear();
    this.#db.close();
    this.#unlock?.();
  }

  #writer(): WriterLink {
    if (this.#closed) throw new StoreReadOnlyError('it is closed');
    if (this.#link === undefined) throw new StoreReadOnlyError(this.readOnlyBecause ?? 'it has no writer');
    return this.#link;
  }

  /** Takes in what the writer committed, in the same order, before anyone hears of it. */
  #take(commit: Commit, appends: readonly PendingAppend[]): void {
    let node = 0;
    appends.forEach((append, i) => {
      if (commit.outcomes[i] !== 'appended') return;
      const { stream: name, leaf, events } = append;
      const stream = this.#directory.stream(name) ?? this.#directory.addStream(name, leaf);
      const revisions: number[] = [];
      const indices: number[] = [];
      this.#assigned.set(append, { revisions, indices });
      for (const { id } of events) {
        revisions.push(stream.positions.length);
        const { index } = this.#directory.add(stream, fingerprintOf(id));
        indices.push(index ?? -1);
        if (index === null) continue;
        // A leaf completes itself and one node for each trailing one bit of its index.
        for (let level = 0, at = index; ; level++, at = (at - 1) / 2) {
          this.#tiles.add(level, at, commit.nodes.subarray(32 * node, 32 * ++node));
          if (at % 2 === 0) break;
        }
      }
    });
    for (const _ of this.#tiles.takeChanged());
    this.#note = commit.note;
    for (const listener of this.#listeners) listener();
  }

  #page(after: number, limit: number): StoredEvent[] {
    if (this.#closed) return [];
    return this.#sql.after.all(after, this.#directory.last, limit).map((row) => this.#event(row));
  }

  #find(id: string): Row | undefined {
    for (const position of this.#directory.candidates(fingerprintOf(id))) {
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
      stream: this.#directory.streamAt(row['stream'] as number).name,
      revision: row['revision'] as number,
      position: BigInt(row['position'] as number),
      index: (row['leaf'] as number | null) ?? -1,
    };
  }

  #rootAt(size: number): string | undefined {
    try {
      return Buffer.from(rootAt(this.#hasher, this.#tiles, size)).toString('base64');
    } catch {
      return undefined;
    }
  }

  #inTree(size: number): void {
    if (size > this.size) throw new RangeError(`the tree has ${this.size} leaves, not ${size}`);
  }
}
