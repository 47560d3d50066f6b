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
export type { NodeId, NodeSource } from './tree.ts';
export { verifyConsistency, verifyInclusion } from './proof.ts';
export type { ConsistencyClaim, InclusionClaim } from './proof.ts';
export { decodeBase64, encodeBase64 } from './bytes.ts';
export { formatCheckpoint, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
export { mlDsa44CosignedMessage, timestamped, verifySignature, type Verifiers } from './cosignature.ts';
export {
  COSIGNATURE_ED25519,
  COSIGNATURE_ML_DSA_44,
  ED25519,
  FormatError,
  formatNote,
  formatVerifierKey,
  isBy,
  parseNote,
  parseVerifierKey,
  signatureLine,
  verifierKey,
  type Note,
  type NoteSignature,
  type SignatureType,
  type VerifierKey,
} from './note.ts';
export { openCheckpoint, parsePolicy, type Policy, type TrustedCheckpoint } from './policy.ts';
export { formatProof, parseProof, type TlogProof } from './receipt.ts';
