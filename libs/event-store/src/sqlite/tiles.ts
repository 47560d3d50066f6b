import { HASH_LENGTH } from '@countersign/log';
import type { Hash, NodeSource, TreeHasher } from '@countersign/log';

/** Levels of the tree that a tile spans, and its width: 2^8 (C2SP tlog-tiles, tile height 8). */
const HEIGHT = 8;
export const TILE_WIDTH = 256;

/** 510 nodes: 256 of the tile's bottom level, then 128, 64 … 2 of those above, which a stored tile leaves out. */
class Tile {
  readonly #nodes = new Uint8Array((2 * TILE_WIDTH - 2) * HASH_LENGTH);
  /** How many hashes of the bottom level it has. */
  width = 0;

  static from(hashes: Uint8Array, hasher: TreeHasher): Tile {
    const tile = new Tile();
    tile.#nodes.set(hashes);
    tile.width = hashes.length / HASH_LENGTH;
    for (let level = 1, width = tile.width >> 1; width > 0 && level < HEIGHT; level++, width >>= 1) {
      for (let i = 0; i < width; i++)
        tile.set(level, i, hasher.node(tile.get(level - 1, 2 * i), tile.get(level - 1, 2 * i + 1)));
    }
    return tile;
  }

  get(level: number, index: number): Hash {
    const at = slot(level, index);
    return this.#nodes.subarray(at, at + HASH_LENGTH);
  }

  set(level: number, index: number, hash: Hash): void {
    this.#nodes.set(hash, slot(level, index));
    if (level === 0) this.width = Math.max(this.width, index + 1);
  }

  /** As it is stored and served. */
  hashes(): Uint8Array {
    return this.#nodes.subarray(0, this.width * HASH_LENGTH);
  }
}

const slot = (level: number, index: number): number =>
  (2 * TILE_WIDTH - ((2 * TILE_WIDTH) >> level) + index) * HASH_LENGTH;

/** One number for level and index of a tile: its key in the table. */
const tileKey = (level: number, index: number): number => index * HEIGHT + level;

/** The tree's complete nodes: those of recent tiles in memory, the others from where tiles are stored. */
export class Tiles implements NodeSource {
  readonly #hasher: TreeHasher;
  readonly #load: (key: number) => Uint8Array | undefined;
  readonly #capacity: number;
  /** In order of use, the longest unused first. */
  readonly #tiles = new Map<number, Tile>();
  readonly #changed = new Set<number>();
  /** The tile at the right edge of each level of tiles, where the tree grows. */
  readonly #edge: { key: number; tile: Tile }[] = [];

  constructor(hasher: TreeHasher, load: (key: number) => Uint8Array | undefined, capacity = 1024) {
    this.#hasher = hasher;
    this.#load = load;
    this.#capacity = capacity;
  }

  /** @throws RangeError if the node is not complete */
  node(level: number, index: number): Hash {
    const key = keyOf(level, index);
    const edge = this.#edge[Math.floor(level / HEIGHT)];
    const tile = edge?.key === key ? edge.tile : this.#tile(level, index);
    const inTile = level % HEIGHT;
    const at = index % (TILE_WIDTH >> inTile);
    if (!(tile && (at + 1) << inTile <= tile.width)) {
      throw new RangeError(`no complete node at level ${level}, index ${index}`);
    }
    return tile.get(inTile, at).slice();
  }

  /** Takes in a node that the tree's growth completed. */
  add(level: number, index: number, hash: Hash): void {
    const inTile = level % HEIGHT;
    const key = keyOf(level, index);
    const row = Math.floor(level / HEIGHT);
    let edge = this.#edge[row];
    if (edge?.key !== key) {
      let tile = this.#tile(level, index);
      if (tile === undefined) this.#keep(key, (tile = new Tile()));
      this.#edge[row] = edge = { key, tile };
    }
    edge.tile.set(inTile, index % (TILE_WIDTH >> inTile), hash);
    if (inTile === 0) this.#changed.add(key);
  }

  /** The tiles that have grown since the last call, to be stored. */
  *takeChanged(): Generator<{ key: number; hashes: Uint8Array }> {
    for (const key of this.#changed) {
      const tile = this.#edge.find((edge) => edge.key === key)?.tile ?? this.#tiles.get(key);
      if (tile !== undefined) yield { key, hashes: tile.hashes() };
    }
    this.#changed.clear();
    this.#evict();
  }

  #tile(level: number, index: number): Tile | undefined {
    const key = keyOf(level, index);
    let tile = this.#tiles.get(key);
    if (tile === undefined) {
      const hashes = this.#load(key);
      if (hashes === undefined) return undefined;
      tile = Tile.from(hashes, this.#hasher);
    } else {
      this.#tiles.delete(key);
    }
    this.#keep(key, tile);
    return tile;
  }

  #keep(key: number, tile: Tile): void {
    this.#tiles.set(key, tile);
    if (this.#changed.size === 0) this.#evict();
  }

  #evict(): void {
    for (const key of this.#tiles.keys()) {
      if (this.#tiles.size <= this.#capacity) return;
      this.#tiles.delete(key);
    }
  }
}

function keyOf(level: number, index: number): number {
  return tileKey(Math.floor(level / HEIGHT), Math.floor(index / (TILE_WIDTH >> (level % HEIGHT))));
}
