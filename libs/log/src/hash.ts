/** A 32-byte SHA-256 value. */
export type Hash = Uint8Array;

/** A hash function, given by the caller so that this package runs wherever its caller does. Must not keep its input. */
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

/**
 * The tree hashes of RFC 6962 §2.1; the prefixes keep a leaf from passing as a node. The input is put together in buffers
 * that are used again for the next hash, so `sha256` must be done with it when it returns.
 */
export function treeHasher(sha256: HashFn): TreeHasher {
  const pair = new Uint8Array(1 + 2 * HASH_LENGTH);
  pair[0] = 0x01;
  let leaf = new Uint8Array(4096);
  return {
    leaf(entry) {
      if (leaf.length <= entry.length) leaf = new Uint8Array(2 * entry.length + 1);
      leaf.set(entry, 1);
      return sha256(leaf.subarray(0, 1 + entry.length));
    },
    node(left, right) {
      pair.set(left, 1);
      pair.set(right, 1 + HASH_LENGTH);
      return sha256(pair);
    },
    empty: () => sha256(new Uint8Array(0)),
  };
}
