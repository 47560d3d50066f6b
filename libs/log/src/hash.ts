import { concat } from './bytes.ts';

/** A 32-byte SHA-256 value. */
export type Hash = Uint8Array;

/** A hash function, given by the caller so that this package runs wherever its caller does. */
export type HashFn = (data: Uint8Array) => Uint8Array;

export const HASH_LENGTH = 32;

/** The three hashes of a Merkle tree, RFC 6962 §2.1. */
export interface TreeHasher {
  /** `SHA-256(0x00 ‖ entry)` */
  leaf(entry: Uint8Array): Hash;
  /** `SHA-256(0x01 ‖ left ‖ right)` */
  node(left: Hash, right: Hash): Hash;
  /** `SHA-256()`, the root of the tree without leaves. */
  empty(): Hash;
}

const LEAF = Uint8Array.of(0x00);
const NODE = Uint8Array.of(0x01);

/** The tree hashes of RFC 6962 §2.1; the prefixes keep a leaf from passing as a node. */
export function treeHasher(sha256: HashFn): TreeHasher {
  return {
    leaf: (entry) => sha256(concat(LEAF, entry)),
    node: (left, right) => sha256(concat(NODE, left, right)),
    empty: () => sha256(new Uint8Array(0)),
  };
}
