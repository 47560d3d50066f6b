import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryTree, treeHasher, TreeFrontier, verifyConsistency, verifyInclusion } from './index.ts';

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest();
const hasher = treeHasher(sha256);

/** MTH(D[n]) as RFC 6962 §2.1 writes it. */
function naiveRoot(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return sha256(new Uint8Array(0));
  if (entries.length === 1) return sha256(Buffer.concat([Uint8Array.of(0), entries[0] as Uint8Array]));
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha256(Buffer.concat([Uint8Array.of(1), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k))]));
}
const entries = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 70 });
const treeOf = (leaves: readonly Uint8Array[]) => {
  const tree = new MemoryTree(hasher);
  for (const leaf of leaves) tree.append(hasher.leaf(leaf));
  return tree;
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('the root is that of the definition, however large the entries', () => {
  fc.assert(
    fc.property(entries, (leaves) => {
      const frontier = new TreeFrontier(hasher);
      for (const leaf of leaves) frontier.append(hasher.leaf(leaf));
      expect(hex(frontier.root())).toBe(hex(naiveRoot(leaves)));
      expect(hex(treeOf(leaves).root())).toBe(hex(naiveRoot(leaves)));
    }),
  );
  const large = new Uint8Array(70_000).fill(7);
  expect(hex(hasher.leaf(large))).toBe(hex(naiveRoot([large])));
});

test('every leaf is proven in every tree that has it, and in no other place', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 40 }),
      fc.nat(),
      fc.nat(),
      (leaves, a, b) => {
        const tree = treeOf(leaves);
        const treeSize = (a % leaves.length) + 1;
        const leafIndex = b % treeSize;
        const claim = {
          leafIndex,
          treeSize,
          leafHash: hasher.leaf(leaves[leafIndex] as Uint8Array),
          proof: tree.inclusionProof(leafIndex, treeSize),
          root: tree.root(treeSize),
        };
        expect(verifyInclusion(hasher, claim)).toBe(true);
        expect(verifyInclusion(hasher, { ...claim, leafHash: hasher.leaf(Buffer.from('another')) })).toBe(false);
        expect(verifyInclusion(hasher, { ...claim, proof: [...claim.proof, sha256(new Uint8Array(0))] })).toBe(false);
      },
    ),
  );
});

test('every tree is proven to begin with every smaller one', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 2, maxLength: 60 }), fc.nat(), (leaves, a) => {
      const tree = treeOf(leaves);
      const size1 = (a % (leaves.length - 1)) + 1;
      const claim = {
        size1,
        size2: leaves.length,
        root1: tree.root(size1),
        root2: tree.root(),
        proof: tree.consistencyProof(size1),
      };
      expect(verifyConsistency(hasher, claim)).toBe(true);
      expect(verifyConsistency(hasher, { ...claim, root1: sha256(Buffer.from('another')) })).toBe(false);
    }),
  );
});
