import { HASH_LENGTH } from './hash.ts';
import type { Hash, TreeHasher } from './hash.ts';

/** Complete nodes, by level (0: leaf hashes) and index in the level. Throws if it does not have one. */
export interface NodeSource {
  node(level: number, index: number): Hash;
}

/** A node of the decomposition of a range of leaves. */
export interface NodeId {
  level: number;
  index: number;
}

/**
 * The right edge of a tree, all that is needed to append to it: the roots of the complete subtrees that a tree of
 * `size` leaves consists of, the largest first (RFC 9162 §2.1.2 keeps the same values on a stack).
 */
export class TreeFrontier {
  readonly #hasher: TreeHasher;
  readonly #frontier: Hash[];
  #size: number;

  constructor(hasher: TreeHasher, size = 0, frontier: readonly Hash[] = []) {
    checkSize(size);
    if (frontier.length !== rangeNodes(0, size).length || frontier.some((hash) => hash.length !== HASH_LENGTH)) {
      throw new RangeError(`this is not the frontier of a tree of ${size} leaves`);
    }
    this.#hasher = hasher;
    this.#size = size;
    this.#frontier = [...frontier];
  }

  get size(): number {
    return this.#size;
  }

  /** Appends a leaf and tells of the nodes that it completes, from the leaf itself upwards. */
  append(leafHash: Hash, completed?: (level: number, index: number, hash: Hash) => void): void {
    checkSize(this.#size + 1);
    if (leafHash.length !== HASH_LENGTH) throw new RangeError(`a leaf hash has ${HASH_LENGTH} bytes`);
    let index = this.#size;
    let hash = leafHash;
    completed?.(0, index, hash);
    for (let level = 1; index % 2 === 1; level++) {
      const left = this.#frontier.pop();
      if (left === undefined) throw new Error('the frontier is shorter than its size says');
      hash = this.#hasher.node(left, hash);
      index = (index - 1) / 2;
      completed?.(level, index, hash);
    }
    this.#frontier.push(hash);
    this.#size += 1;
  }

  /** The root, RFC 6962 §2.1 `MTH(D[size])`. */
  root(): Hash {
    return rootFromRange(this.#hasher, this.#frontier);
  }

  frontier(): Hash[] {
    return [...this.#frontier];
  }
}

/** The root of a range that starts at a multiple of its size's next power of two, from the range's complete subtrees, left to right. */
export function rootFromRange(hasher: TreeHasher, subtrees: readonly Hash[]): Hash {
  let root: Hash | undefined;
  for (const subtree of subtrees.toReversed()) root = root === undefined ? subtree : hasher.node(subtree, root);
  return root ?? hasher.empty();
}

/** The root of the first `size` leaves, RFC 6962 §2.1. */
export function rootAt(hasher: TreeHasher, nodes: NodeSource, size: number): Hash {
  return subtreeRoot(hasher, nodes, 0, size);
}

/**
 * The root of leaves [start, end), where the range is a subtree of some tree: `start` is a multiple of the power of two
 * that `end - start` rounds up to. Every range that proofs ask about is.
 */
export function subtreeRoot(hasher: TreeHasher, nodes: NodeSource, start: number, end: number): Hash {
  return rootFromRange(
    hasher,
    rangeNodes(start, end).map(({ level, index }) => nodes.node(level, index)),
  );
}

/** The complete subtrees, largest possible, that leaves [start, end) consist of, left to right. */
export function rangeNodes(start: number, end: number): NodeId[] {
  checkSize(start);
  checkSize(end);
  const found: NodeId[] = [];
  for (let at = start; at < end;) {
    let level = 0;
    let width = 1;
    while (at % (2 * width) === 0 && at + 2 * width <= end) {
      width *= 2;
      level += 1;
    }
    found.push({ level, index: at / width });
    at += width;
  }
  return found;
}

/** The largest power of two below `n`, RFC 6962 §2.1 `k`; for `n` of at least 2. */
export function splitPoint(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

/** The audit path `PATH(index, D[size])` of RFC 6962 §2.1.1, from the leaf's sibling upwards. */
export function inclusionProof(hasher: TreeHasher, nodes: NodeSource, index: number, size: number): Hash[] {
  checkSize(index);
  checkSize(size);
  if (index >= size) throw new RangeError(`a tree of ${size} leaves has no leaf ${index}`);
  const path: Hash[] = [];
  for (let start = 0, end = size; end - start > 1;) {
    const middle = start + splitPoint(end - start);
    if (index < middle) {
      path.push(subtreeRoot(hasher, nodes, middle, end));
      end = middle;
    } else {
      path.push(subtreeRoot(hasher, nodes, start, middle));
      start = middle;
    }
  }
  return path.reverse();
}

/** `PROOF(size1, D[size2])` of RFC 6962 §2.1.2; empty where there is nothing to prove: equal sizes, or `size1` 0. */
export function consistencyProof(hasher: TreeHasher, nodes: NodeSource, size1: number, size2: number): Hash[] {
  checkSize(size1);
  checkSize(size2);
  if (size1 > size2) throw new RangeError(`a tree of ${size2} leaves does not contain one of ${size1}`);
  if (size1 === 0 || size1 === size2) return [];
  const path: Hash[] = [];
  let start = 0;
  let end = size2;
  while (end !== size1) {
    const middle = start + splitPoint(end - start);
    if (size1 <= middle) {
      path.push(subtreeRoot(hasher, nodes, middle, end));
      end = middle;
    } else {
      path.push(subtreeRoot(hasher, nodes, start, middle));
      start = middle;
    }
  }
  // The verifier knows root1, so it is left out where the first tree is itself a subtree of the second.
  if (start > 0) path.push(subtreeRoot(hasher, nodes, start, end));
  return path.reverse();
}

/** A tree with all its complete nodes in memory. */
export class MemoryTree implements NodeSource {
  readonly #hasher: TreeHasher;
  readonly #frontier: TreeFrontier;
  readonly #levels: Hash[][] = [];

  constructor(hasher: TreeHasher, leafHashes: Iterable<Hash> = []) {
    this.#hasher = hasher;
    this.#frontier = new TreeFrontier(hasher);
    for (const leafHash of leafHashes) this.append(leafHash);
  }

  get size(): number {
    return this.#frontier.size;
  }

  append(leafHash: Hash): void {
    this.#frontier.append(leafHash, (level, _, hash) => (this.#levels[level] ??= []).push(hash));
  }

  node(level: number, index: number): Hash {
    const hash = this.#levels[level]?.[index];
    if (hash === undefined) throw new RangeError(`no complete node at level ${level}, index ${index}`);
    return hash;
  }

  /** The root of the first `size` leaves, of all unless told. */
  root(size: number = this.size): Hash {
    return rootAt(this.#hasher, this, size);
  }

  inclusionProof(index: number, size: number = this.size): Hash[] {
    return inclusionProof(this.#hasher, this, index, size);
  }

  consistencyProof(size1: number, size2: number = this.size): Hash[] {
    return consistencyProof(this.#hasher, this, size1, size2);
  }
}

function checkSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`${size} is not a size or an index`);
}
