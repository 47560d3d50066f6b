import type { KeyObject } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TreeHasher } from '@countersign/log';
import type { EventData, ExpectedRevision, SequencedEvent } from '../port.ts';
import { fingerprintOf, type Directory } from './directory.ts';
import { loadMemory, type Memory } from './memory.ts';
import { checkpointSigner } from './note.ts';
import { LogTables } from './tables.ts';

export interface PendingAppend {
  readonly stream: string;
  readonly leaf: boolean;
  readonly expected: ExpectedRevision;
  readonly events: readonly EventData[];
}

/** What became of an append. Revisions and indices are those of its events: the new ones, or those they had. */
export type Outcome =
  | { readonly kind: 'appended' | 'duplicate'; readonly revisions: number[]; readonly indices: number[] }
  | { readonly kind: 'revision' | 'partial-duplicate'; readonly actual: number | 'none' };

export interface Committed {
  /** One for each append, in order. */
  readonly outcomes: readonly Outcome[];
  /** The leaves that are new, in log order. */
  readonly leaves: readonly SequencedEvent[];
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  /** Whether the log has grown. */
  readonly grew: boolean;
}

/** Writes batches: each is one transaction of events, tiles and signed checkpoint, and one flush of the disk. */
export class SqliteWriter {
  readonly #db: DatabaseSync;
  readonly #hasher: TreeHasher;
  readonly #sign: (size: number, root: Uint8Array) => string;
  readonly #tables: LogTables;
  readonly #sql: Record<'checkpoint' | 'id' | 'begin' | 'commit', StatementSync>;
  /** Dropped with a failed transaction, and read anew. */
  #memory: Memory | undefined;
  #note: string;

  constructor(db: DatabaseSync, memory: Memory, hasher: TreeHasher, origin: string, key: KeyObject) {
    this.#db = db;
    this.#memory = memory;
    this.#hasher = hasher;
    this.#sign = checkpointSigner(origin, key);
    this.#tables = new LogTables(db, hasher);
    this.#sql = {
      checkpoint: db.prepare('INSERT INTO checkpoints VALUES (?, ?)'),
      id: db.prepare('SELECT id FROM events WHERE position = ?'),
      begin: db.prepare('BEGIN IMMEDIATE'),
      commit: db.prepare('COMMIT'),
    };
    const { frontier } = memory;
    const note = db.prepare('SELECT note FROM checkpoints WHERE size = ?').get(frontier.size)?.['note'];
    if (note === undefined)
      this.#sql.checkpoint.run(frontier.size, (this.#note = this.#sign(frontier.size, frontier.root())));
    else this.#note = String(note);
  }

  get memory(): Memory {
    return (this.#memory ??= loadMemory(this.#db, this.#hasher));
  }

  /** The latest signed checkpoint. */
  get note(): string {
    return this.#note;
  }

  /** All of the batch or, if it throws, nothing. An append that conflicts leaves the others of its batch untouched. */
  commit(appends: readonly PendingAppend[], metas: readonly { key: string; value: Uint8Array }[] = []): Committed {
    const memory = this.memory;
    const { frontier, tiles } = memory;
    const before = frontier.size;
    try {
      this.#sql.begin.run();
      const leaves: SequencedEvent[] = [];
      const outcomes = appends.map((append) => this.#append(memory, append, leaves));
      for (const { key, value } of metas) this.#tables.keepMeta(key, value);
      const { size } = frontier;
      const root = frontier.root();
      let note = this.#note;
      if (size > before) {
        this.#tables.keepTiles(tiles);
        note = this.#sign(size, root);
        this.#sql.checkpoint.run(size, note);
      }
      this.#sql.commit.run();
      this.#note = note;
      return { outcomes, leaves, size, root, note, grew: size > before };
    } catch (fault) {
      this.#memory = undefined;
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw fault;
    }
  }

  #append(memory: Memory, { stream: name, leaf, expected, events }: PendingAppend, leaves: SequencedEvent[]): Outcome {
    const { directory } = memory;
    const stream = directory.stream(name);
    const actual = stream === undefined ? 'none' : stream.positions.length - 1;
    const fingerprints = events.map(({ id }) => fingerprintOf(id));
    const known = this.#known(directory, events, fingerprints);
    if (known.length > 0) {
      const all = known.length === events.length && known.every((at) => directory.streamOf(at) === stream);
      if (!all || stream === undefined) return { kind: 'partial-duplicate', actual };
      const { positions } = stream;
      const revisions = known.map((at) => positions.indexOf(at));
      return { kind: 'duplicate', revisions, indices: known.map((at) => directory.indexOf(at)) };
    }
    if (expected !== 'any' && expected !== actual) return { kind: 'revision', actual };
    const added = events.map((event, i) => this.#tables.add(memory, name, leaf, event, fingerprints[i]));
    for (const event of added) if (event.index >= 0) leaves.push(event);
    return {
      kind: 'appended',
      revisions: added.map(({ revision }) => revision),
      indices: added.map(({ index }) => index),
    };
  }

  /** Positions of those of the events that are there already, by id. */
  #known(directory: Directory, events: readonly EventData[], fingerprints: readonly number[]): number[] {
    const known: number[] = [];
    for (let i = 0; i < events.length; i++)
      for (const position of directory.candidates(fingerprints[i] as number))
        if (this.#sql.id.get(position)?.['id'] === events[i]?.id) known.push(position);
    return known;
  }
}
