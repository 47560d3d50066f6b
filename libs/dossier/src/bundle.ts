/** What a bundle says of itself; signed by the ledger's export keys. */
export interface Manifest {
  readonly format: 'countersign-bundle/1';
  /** The whole log up to `size`. */
  readonly scope: 'all';
  readonly origin: string;
  readonly mode: string;
  readonly size: number;
  /** Log time of the last entry. */
  readonly asOf: string;
  readonly issuedAt: string;
  readonly generator: string;
  readonly countsByType: Readonly<Record<string, number>>;
  /** SHA-256 (hex) and length of every other file, but for `manifest.jws`. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

/** The two signatures on a manifest, in this order. */
export const ALGORITHMS = ['Ed25519', 'ML-DSA-44'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** The files of a bundle in their order; reports may stand between `keys.json` and `README.txt`. */
export const FIRST = ['entries.jsonl.gz', 'indices.txt.gz', 'checkpoint.txt', 'keys.json'] as const;
export const LAST = ['README.txt', 'manifest.json', 'manifest.jws'] as const;
export const PURPOSES = { Ed25519: 'export', 'ML-DSA-44': 'export-ml-dsa-44' } as const;

export const README = `This is a signed export of a Countersign ledger: the whole log up to the size that checkpoint.txt names.

entries.jsonl.gz   the entries, exactly as stored, one a line, in log order
indices.txt.gz     the log index and log time (ms) of each
checkpoint.txt     the signed checkpoint (C2SP tlog-checkpoint)
keys.json          the ledger's public keys; each is in entry 0, which the checkpoint covers
manifest.json      what this bundle holds: SHA-256 and length of every other file
manifest.jws       two detached signatures (RFC 7797) on manifest.json, by the export keys: Ed25519 and ML-DSA-44
report*            what the entries say, for people

To check it without our software: compare the files with manifest.json by sha256sum; rebuild the Merkle tree
(RFC 6962) over the lines of entries.jsonl, without their line ends, and compare its root with checkpoint.txt; check
the checkpoint's signature with the log's key, which you must have from elsewhere, and the manifest's with the export
keys of entry 0. With it: countersign verify FILE --policy POLICY.

Nothing in here is legal advice.
`;
