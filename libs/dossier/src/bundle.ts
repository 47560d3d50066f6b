/** What a bundle says of itself; signed by the ledger's export keys. */
export interface Manifest {
  readonly format: 'countersign-bundle/1';
  /** Only where the ledger is a demonstration: `DEMO_NOTICE`. */
  readonly notice?: string;
  readonly mode: string;
  /** The whole log up to `size`. */
  readonly scope: 'all';
  /** What was asked for: the facet, and the log indices [from, to). */
  readonly query: { readonly facet: 'all'; readonly from: 0; readonly to: number };
  /** Log times of the first and the last entry. */
  readonly window: { readonly from: string; readonly to: string };
  /** The party that it was made for. */
  readonly recipient: string;
  readonly origin: string;
  readonly size: number;
  /** Log time of the last entry: what the reports are as of. */
  readonly asOf: string;
  readonly generator: string;
  readonly countsByType: Readonly<Record<string, number>>;
  /** Nothing is withheld from a whole log, and nobody renamed. */
  readonly redactions: readonly never[];
  readonly pseudonyms: readonly never[];
  /** Every signature line of the bundle; one that is not named here fails. */
  readonly signatures: {
    readonly 'manifest.jws': readonly Algorithm[];
    /** `name+key id` of each line of the note, as in a C2SP verifier key. */
    readonly 'checkpoint.txt': readonly string[];
  };
  /** SHA-256 (hex) and length of every other file but `manifest.jws`, in the archive's order. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

/** The two signatures on a manifest, in this order. */
export const ALGORITHMS = ['Ed25519', 'ML-DSA-44'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];
export const PURPOSES = { Ed25519: 'export', 'ML-DSA-44': 'export-ml-dsa-44' } as const;
/** The only protected header (RFC 7797) that a manifest's signature has. */
export const headerOf = (alg: Algorithm): object => ({ alg, b64: false, crit: ['b64'] });

export const DEMO_NOTICE = 'Demonstration: parties, models and events are fictional.';

/**
 * The files in the archive's order: what is for people, then what signs, then what is signed; the reports in `report/`
 * come last. So a verifier that reads a stream knows what to expect of a file before it comes.
 */
export const UNLISTED = ['manifest.json', 'manifest.jws'] as const;
export const BEFORE = ['README.txt', 'report.html'] as const;
export const AFTER = ['checkpoint.txt', 'keys.json', 'entries.jsonl.gz', 'indices.txt.gz'] as const;
export const REPORT_NAME = /^report\/[a-z-]+\.(json|csv)$/;

/** What a manifest is made from. Times in milliseconds. */
export interface Facts {
  readonly mode: string;
  readonly recipient: string;
  readonly origin: string;
  readonly generator: string;
  readonly size: number;
  readonly began: number;
  readonly time: number;
  readonly countsByType: Manifest['countsByType'];
  readonly checkpointSignatures: readonly string[];
}

/** The manifest but for its files: whoever holds the entries and the checkpoint can make it again. */
export const manifestOf = (facts: Facts): Omit<Manifest, 'files'> => ({
  format: 'countersign-bundle/1',
  ...(facts.mode === 'demo' ? { notice: DEMO_NOTICE } : {}),
  mode: facts.mode,
  scope: 'all',
  query: { facet: 'all', from: 0, to: facts.size },
  window: { from: iso(facts.began), to: iso(facts.time) },
  recipient: facts.recipient,
  origin: facts.origin,
  size: facts.size,
  asOf: iso(facts.time),
  generator: facts.generator,
  countsByType: facts.countsByType,
  redactions: [],
  pseudonyms: [],
  signatures: { 'manifest.jws': ALGORITHMS, 'checkpoint.txt': facts.checkpointSignatures },
});
const iso = (time: number): string => new Date(time).toISOString();

/** How every JSON file of a bundle is written. */
export const jsonText = (value: object): string => `${JSON.stringify(value, null, 1)}\n`;

/** `README.txt`: follows from the manifest, so that nobody else can have written it. */
export const readmeOf = ({ notice, origin, size, asOf }: Omit<Manifest, 'files'>): string => `${
  notice === undefined ? '' : `*** ${notice} ***\n\n`
}SIGNED EXPORT OF A COUNTERSIGN LEDGER

Log        ${origin}
Entries    ${size}: the whole log, from 0 to ${size - 1}
As of      ${asOf}

It shows who gave whom access to which AI model, on what authority, and what was tested. Begin with report.html.

FILES

report.html        what the entries say, for people, on screen or on paper
report/            the same as JSON and CSV
entries.jsonl.gz   the entries, exactly as stored, one a line, in log order
indices.txt.gz     the log index and the log time (milliseconds since 1970, UTC) of each
checkpoint.txt     the signed size and root of the log (C2SP tlog-checkpoint): Ed25519, and an ML-DSA-44 cosignature
keys.json          the public keys of the ledger and its parties, each with the entries that added or ended it
manifest.json      what this bundle holds: SHA-256 and length of every other file
manifest.jws       two detached signatures (RFC 7797) on manifest.json by the export keys: Ed25519 and ML-DSA-44

CHECK IT WITH COUNTERSIGN

    countersign verify FILE --policy POLICY

It needs no network, only this file and POLICY: the keys that you trust, which you must have from elsewhere.

CHECK IT WITH ORDINARY TOOLS

1. Unpack the archive. Compare what sha256sum says of each file with manifest.json.
2. Compute the root of the log, and compare it with the third line of checkpoint.txt:

python3 - <<'EOF'
import base64, gzip, hashlib
def h(b): return hashlib.sha256(b).digest()
stack = []
for i, line in enumerate(gzip.open('entries.jsonl.gz')):
    node = h(b'\\0' + line[:-1])
    while i % 2: node = h(b'\\1' + stack.pop() + node); i //= 2
    stack.append(node)
root = stack.pop()
while stack: root = h(b'\\1' + stack.pop() + root)
print(base64.b64encode(root).decode())
EOF

3. Check the signatures on checkpoint.txt with any software that knows C2SP signed notes, by the log's keys, which
   you must have from elsewhere.
4. Check manifest.jws with any software that knows JWS, by the keys with the purposes export and export-ml-dsa-44 in
   keys.json. They are the ones that entry 0 names, the first line of entries.jsonl, which the root covers.

If one entry were altered, added or left out, the root would be another.

Nothing in here is legal advice.
`;
