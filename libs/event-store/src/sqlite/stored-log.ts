import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { consistencyProof, inclusionProof, rootAt, type TreeHasher } from '@countersign/log';
import type { Position, SequencedEvent, Subscription } from '../port.ts';
import { follow } from '../subscription.ts';
import { fingerprintOf } from './directory.ts';
import type { Memory } from './memory.ts';

const PAGE = 256;

type Row = Record<string, unknown>;

/** The reading side of a database that holds a log: events, tree, checkpoints, small values. */
export abstract class StoredLog {
  protected readonly db: DatabaseSync;
  protected readonly hasher: TreeHasher;
  protected closed = false;
  /** Woken after each commit. */
  protected readonly listeners = new Set<() => void>();
  protected readonly leafListeners = new Set<(leaves: readonly SequencedEvent[]) => void>();
  readonly #sql: Record<'event' | 'after' | 'note' | 'meta' | 'metaKeys', StatementSync>;

  protected constructor(db: DatabaseSync, hasher: TreeHasher) {
    this.db = db;
    this.hasher = hasher;
    this.#sql = {
      event: db.prepare('SELECT * FROM events WHERE position = ?'),
      after: db.prepare('SELECT * FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?'),
      note: db.prepare('SELECT note FROM checkpoints WHERE size = ?'),
      meta: db.prepare('SELECT value FROM meta WHERE key = ?'),
      metaKeys: db.prepare('SELECT key FROM meta WHERE key >= ? AND key < ? ORDER BY key'),
    };
  }

  /** What the database holds, without reading it. */
  protected abstract get memory(): Memory;
  abstract get size(): number;

  async *readStream(stream: string, from = 0): AsyncGenerator<SequencedEvent> {
    const positions = this.memory.directory.stream(stream)?.positions ?? [];
    for (let revision = from; revision < positions.length; revision++) {
      const row = this.#sql.event.get(positions[revision] ?? 0);
      if (row) yield this.#event(row);
    }
  }

  async *readAll(after: Position | null = null): AsyncGenerator<SequencedEvent> {
    for (let last = Number(after ?? 0n); ;) {
      const page = this.#page(last, PAGE);
      if (page.length === 0) return;
      for (const event of page) yield event;
      last = Number(page.at(-1)?.position);
    }
  }

  subscribe(
    after: Position | null,
    handler: (event: SequencedEvent) => void | Promise<void>,
    onFault?: (fault: unknown) => void,
  ): Subscription {
    return follow(
      { read: (from) => this.#page(Number(from), PAGE), listeners: this.listeners },
      after,
      handler,
      onFault,
    );
  }

  onLeaves(listener: (leaves: readonly SequencedEvent[]) => void): () => void {
    this.leafListeners.add(listener);
    return () => this.leafListeners.delete(listener);
  }

  checkpointAt(size: number): string | undefined {
    if (size > this.size) return undefined;
    return this.#sql.note.get(size)?.['note'] as string | undefined;
  }

  entry(index: number): SequencedEvent | undefined {
    const row = this.#sql.event.get(this.memory.directory.leafPosition(index) ?? 0);
    return row && this.#event(row);
  }

  *entries(from: number, to: number): Generator<SequencedEvent> {
    for (let index = from; index < Math.min(to, this.memory.directory.size); index++) {
      const event = this.entry(index);
      if (event) yield event;
    }
  }

  indexOf(eventId: string): number | undefined {
    const index = this.find(eventId)?.index ?? -1;
    return index < 0 ? undefined : index;
  }

  node(level: number, index: number): Uint8Array {
    if ((index + 1) * 2 ** level > this.size)
      throw new RangeError(`no complete node at level ${level}, index ${index}`);
    return this.memory.tiles.node(level, index);
  }

  inclusionProof(index: number, size: number): Uint8Array[] {
    this.#inTree(size);
    return inclusionProof(this.hasher, this.memory.tiles, index, size);
  }

  consistencyProof(size1: number, size2: number): Uint8Array[] {
    this.#inTree(size2);
    return consistencyProof(this.hasher, this.memory.tiles, size1, size2);
  }

  getMeta(key: string): Uint8Array | undefined {
    return this.#sql.meta.get(key)?.['value'] as Uint8Array | undefined;
  }

  metaKeys(prefix: string): readonly string[] {
    return this.#sql.metaKeys.all(prefix, `${prefix}\u{10ffff}`).map((row) => String(row['key']));
  }

  /** Root of the tree over the first `size` leaves, Base64; undefined if the tree has not that many, or is damaged. */
  protected rootAt(size: number): string | undefined {
    try {
      return Buffer.from(rootAt(this.hasher, this.memory.tiles, size)).toString('base64');
    } catch {
      return undefined;
    }
  }

  protected find(id: string): SequencedEvent | undefined {
    for (const position of this.memory.directory.candidates(fingerprintOf(id))) {
      const row = this.#sql.event.get(position);
      if (row?.['id'] === id) return this.#event(row);
    }
    return undefined;
  }

  #page(after: number, limit: number): SequencedEvent[] {
    if (this.closed) return [];
    return this.#sql.after.all(after, this.memory.directory.last, limit).map((row) => this.#event(row));
  }

  #event(row: Row): SequencedEvent {
    return {
      id: row['id'] as string,
      type: row['type'] as string,
      data: row['data'] as Uint8Array,
      stream: this.memory.directory.streamAt(row['stream'] as number).name,
      revision: row['revision'] as number,
      position: BigInt(row['position'] as number),
      index: (row['leaf'] as number | null) ?? -1,
    };
  }

  #inTree(size: number): void {
    if (size > this.size) throw new RangeError(`the tree has ${this.size} leaves, not ${size}`);
  }
}
