import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { treeHasher, TreeFrontier } from '@countersign/log';
import {
  buildBundle,
  cosignatureLine,
  nodePlatform,
  signCheckpoint,
  verifyBundle,
  vkeyOf,
  type AsOf,
  type BuildInput,
  type ReportFold,
  type Verification,
} from '../src/index.ts';

export const ORIGIN = 'test.example/log';

/** A ledger's keys. */
export const newKeys = () => ({
  log: generateKeyPairSync('ed25519'),
  'log-ml-dsa-44': generateKeyPairSync('ml-dsa-44'),
  export: generateKeyPairSync('ed25519'),
  'export-ml-dsa-44': generateKeyPairSync('ml-dsa-44'),
});
export type Keys = ReturnType<typeof newKeys>;

/** Pins the log by both of its keys, as the ledger's own policy file does. */
export const policyOf = (keys: Keys): string =>
  [
    `log ${vkeyOf(ORIGIN, keys.log.publicKey)}`,
    `witness own ${vkeyOf(ORIGIN, keys['log-ml-dsa-44'].publicKey)}`,
    'quorum own',
    '',
  ].join('\n');

/** A small log: entry 0 founds it and names its keys. */
export function smallLog(keys: Keys, mode = 'demo'): Buffer[] {
  const jwk = (key: keyof Keys) => JSON.stringify(createPublicKey(keys[key].privateKey).export({ format: 'jwk' }));
  const founded = {
    data: {
      keys: (Object.keys(keys) as (keyof Keys)[]).map((purpose) => ({ purpose, jwk: jwk(purpose) })),
      mode,
      origin: ORIGIN,
    },
    recordedtime: '2026-07-03T08:00:00.000Z',
    subject: 'ledger',
    type: 'countersign.LedgerFounded.v1',
  };
  const entry = (recordedtime: string, data: object, type = 'countersign.PolicyParameterSet.v1') => ({
    data,
    recordedtime,
    subject: 'party-a',
    type,
  });
  return [
    founded,
    entry('2026-07-03T09:00:00.000Z', { kid: 'k1', jwk: '{"kty":"OKP"}' }, 'countersign.PartyKeyAdded.v1'),
    entry('2026-07-03T08:59:00.000Z', { name: 'a', value: '1' }),
    entry('2026-07-03T10:00:00.000Z', { kid: 'k1' }, 'countersign.PartyKeyRetired.v1'),
    entry('2026-07-03T11:00:00.000Z', { name: 'a', value: '2' }),
  ].map((each) => Buffer.from(JSON.stringify(each)));
}

/** A checkpoint over entries with both of the log's signatures. */
export function checkpointOf(entries: readonly Uint8Array[], keys: Keys): string {
  const hasher = treeHasher((data) => createHash('sha256').update(data).digest());
  const tree = new TreeFrontier(hasher);
  for (const entry of entries) tree.append(hasher.leaf(entry));
  const head = { origin: ORIGIN, size: entries.length, root: tree.root() };
  const cosigned = cosignatureLine(ORIGIN, head, keys['log-ml-dsa-44'].privateKey, 1_782_000_000);
  return signCheckpoint(head, keys.log.privateKey) + cosigned;
}

/** Reports that depend on every entry. */
export function toyReports(asOf: AsOf): ReportFold {
  const digest = createHash('sha256').update(JSON.stringify(asOf));
  return {
    add: (entry, index) => void digest.update(`${index} ${JSON.stringify(entry)}`),
    finish: () => {
      const said = digest.digest('hex');
      return [
        { name: 'report.html', data: Buffer.from(`<p>${said}</p>\n`) },
        { name: 'report/matrix.json', data: Buffer.from(`"${said}"\n`) },
      ];
    },
  };
}

export async function bundleOf(
  entries: readonly Uint8Array[],
  keys: Keys,
  more: Partial<BuildInput> = {},
): Promise<Buffer> {
  const bundle = await buildBundle({
    entries: () => entries,
    checkpoint: checkpointOf(entries, keys),
    mode: 'demo',
    reports: toyReports,
    sign: { Ed25519: keys.export.privateKey, 'ML-DSA-44': keys['export-ml-dsa-44'].privateKey },
    recipient: 'party-us-reg',
    generator: 'test',
    ...more,
  });
  const parts: Uint8Array[] = [];
  for await (const part of bundle.parts()) parts.push(part);
  await bundle.close();
  return Buffer.concat(parts);
}

/** In chunks of a size that puts borders everywhere. */
export async function* inChunks(bytes: Uint8Array, size = 8191): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

export const verify = (bundle: Uint8Array, policy: string, chunk?: number): Promise<Verification> =>
  verifyBundle(nodePlatform, inChunks(bundle, chunk), policy, toyReports);

/** The check that failed, and why; `passed` if none did. */
export async function verdict(bundle: Uint8Array, policy: string): Promise<string> {
  const { passed, checks } = await verify(bundle, policy);
  const failed = checks.find((check) => !check.passed);
  return passed && !failed ? 'passed' : `${failed?.check ?? '?'}: ${failed?.detail ?? ''}`;
}
