import type { KeyObject } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { rangeNodes, TreeFrontier } from '@countersign/log';
import type { Hash } from '@countersign/log';
import type { EventData, ExpectedRevision } from '../port.ts';
import { Directory, fingerprintOf, loadDirectory } from './directory.ts';
import type { StreamRecord } from './directory.ts';
import { nodeTreeHasher } from './hasher.ts';
import { checkpointSigner } from './note.ts';
import { openForWriting } from './schema.ts';
import { Tiles } from './tiles.ts';

export interface PendingAppend {
  stream: string;
  leaf: boolean;
  expected: ExpectedRevision;
  events: readonly EventData[];
}

export type Outcome = 'appended' | 'duplicate' | 'revision' | 'partial-duplicate';

export interface Committed {
  /** One for each append, in order. */
  outcomes: Outcome[];
  /** The hashes that the new leaves completed, one after the other, in the order of `TreeFrontier.append`. */
  nodes: Hash[];
  size: number;
  root: Hash;
  note: string;
}

interface Memory {
  directory: Directory;
  tiles: Tiles;
  frontier: TreeFrontier;
}

/** Writes batches: each is one transaction of events, tiles and signed checkpoint, and one flush of the disk. */
export class SqliteWriter {
  readonly #db: DatabaseSync;
  readonly #sign: (size: number, root: Hash) => string;
  readonly #hasher = nodeTreeHasher();
  readonly #sql: Record<
    'stream' | 'event' | 'directory' | 'tile' | 'checkpoint' | 'meta' | 'read' | 'hashes' | 'note',
    StatementSync
  >;
  /** What the database says, without reading it; dropped with a failed transaction and read anew. */
  #memory: Memory | undefined;
  #note = '';

  constructor(file: string, origin: string, key: KeyObject) {
    const db = openForWriting(file);
    this.#db = db;
    this.#sign = checkpointSigner(origin, key);
    this.#sql = {
      stream: db.prepare('INSERT INTO streams VALUES (?, ?, ?)'),
      event: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)'),
      directory: db.prepare('INSERT INTO directory VALUES (?, ?)'),
      tile: db.prepare('INSERT INTO tiles VALUES (?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes'),
      checkpoint: db.prepare('INSERT INTO checkpoints VALUES (?, ?)'),
      meta: db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
      read: db.prepare('SELECT stream, id FROM events WHERE position = ?'),
      hashes: db.prepare('SELECT hashes FROM tiles WHERE key = ?'),
      note: db.prepare('SELECT note FROM checkpoints WHERE size = ?'),
    };
    const { frontier } = this.#remember();
    const note = this.#sql.note.get(frontier.size)?.['note'];
    if (note === undefined)
      this.#sql.checkpoint.run(frontier.size, (this.#note = this.#sign(frontier.size, frontier.root())));
    else this.#note = String(note);
  }

  /** All of the batch or, if it throws, nothing. An append that conflicts leaves the others of its batch untouched. */
  commit(appends: readonly PendingAppend[], metas: readonly { key: string; value: Uint8Array }[] = []): Committed {
    const memory = this.#remember();
    let note = this.#note;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const nodes: Hash[] = [];
      const outcomes = appends.map((append) => this.#append(memory, append, nodes));
      for (const { key, value } of metas) this.#sql.meta.run(key, value);
      const { size } = memory.frontier;
      const root = memory.frontier.root();
      if (nodes.length > 0) {
        for (const { key, hashes } of memory.tiles.takeChanged()) this.#sql.tile.run(key, hashes);
        note = this.#sign(size, root);
        this.#sql.checkpoint.run(size, note);
      }
      this.#db.exec('COMMIT');
      this.#note = note;
      return { outcomes, nodes, size, root, note };
    } catch (fault) {
      this.#memory = undefined;
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw fault;
    }
  }

  close(): void {
    // So that the data file alone is the whole store: a reader that closes last would leave the log beside it.
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  #append(memory: Memory, { stream: name, leaf, expected, events }: PendingAppend, nodes: Hash[]): Outcome {
    const { directory, frontier, tiles } = memory;
    let stream = directory.stream(name);
    const known = events.map(({ id }) => this.#holder(directory, id));
    if (known.some((holder) => holder !== undefined)) {
      return known.every((holder) => holder !== undefined && holder === stream) ? 'duplicate' : 'partial-duplicate';
    }
    if (!isExpected(stream, expected)) return 'revision';
    if (stream === undefined) {
      stream = directory.addStream(name, leaf);
      this.#sql.stream.run(stream.number, name, leaf ? 1 : 0);
    }
    for (const { id, type, data } of events) {
      const revision = stream.positions.length;
      const { position, index } = directory.add(stream, fingerprintOf(id));
      this.#sql.event.run(position, stream.number, revision, index, id, type, data);
      const full = directory.pageEndingAt(position);
      if (full) this.#sql.directory.run(full.page, full.cells);
      if (index === null) continue;
      for (const node of frontier.append(this.#hasher.leaf(data))) {
        tiles.add(node.level, node.index, node.hash);
        nodes.push(node.hash);
      }
    }
    return 'appended';
  }

  #holder(directory: Directory, id: string): StreamRecord | undefined {
    for (const position of directory.candidates(fingerprintOf(id))) {
      const row = this.#sql.read.get(position);
      if (row?.['id'] === id) return directory.streamAt(Number(row['stream']));
    }
    return undefined;
  }

  #remember(): Memory {
    if (this.#memory) return this.#memory;
    const directory = loadDirectory(this.#db);
    const tiles = new Tiles(this.#hasher, (key) => this.#sql.hashes.get(key)?.['hashes'] as Uint8Array | undefined, 64);
    const subtrees = rangeNodes(0, directory.size).map(({ level, index }) => tiles.node(level, index));
    this.#memory = { directory, tiles, frontier: new TreeFrontier(this.#hasher, directory.size, subtrees) };
    return this.#memory;
  }
}

function isExpected(stream: StreamRecord | undefined, expected: ExpectedRevision): boolean {
  if (expected === 'any') return true;
  return expected === 'none' ? stream === undefined : stream !== undefined && stream.positions.length - 1 === expected;
}
