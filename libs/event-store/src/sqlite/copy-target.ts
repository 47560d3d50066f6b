import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import {
  CheckedTree,
  isCheckpoint,
  type Copied,
  type CopyTarget,
  type KeptCheckpoint,
  type Signed,
} from '../copy-target.ts';
import type { StoredEvent } from '../port.ts';
import { nodeTreeHasher } from './hasher.ts';
import { readHighWater, writeHighWater, type HighWaterMark } from './high-water.ts';
import { lockFor } from './lock.ts';
import { loadMemory, type Memory } from './memory.ts';
import { openForWriting } from './schema.ts';
import { LogTables } from './tables.ts';

export interface SqliteTargetOptions extends Signed {
  /** The data file of the store that this becomes. */
  readonly file: string;
  readonly highWaterFile: string;
}

/** Entries after which others in this process have a turn, such as a progress bar. */
const TURN = 1000;

/** Opens a data file to copy a ledger into, making it if there is none. @throws StoreLockedError if a server has it */
export function openSqliteTarget(options: SqliteTargetOptions): CopyTarget {
  const unlock = lockFor(options.file);
  let db: DatabaseSync | undefined;
  try {
    db = openForWriting(options.file);
    return new SqliteTarget(db, unlock, options);
  } catch (fault) {
    db?.close();
    unlock();
    throw fault;
  }
}

class SqliteTarget implements CopyTarget {
  readonly kind = 'sqlite';
  readonly name: string;
  readonly #db: DatabaseSync;
  readonly #unlock: () => void;
  readonly #options: SqliteTargetOptions;
  readonly #hasher = nodeTreeHasher();
  readonly #tables: LogTables;
  readonly #sql: Record<'checkpoint' | 'getMeta' | 'leaves' | 'notes', StatementSync>;
  #memory: Memory;
  #tree: CheckedTree | undefined;

  constructor(db: DatabaseSync, unlock: () => void, options: SqliteTargetOptions) {
    this.name = `sqlite:${options.file}`;
    this.#db = db;
    this.#unlock = unlock;
    this.#options = options;
    this.#memory = loadMemory(db, this.#hasher);
    this.#tables = new LogTables(db, this.#hasher);
    this.#sql = {
      checkpoint: db.prepare('INSERT INTO checkpoints VALUES (?, ?)'),
      getMeta: db.prepare('SELECT value FROM meta WHERE key = ?'),
      leaves: db.prepare('SELECT * FROM events WHERE leaf IS NOT NULL ORDER BY position'),
      notes: db.prepare('SELECT size, note FROM checkpoints ORDER BY size'),
    };
  }

  async read(handler: (held: Copied) => void): Promise<Uint8Array> {
    const tree = (this.#tree = new CheckedTree(this.#options));
    const notes = this.#sql.notes.iterate();
    try {
      let next = notes.next();
      const notesAt = (size: number) => {
        for (; !next.done && Number(next.value['size']) === size; next = notes.next()) {
          const held = { size, note: String(next.value['note']) };
          tree.checkpoint(held);
          handler(held);
        }
      };
      notesAt(0);
      for (const row of this.#sql.leaves.iterate()) {
        const leaf = this.#leafOf(row);
        if (row['leaf'] !== tree.size) throw new Error(`entry ${tree.size} is missing in ${this.name}`);
        tree.leaf(leaf.data);
        handler(leaf);
        notesAt(tree.size);
        if (tree.size % TURN === 0) await setImmediate();
      }
      if (!next.done) throw new Error(`${this.name} has a checkpoint over entries that it has not`);
    } finally {
      notes.return?.();
    }
    const root = tree.root();
    // The tree that is kept beside the entries is the one that servers go by.
    this.#memory = loadMemory(this.#db, this.#hasher);
    if (Buffer.compare(this.#memory.frontier.root(), root) !== 0)
      throw new Error(`the tree in ${this.name} is not that of its entries`);
    return root;
  }

  #leafOf(row: Record<string, unknown>): StoredEvent {
    return {
      id: String(row['id']),
      type: String(row['type']),
      data: row['data'] as Uint8Array,
      stream: this.#memory.directory.streamAt(Number(row['stream'])).name,
      revision: Number(row['revision']),
      position: BigInt(Number(row['position'])),
    };
  }

  /** One transaction: all of it or, if it throws, nothing. */
  async take(batch: readonly Copied[]): Promise<void> {
    const tree = this.#tree;
    if (tree === undefined) throw new Error('what is there was not read');
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const copied of batch)
        if (isCheckpoint(copied)) this.#checkpoint(tree, copied);
        else this.#leaf(tree, copied);
      this.#tables.keepTiles(this.#memory.tiles);
      this.#db.exec('COMMIT');
    } catch (fault) {
      this.#tree = undefined;
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw fault;
    }
    await setImmediate();
  }

  #checkpoint(tree: CheckedTree, checkpoint: KeptCheckpoint): void {
    tree.checkpoint(checkpoint);
    this.#sql.checkpoint.run(checkpoint.size, checkpoint.note);
  }

  #leaf(tree: CheckedTree, leaf: StoredEvent): void {
    const { stream: name, revision, data } = leaf;
    const next = this.#memory.directory.stream(name)?.positions.length ?? 0;
    if (revision !== next) throw new Error(`revision ${revision} of ${name} does not follow ${next - 1}`);
    this.#tables.add(this.#memory, name, true, leaf);
    tree.leaf(data);
  }

  getMeta(key: string): Uint8Array | undefined {
    return this.#sql.getMeta.get(key)?.['value'] as Uint8Array | undefined;
  }

  setMeta(key: string, value: Uint8Array): Promise<void> {
    this.#tables.keepMeta(key, value);
    return Promise.resolve();
  }

  readMark(): HighWaterMark | undefined {
    return readHighWater(this.#options.highWaterFile);
  }

  writeMark(mark: HighWaterMark): void {
    writeHighWater(this.#options.highWaterFile, mark);
  }

  close(): Promise<void> {
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.close();
      this.#unlock();
    }
    return Promise.resolve();
  }
}
