export { HASH_LENGTH, treeHasher } from './hash.ts';
export type { Hash, HashFn, TreeHasher } from './hash.ts';
export {
  consistencyProof,
  inclusionProof,
  MemoryTree,
  rangeNodes,
  rootAt,
  rootFromRange,
  subtreeRoot,
  TreeFrontier,
} from './tree.ts';
export type { CompletedNode, NodeId, NodeSource } from './tree.ts';
export { verifyConsistency, verifyInclusion } from './proof.ts';
export type { ConsistencyClaim, InclusionClaim } from './proof.ts';
