import { equal } from './bytes.ts';
import { HASH_LENGTH } from './hash.ts';
import type { Hash, TreeHasher } from './hash.ts';

export interface InclusionClaim {
  leafIndex: number;
  treeSize: number;
  leafHash: Hash;
  proof: readonly Hash[];
  root: Hash;
}

export interface ConsistencyClaim {
  size1: number;
  size2: number;
  root1: Hash;
  root2: Hash;
  proof: readonly Hash[];
}

/** Whether the leaf is in the tree, RFC 9162 §2.1.3.2. Sizes up to 2^53 − 1; never throws. */
export function verifyInclusion(hasher: TreeHasher, claim: InclusionClaim): boolean {
  const { leafIndex, treeSize, leafHash, proof, root } = claim;
  if (!areIndices(leafIndex, treeSize) || !areHashes(leafHash, root, ...proof)) return false;
  if (leafIndex >= treeSize) return false;
  // JavaScript's bit operations cut numbers to 32 bits, hence arithmetic instead.
  let fn = leafIndex;
  let sn = treeSize - 1;
  let r = leafHash;
  for (const p of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = hasher.node(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      r = hasher.node(r, p);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && equal(r, root);
}

/**
 * Whether the tree of `size2` leaves begins with the one of `size1`, RFC 9162 §2.1.4.2. Sizes up to 2^53 − 1; never throws.
 *
 * The RFC leaves two cases to the caller: equal sizes need equal roots, and the tree without leaves is a prefix of
 * every other; both have an empty proof. Its root, SHA-256 of nothing, is checked.
 */
export function verifyConsistency(hasher: TreeHasher, claim: ConsistencyClaim): boolean {
  const { size1, size2, root1, root2, proof } = claim;
  if (!areIndices(size1, size2) || !areHashes(root1, root2, ...proof) || size1 > size2) return false;
  if (size1 === 0 && !equal(root1, hasher.empty())) return false;
  if (size1 === size2) return proof.length === 0 && equal(root1, root2);
  if (size1 === 0) return proof.length === 0;

  const path = isPowerOfTwo(size1) ? [root1, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || proof.length === 0) return false;
  let fn = size1 - 1;
  let sn = size2 - 1;
  while (fn % 2 === 1) {
    fn = half(fn);
    sn = half(sn);
  }
  let fr = first;
  let sr = first;
  for (const c of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = hasher.node(c, fr);
      sr = hasher.node(c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      sr = hasher.node(sr, c);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && equal(fr, root1) && equal(sr, root2);
}

function areIndices(...values: number[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0);
}

function areHashes(...values: Hash[]): boolean {
  return values.every((value) => value.length === HASH_LENGTH);
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function isPowerOfTwo(n: number): boolean {
  let m = n;
  while (m % 2 === 0) m /= 2;
  return m === 1;
}
