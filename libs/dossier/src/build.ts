import { createHash, type KeyObject } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { FlattenedSign } from 'jose';
import { ALGORITHMS, README, type Algorithm, type Manifest } from './bundle.ts';
import { writeZip, type Member } from './zip.ts';

export interface BuildInput {
  readonly origin: string;
  readonly mode: string;
  /** The entries' own bytes, in log order from 0. */
  readonly entries: Iterable<Uint8Array>;
  /** Signed note over exactly these entries. */
  readonly checkpoint: string;
  /** Purpose and public JWK of each of the ledger's keys, as entry 0 has them. */
  readonly keys: readonly { readonly purpose: string; readonly jwk: object }[];
  readonly reports: readonly Member[];
  readonly sign: Readonly<Record<Algorithm, KeyObject>>;
  readonly issuedAt: Date;
  readonly generator: string;
}

/** The bundle of a whole log, part after part. */
export async function* buildBundle(input: BuildInput): AsyncIterable<Uint8Array> {
  const lines: Uint8Array[] = [];
  const indices: string[] = [];
  const counts: Record<string, number> = {};
  const newline = Buffer.from('\n');
  let time = 0;
  let size = 0;
  for (const bytes of input.entries) {
    const { recordedtime, type } = JSON.parse(Buffer.from(bytes).toString('utf8')) as {
      recordedtime: string;
      type: string;
    };
    time = Math.max(time, Date.parse(recordedtime));
    counts[type] = (counts[type] ?? 0) + 1;
    lines.push(bytes, newline);
    indices.push(`${size++} ${time}\n`);
  }
  const members: Member[] = [
    { name: 'entries.jsonl.gz', data: gzipSync(Buffer.concat(lines)) },
    { name: 'indices.txt.gz', data: gzipSync(indices.join('')) },
    { name: 'checkpoint.txt', data: Buffer.from(input.checkpoint) },
    { name: 'keys.json', data: json({ keys: input.keys.map(({ purpose, jwk }) => ({ ...jwk, purpose, entry: 0 })) }) },
    ...input.reports,
    { name: 'README.txt', data: Buffer.from(README) },
  ];
  const manifest: Manifest = {
    format: 'countersign-bundle/1',
    scope: 'all',
    origin: input.origin,
    mode: input.mode,
    size,
    asOf: new Date(time).toISOString(),
    issuedAt: input.issuedAt.toISOString(),
    generator: input.generator,
    countsByType: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))),
    files: Object.fromEntries(members.map(({ name, data }) => [name, { sha256: sha256(data), bytes: data.length }])),
  };
  const signed = json(manifest);
  const signatures: string[] = [];
  for (const alg of ALGORITHMS) {
    const header = { alg, b64: false, crit: ['b64'] };
    const jws = await new FlattenedSign(signed).setProtectedHeader(header).sign(input.sign[alg]);
    signatures.push(`${jws.protected ?? ''}..${jws.signature}\n`);
  }
  members.push(
    { name: 'manifest.json', data: signed },
    { name: 'manifest.jws', data: Buffer.from(signatures.join('')) },
  );
  yield* writeZip(members);
}

const json = (value: object): Buffer => Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
