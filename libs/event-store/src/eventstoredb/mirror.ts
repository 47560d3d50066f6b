import { rmSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TreeHasher } from '@countersign/log';
import type { Position, SequencedEvent, StoredEvent } from '../port.ts';
import { loadMemory, type Memory } from '../sqlite/memory.ts';
import { openForWriting } from '../sqlite/schema.ts';
import { LogTables } from '../sqlite/tables.ts';

/** Events that go into one transaction of the mirror, and for how long one is open, until it is due. */
const MOST = 2000;
const LONGEST_MS = 200;

/** How far the mirror has come in the event store. */
export interface Progress {
  /** Of the last event that was taken in. */
  position: Position | null;
  /** Revision of the last checkpoint, and of the last change of the lease. */
  checkpoint: number | 'none';
  lease: number | 'none';
  /** Who has the lease; undefined if it was given back. */
  holder: string | undefined;
}

/**
 * Opens a mirror: this process's own copy of the ledger's events, with the tree over them. It is disposable, so it is not
 * flushed to the disk at each commit: what a crash takes from its end is read again. One that is empty is built without a
 * journal, which is half of the writing; should a crash end that, or should it hold what is not sound, it is made anew.
 */
export function openMirror(file: string): DatabaseSync {
  let db = openOrMake(file);
  if (source(db).get('spoilt') !== undefined) {
    db.close();
    removeMirror(file);
    db = openOrMake(file);
  }
  return db;
}

function openOrMake(file: string): DatabaseSync {
  const db = openForWriting(file);
  db.exec(
    'PRAGMA synchronous=NORMAL; CREATE TABLE IF NOT EXISTS source (key TEXT PRIMARY KEY, value TEXT) STRICT, WITHOUT ROWID',
  );
  return db;
}

export function removeMirror(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

const source = (db: DatabaseSync): ReadonlyMap<string, string | null> =>
  new Map(
    db
      .prepare('SELECT key, value FROM source')
      .all()
      .map((row) => [String(row['key']), row['value'] as string | null]),
  );

/** The event of that position in the event store up to which a mirror goes; `null` if it has none. */
export function positionOf(db: DatabaseSync): Position | null {
  const position = source(db).get('position');
  return position == null ? null : BigInt(position);
}

/** Takes events into the mirror, in the order of the event store, with the tree's nodes; all or nothing of a transaction. */
export class MirrorWriter {
  readonly memory: Memory;
  readonly progress: Progress;
  /** The events of the open transaction, by id. */
  readonly recent = new Map<string, SequencedEvent>();
  readonly #db: DatabaseSync;
  readonly #isLeaf: (stream: string) => boolean;
  readonly #tables: LogTables;
  readonly #sql: Record<'checkpoint' | 'source', StatementSync>;
  readonly #onDue: () => void;
  #uncommitted = 0;
  #timer: NodeJS.Timeout | undefined;
  /** There is no journal yet. */
  #building = false;

  /** `onDue` is told when a transaction has been open for long. */
  constructor(db: DatabaseSync, hasher: TreeHasher, isLeaf: (stream: string) => boolean, onDue: () => void) {
    this.#db = db;
    this.#isLeaf = isLeaf;
    this.#onDue = onDue;
    this.memory = loadMemory(db, hasher);
    this.#tables = new LogTables(db, hasher);
    this.#sql = {
      checkpoint: db.prepare('INSERT INTO checkpoints VALUES (?, ?) ON CONFLICT DO NOTHING'),
      source: db.prepare('INSERT INTO source VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    };
    const kept = source(db);
    const revision = (key: string): number | 'none' => (kept.get(key) ? Number(kept.get(key)) : 'none');
    const position = kept.get('position');
    this.progress = {
      position: position ? BigInt(position) : null,
      checkpoint: revision('checkpoint'),
      lease: revision('lease'),
      holder: kept.get('holder') ?? undefined,
    };
    if (this.progress.position !== null || this.memory.directory.last > 0) return;
    this.spoil();
    this.#building = true;
    db.exec('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF');
  }

  /** Whether the open transaction is to be committed. */
  get due(): boolean {
    return this.#uncommitted >= MOST;
  }

  /** What is here is not to be relied on: whoever opens the mirror next makes it anew. */
  spoil(): void {
    this.#building = false;
    this.#sql.source.run('spoilt', 'yes');
  }

  /** From here on a crash loses no more than the last moments. To be called once what was there at the start is taken in. */
  complete(): void {
    this.commit();
    if (!this.#building) return;
    this.#building = false;
    // The first commit flushes all that was written without one, before there is a journal and nothing is said to be spoilt.
    this.#db.exec('PRAGMA synchronous=FULL');
    this.#sql.source.run('spoilt', 'until now');
    this.#db.exec("PRAGMA journal_mode=WAL; DELETE FROM source WHERE key = 'spoilt'; PRAGMA synchronous=NORMAL");
  }

  /**
   * The event with its place, as the log has it. @throws Error if it does not follow the last one of its stream: something
   * of it was removed from the event store
   */
  take(event: StoredEvent): SequencedEvent {
    const { stream: name, revision } = event;
    this.#begin();
    const next = this.memory.directory.stream(name)?.positions.length ?? 0;
    if (revision !== next) throw new Error(`revision ${revision} of ${name} follows ${next - 1} in the event store`);
    const taken = this.#tables.add(this.memory, name, this.#isLeaf(name), event);
    // While it is built, nobody asks for one of them.
    if (!this.#building) this.recent.set(taken.id, taken);
    return taken;
  }

  /** A checkpoint that is confirmed: it may be kept before its event comes by. */
  keepCheckpoint(size: number, note: string): void {
    this.#begin();
    this.#sql.checkpoint.run(size, note);
  }

  keepMeta(key: string, value: Uint8Array): void {
    this.#begin();
    this.#tables.keepMeta(key, value);
  }

  /** To be called for each event of the event store, once it is taken in. */
  passed(position: Position): void {
    this.#begin();
    this.progress.position = position;
    this.#uncommitted++;
  }

  commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#db.isTransaction) return;
    this.#tables.keepTiles(this.memory.tiles);
    const { position, checkpoint, lease, holder } = this.progress;
    this.#sql.source.run('position', position === null ? null : String(position));
    this.#sql.source.run('checkpoint', checkpoint === 'none' ? null : String(checkpoint));
    this.#sql.source.run('lease', lease === 'none' ? null : String(lease));
    this.#sql.source.run('holder', holder ?? null);
    this.#db.exec('COMMIT');
    this.#uncommitted = 0;
    this.recent.clear();
  }

  #begin(): void {
    if (this.#db.isTransaction) return;
    this.#db.exec('BEGIN IMMEDIATE');
    this.#timer = setTimeout(this.#onDue, LONGEST_MS).unref();
  }
}
