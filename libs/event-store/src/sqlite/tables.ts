import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TreeHasher } from '@countersign/log';
import type { EventData, SequencedEvent } from '../port.ts';
import { fingerprintOf } from './directory.ts';
import type { Memory } from './memory.ts';
import type { Tiles } from './tiles.ts';

/** Where the database of a log has its events and tiles: one way in for the store, the mirror and the copy. */
export class LogTables {
  readonly #hasher: TreeHasher;
  readonly #sql: Record<'stream' | 'event' | 'directory' | 'tile' | 'meta', StatementSync>;

  constructor(db: DatabaseSync, hasher: TreeHasher) {
    this.#hasher = hasher;
    this.#sql = {
      stream: db.prepare('INSERT INTO streams VALUES (?, ?, ?)'),
      event: db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)'),
      directory: db.prepare('INSERT INTO directory VALUES (?, ?)'),
      tile: db.prepare('INSERT INTO tiles VALUES (?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes'),
      meta: db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value'),
    };
  }

  /** Puts an event at the end of its stream and of the log, and of the tree if it is a leaf. Returns it with its place. */
  add(
    { directory, frontier, tiles }: Memory,
    name: string,
    leaf: boolean,
    { id, type, data }: EventData,
    fingerprint = fingerprintOf(id),
  ): SequencedEvent {
    let stream = directory.stream(name);
    if (stream === undefined) {
      stream = directory.addStream(name, leaf);
      this.#sql.stream.run(stream.number, name, leaf ? 1 : 0);
    }
    const revision = stream.positions.length;
    const { position, index } = directory.add(stream, fingerprint);
    this.#sql.event.run(position, stream.number, revision, index, id, type, data);
    const full = directory.pageEndingAt(position);
    if (full) this.#sql.directory.run(full.page, full.cells);
    if (index !== null) frontier.append(this.#hasher.leaf(data), (level, at, hash) => tiles.add(level, at, hash));
    return { id, type, data, stream: name, revision, position: BigInt(position), index: index ?? -1 };
  }

  /** Those that have grown since the last time. */
  keepTiles(tiles: Tiles): void {
    for (const { key, hashes } of tiles.takeChanged()) this.#sql.tile.run(key, hashes);
  }

  keepMeta(key: string, value: Uint8Array): void {
    this.#sql.meta.run(key, value);
  }
}
