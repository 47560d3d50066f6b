/** Verifying an export, against hashing and parsing the same lines; and its memory. */
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { buildBundle, cosignatureLine, signCheckpoint, verifyBundle, vkeyOf } from '@countersign/dossier';
import { treeHasher, TreeFrontier } from '@countersign/log';
import { median, type Result } from './result.ts';

const ENTRIES = 100_000;

export async function bundleBench(): Promise<Result[]> {
  const origin = 'bench.example/log';
  const log = generateKeyPairSync('ed25519');
  const keys = {
    export: generateKeyPairSync('ed25519'),
    'export-ml-dsa-44': generateKeyPairSync('ml-dsa-44'),
    'log-ml-dsa-44': generateKeyPairSync('ml-dsa-44'),
  };
  const jwks = Object.entries(keys).map(([purpose, { privateKey }]) => ({
    purpose,
    jwk: createPublicKey(privateKey).export({ format: 'jwk' }),
  }));
  const entries = Array.from({ length: ENTRIES }, (_, i) =>
    Buffer.from(
      JSON.stringify({
        actor: 'party-gb-aisi',
        commandid: randomUUID(),
        data:
          i === 0
            ? { keys: jwks.map(({ purpose, jwk }) => ({ purpose, jwk: JSON.stringify(jwk) })) }
            : { refs: { grant: [randomUUID()] }, text: randomBytes(260).toString('hex') },
        id: randomUUID(),
        recordedtime: new Date(Date.UTC(2026, 6, 3) + i).toISOString(),
        type: i === 0 ? 'countersign.LedgerFounded.v1' : 'countersign.GrantApproved.v1',
      }),
    ),
  );
  const hasher = treeHasher((data) => createHash('sha256').update(data).digest());
  const tree = new TreeFrontier(hasher);
  for (const entry of entries) tree.append(hasher.leaf(entry));
  const vkey = vkeyOf(origin, log.publicKey);
  const head = { origin, size: ENTRIES, root: tree.root() };
  const note =
    signCheckpoint(head, log.privateKey) +
    cosignatureLine(origin, head, keys['log-ml-dsa-44'].privateKey, Math.floor(Date.now() / 1000));
  const parts: Uint8Array[] = [];
  const input = {
    origin,
    mode: 'demo',
    entries,
    checkpoint: note,
    keys: jwks,
    reports: [],
    sign: { Ed25519: keys.export.privateKey, 'ML-DSA-44': keys['export-ml-dsa-44'].privateKey },
    issuedAt: new Date(),
    generator: 'bench',
  };
  for await (const part of buildBundle(input)) parts.push(part);
  const bundle = Buffer.concat(parts);
  const policy = `log ${vkey}\nquorum none\n`;
  const lines = entries.map((entry) => entry.toString('utf8'));
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round <= 3; round++) {
    let started = performance.now();
    for (const line of lines) {
      createHash('sha256').update(line).digest();
      JSON.parse(line);
    }
    const plain = performance.now() - started;
    started = performance.now();
    const { passed, checks } = await verifyBundle(bundle, policy);
    if (!passed) throw new Error(JSON.stringify(checks.at(-1)));
    if (round === 0) continue; // warms up
    bare.push(plain);
    ours.push(performance.now() - started);
  }
  const rate = (ms: number) => Math.round(ENTRIES / (ms / 1000));
  return [
    {
      name: `verify a bundle of ${ENTRIES} entries`,
      value: rate(median(ours)),
      unit: 'entries/s',
      against: rate(median(bare)),
      ratio: median(ours.map((ms, i) => (bare[i] as number) / ms)),
      target: 0.4,
      comparator: '>=',
    },
  ];
}
