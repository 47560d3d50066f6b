import type { DatabaseSync } from 'node:sqlite';
import { rangeNodes, TreeFrontier, type TreeHasher } from '@countersign/log';
import { loadDirectory, type Directory } from './directory.ts';
import { Tiles } from './tiles.ts';

/** What the database says, without reading it: which events there are, the tree's recent nodes, its right edge. */
export interface Memory {
  readonly directory: Directory;
  readonly tiles: Tiles;
  readonly frontier: TreeFrontier;
}

/** Reads it from the database. @throws RangeError if the tree lacks a node: the file is damaged */
export function loadMemory(db: DatabaseSync, hasher: TreeHasher): Memory {
  const directory = loadDirectory(db);
  const read = db.prepare('SELECT hashes FROM tiles WHERE key = ?');
  const tiles = new Tiles(hasher, (key) => read.get(key)?.['hashes'] as Uint8Array | undefined);
  const subtrees = rangeNodes(0, directory.size).map(({ level, index }) => tiles.node(level, index));
  return { directory, tiles, frontier: new TreeFrontier(hasher, directory.size, subtrees) };
}
