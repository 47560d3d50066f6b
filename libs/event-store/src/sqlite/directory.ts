import type { DatabaseSync } from 'node:sqlite';

/** What a stream holds: its positions, by revision. */
export interface StreamRecord {
  readonly number: number;
  readonly name: string;
  readonly leaf: boolean;
  readonly positions: number[];
}

const PAGE = 256;

/**
 * Which events there are, without their bytes: by id, by stream and revision, by log index. About 30 bytes an event.
 * Writer and reader each have one, and both take in the same appends in the same order.
 */
export class Directory {
  readonly #streams: StreamRecord[] = [];
  readonly #byName = new Map<string, StreamRecord>();
  readonly #leaves: number[] = [];
  #fingerprints = new Uint32Array(1024);
  #streamOf = new Uint32Array(1024);
  /** Open addressing: positions, 0 where free, at the fingerprint's place or the next free one. */
  #slots = new Uint32Array(2048);
  #last = 0;

  /** Position of the last event; 0 if there is none. */
  get last(): number {
    return this.#last;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#leaves.length;
  }

  get streamCount(): number {
    return this.#streams.length;
  }

  stream(name: string): StreamRecord | undefined {
    return this.#byName.get(name);
  }

  streamAt(number: number): StreamRecord {
    const found = this.#streams[number];
    if (found === undefined) throw new RangeError(`no stream number ${number}`);
    return found;
  }

  addStream(name: string, leaf: boolean): StreamRecord {
    const record: StreamRecord = { number: this.#streams.length, name, leaf, positions: [] };
    this.#streams.push(record);
    this.#byName.set(name, record);
    return record;
  }

  /** Takes in the next event of a stream. Returns its position and, in a stream of leaves, its log index. */
  add(stream: StreamRecord, fingerprint: number): { position: number; index: number | null } {
    const position = this.#last + 1;
    if (position >= this.#fingerprints.length) this.#grow();
    this.#last = position;
    this.#fingerprints[position] = fingerprint;
    this.#streamOf[position] = stream.number;
    this.#place(position);
    stream.positions.push(position);
    return { position, index: stream.leaf ? this.#leaves.push(position) - 1 : null };
  }

  /** The stream of the event at a position. */
  streamOf(position: number): StreamRecord {
    return this.streamAt(this.#streamOf[position] ?? -1);
  }

  /** Log index of the event at a position; −1 if it is no leaf. Positions of leaves increase. */
  indexOf(position: number): number {
    let [low, high] = [0, this.#leaves.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#leaves[middle] as number) < position) low = middle + 1;
      else high = middle;
    }
    return this.#leaves[low] === position ? low : -1;
  }

  leafPosition(index: number): number | undefined {
    return this.#leaves[index];
  }

  /** Positions of the events whose id may be the one with this fingerprint: compare the id itself. */
  *candidates(fingerprint: number): Generator<number> {
    const mask = this.#slots.length - 1;
    for (let at = fingerprint & mask; ; at = (at + 1) & mask) {
      const position = this.#slots[at] ?? 0;
      if (position === 0) return;
      if (this.#fingerprints[position] === fingerprint) yield position;
    }
  }

  /** The cells of the page that ends with this position, if one does. */
  pageEndingAt(position: number): { page: number; cells: Uint8Array } | undefined {
    if (position % PAGE !== 0) return undefined;
    const cells = new Uint32Array(2 * PAGE);
    for (let i = 0; i < PAGE; i++) {
      cells[2 * i] = this.#fingerprints[position - PAGE + 1 + i] ?? 0;
      cells[2 * i + 1] = this.#streamOf[position - PAGE + 1 + i] ?? 0;
    }
    return { page: position / PAGE - 1, cells: new Uint8Array(cells.buffer) };
  }

  #place(position: number): void {
    const mask = this.#slots.length - 1;
    let at = (this.#fingerprints[position] ?? 0) & mask;
    while (this.#slots[at] !== 0) at = (at + 1) & mask;
    this.#slots[at] = position;
  }

  #grow(): void {
    const doubled = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    this.#fingerprints = doubled(this.#fingerprints);
    this.#streamOf = doubled(this.#streamOf);
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let position = 1; position <= this.#last; position++) this.#place(position);
  }
}

/** Restores the directory: full pages from their table, the unfinished one from the events themselves. */
export function loadDirectory(db: DatabaseSync): Directory {
  const directory = new Directory();
  for (const row of db.prepare('SELECT name, leaf FROM streams ORDER BY id').iterate()) {
    directory.addStream(String(row['name']), row['leaf'] === 1);
  }
  for (const row of db.prepare('SELECT cells FROM directory ORDER BY page').iterate()) {
    const cells = new Uint32Array((row['cells'] as Uint8Array).slice().buffer);
    for (let i = 0; i < cells.length; i += 2) directory.add(directory.streamAt(cells[i + 1] ?? 0), cells[i] ?? 0);
  }
  const tail = db.prepare('SELECT stream, id FROM events WHERE position > ? ORDER BY position');
  for (const row of tail.iterate(directory.last)) {
    directory.add(directory.streamAt(Number(row['stream'])), fingerprintOf(String(row['id'])));
  }
  return directory;
}

/** FNV-1a, mixed once more; a collision costs one look at the event, no more. */
export function fingerprintOf(id: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}
