import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { flattenedVerify } from 'jose';
import {
  COSIGNATURE_ML_DSA_44,
  isBy,
  openCheckpoint,
  parseNote,
  parsePolicy,
  treeHasher,
  TreeFrontier,
  verifierKey,
  verifySignature,
  type Policy,
  type TrustedCheckpoint,
} from '@countersign/log';
import { ALGORITHMS, FIRST, LAST, PURPOSES, README, type Algorithm, type Manifest } from './bundle.ts';
import { rawKey, verifiers } from './keys.ts';
import { BundleError, readZip, type Member } from './zip.ts';

/** One line of a verification: what was proven, or why it was not. */
export interface Check {
  readonly check: string;
  readonly passed: boolean;
  readonly detail: string;
}
export interface Verification {
  readonly passed: boolean;
  readonly checks: readonly Check[];
  /** The entries' own bytes, if they are proven to be the log's; views of one buffer. */
  readonly entries: Iterable<Buffer>;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly manifest?: Manifest;
}

/** At most this much comes out of a compressed member. */
const MAX_UNPACKED = 4 * 1024 ** 3;
/** By way of a string, which Node makes faster than a buffer. */
const sha256 = (data: Uint8Array): Buffer => Buffer.from(hash('sha256', data, 'latin1'), 'latin1');

/**
 * Checks a bundle offline, against a trust policy alone: the archive, each file against the manifest, the checkpoint's
 * signature by a log key that the policy pins, the tree over the entries, the keys against entry 0, the manifest's two
 * signatures. The first check that fails ends it: nothing after it would mean anything.
 */
export async function verifyBundle(archive: Buffer, policy: string): Promise<Verification> {
  const checks: Check[] = [];
  const pass = (check: string, detail: string) => checks.push({ check, passed: true, detail });
  let entries: Iterable<Buffer> = [];
  let files: ReadonlyMap<string, Uint8Array> = new Map();
  let manifest: Manifest | undefined;
  let current = 'policy';
  try {
    const trusted = parsePolicy(sha256, policy);
    current = 'archive';
    const members = readZip(archive);
    files = new Map(members.map(({ name, data }) => [name, data]));
    checkOrder(members);
    pass(current, `${members.length} files, every header as it must be`);

    current = 'manifest';
    manifest = parseManifest(file(files, 'manifest.json'));
    checkFiles(manifest, members);
    pass(current, `${Object.keys(manifest.files).length} files have the digests and lengths that it gives`);

    current = 'checkpoint';
    const checkpoint = file(files, 'checkpoint.txt').toString('utf8');
    const head = openCheckpoint(verifiers, trusted, checkpoint);
    if (head.origin !== manifest.origin || head.size !== manifest.size)
      throw new BundleError('it is of another log or size than the manifest says');
    pass(current, `${head.origin}, ${head.size} entries, signed by a key that the policy pins`);

    current = 'tree';
    const unpacked = unpack(file(files, 'entries.jsonl.gz'));
    const indices = unpack(file(files, 'indices.txt.gz')).toString('latin1');
    const read = readEntries(unpacked, indices);
    if (read.size !== head.size || !read.root.equals(head.root))
      throw new BundleError(`the ${read.size} entries do not have the checkpoint's root`);
    pass(current, `the ${read.size} entries are the whole log under that checkpoint: none is missing, none is altered`);

    current = 'order';
    if (read.misplaced !== undefined)
      throw new BundleError(`the index or log time of entry ${read.misplaced} is another`);
    if (JSON.stringify(read.countsByType) !== JSON.stringify(manifest.countsByType) || read.asOf !== manifest.asOf)
      throw new BundleError('the manifest counts otherwise than the entries');
    pass(current, 'indices, log times and counts are those of the entries');

    current = 'keys';
    const keys = ledgerKeys(read.first, file(files, 'keys.json'));
    pass(current, 'each is in entry 0, which the checkpoint covers');

    current = 'witnesses';
    pass(current, cosignatures(checkpoint, head, trusted, keys['log-ml-dsa-44']));
    entries = linesOf(unpacked);

    current = 'signatures';
    await checkSignatures(file(files, 'manifest.json'), file(files, 'manifest.jws').toString('utf8'), {
      Ed25519: keys[PURPOSES.Ed25519],
      'ML-DSA-44': keys[PURPOSES['ML-DSA-44']],
    });
    pass(current, 'the manifest is signed by both export keys of entry 0: Ed25519 and ML-DSA-44');
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    checks.push({ check: current, passed: false, detail });
    return { passed: false, checks, entries: [], files };
  }
  return { passed: true, checks, entries, files, manifest };
}

function file(files: ReadonlyMap<string, Uint8Array>, name: string): Buffer {
  const data = files.get(name);
  if (!data) throw new BundleError(`there is no ${name}`);
  return Buffer.from(data.buffer, data.byteOffset, data.length);
}

function checkOrder(members: readonly Member[]): void {
  const names = members.map(({ name }) => name);
  const reports = names.slice(FIRST.length, names.length - LAST.length);
  const expected = [...FIRST, ...reports, ...LAST];
  if (
    names.join('\n') !== expected.join('\n') ||
    reports.some((name) => !/^report(\.html|\/[a-z-]+\.(json|csv))$/.test(name))
  )
    throw new BundleError('the files are not those of a bundle, in their order');
}

function parseManifest(data: Buffer): Manifest {
  const manifest = JSON.parse(data.toString('utf8')) as Manifest;
  if (`${JSON.stringify(manifest, null, 1)}\n` !== data.toString('utf8'))
    throw new BundleError('it is not written as it must be');
  if (manifest.format !== 'countersign-bundle/1' || manifest.scope !== 'all')
    throw new BundleError('it is of another format or scope');
  return manifest;
}

function checkFiles({ files }: Manifest, members: readonly Member[]): void {
  const listed = members.filter(({ name }) => name !== 'manifest.json' && name !== 'manifest.jws');
  if (Object.keys(files).join('\n') !== listed.map(({ name }) => name).join('\n'))
    throw new BundleError('it does not list the files that are there');
  for (const { name, data } of listed) {
    const { sha256: digest, bytes } = files[name] as { sha256: string; bytes: number };
    if (data.length !== bytes || sha256(data).toString('hex') !== digest)
      throw new BundleError(`${name} is not the file that it lists`);
  }
  const readme = members.find(({ name }) => name === 'README.txt');
  if (!readme || !Buffer.from(readme.data).equals(Buffer.from(README))) throw new BundleError('README.txt is another');
}

/**
 * The log's own ML-DSA-44 cosignature, which every exported checkpoint carries, by the key that entry 0 names; and who
 * else cosigned. Says how each key came to be trusted.
 */
function cosignatures(note: string, head: TrustedCheckpoint, policy: Policy, own: KeyObject): string {
  const key = verifierKey(sha256, head.origin, COSIGNATURE_ML_DSA_44, rawKey(own).raw);
  const line = parseNote(note).signatures.find((each) => isBy(key, each));
  if (!line || !verifySignature(verifiers, key, head, line).valid)
    throw new BundleError("the log's ML-DSA-44 cosignature is not there, or does not hold");
  const pinned = [...policy.members.values()].some(
    (each) => 'witness' in each && Buffer.from(each.witness.publicKey).equals(key.publicKey),
  );
  const others = [...head.witnesses.keys()].filter((name) => {
    const member = policy.members.get(name);
    return member !== undefined && 'witness' in member && !Buffer.from(member.witness.publicKey).equals(key.publicKey);
  });
  return `the log's ML-DSA-44 cosignature holds, its key is ${pinned ? 'pinned by the policy' : 'only found in the bundle'}; ${others.length === 0 ? 'not yet witnessed by others' : `witnessed by ${others.join(', ')}`}`;
}

function unpack(data: Buffer): Buffer {
  const unpacked = gunzipSync(data, { maxOutputLength: MAX_UNPACKED });
  if (unpacked.length > 0 && unpacked.at(-1) !== NEWLINE) throw new BundleError('the last line has no end');
  return unpacked;
}

const NEWLINE = 0x0a;

function* linesOf(text: Buffer): Iterable<Buffer> {
  for (let from = 0; from < text.length;) {
    const end = text.indexOf(NEWLINE, from);
    yield text.subarray(from, end);
    from = end + 1;
  }
}

/** One pass over the entries: the tree, the log times against `indices.txt`, the counts. Parses what it can only. */
function readEntries(unpacked: Buffer, indices: string) {
  const hasher = treeHasher(sha256);
  const frontier = new TreeFrontier(hasher);
  const counts: Record<string, number> = {};
  let first = '';
  let time = 0;
  let at = 0;
  let misplaced: number | undefined;
  for (const line of linesOf(unpacked)) {
    const index = frontier.size;
    frontier.append(hasher.leaf(line));
    const text = line.toString('utf8');
    if (index === 0) first = text;
    const { recordedtime, type } = JSON.parse(text) as { recordedtime: string; type: string };
    time = Math.max(time, Date.parse(recordedtime));
    counts[type] = (counts[type] ?? 0) + 1;
    const expected = `${index} ${time}\n`;
    if (!indices.startsWith(expected, at)) misplaced ??= index;
    at += expected.length;
  }
  if (at !== indices.length) misplaced ??= frontier.size;
  return {
    size: frontier.size,
    root: Buffer.from(frontier.root()),
    first,
    misplaced,
    countsByType: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))),
    asOf: new Date(time).toISOString(),
  };
}

/** The ledger's keys that entry 0 names, by purpose; `keys.json` must name the same. */
function ledgerKeys(entry: string, listed: Buffer): Readonly<Record<Purpose, KeyObject>> {
  const { type, data } = JSON.parse(entry) as { type: string; data: { keys: { purpose: string; jwk: string }[] } };
  if (type !== 'countersign.LedgerFounded.v1') throw new BundleError('entry 0 does not found a ledger');
  const expected = {
    keys: data.keys.map(({ purpose, jwk }) => ({ ...(JSON.parse(jwk) as object), purpose, entry: 0 })),
  };
  if (`${JSON.stringify(expected, null, 1)}\n` !== listed.toString('utf8'))
    throw new BundleError('keys.json lists other keys than entry 0');
  const key = (purpose: Purpose): KeyObject => {
    const found = data.keys.find((each) => each.purpose === purpose);
    if (!found) throw new BundleError(`entry 0 names no ${purpose} key`);
    return createPublicKey({ key: JSON.parse(found.jwk) as Record<string, string>, format: 'jwk' });
  };
  return {
    export: key('export'),
    'export-ml-dsa-44': key('export-ml-dsa-44'),
    'log-ml-dsa-44': key('log-ml-dsa-44'),
  };
}
type Purpose = (typeof PURPOSES)[Algorithm] | 'log-ml-dsa-44';

async function checkSignatures(
  manifest: Buffer,
  jws: string,
  keys: Readonly<Record<Algorithm, KeyObject>>,
): Promise<void> {
  const lines = jws.split('\n');
  if (lines.length !== ALGORITHMS.length + 1 || lines.at(-1) !== '')
    throw new BundleError('there are not exactly two signatures');
  for (const [i, alg] of ALGORITHMS.entries()) {
    const [header = '', payload, signature = '', ...rest] = (lines[i] as string).split('.');
    const strict = [header, signature].every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
    if (payload !== '' || rest.length > 0 || !strict) throw new BundleError(`the ${alg} signature is of another form`);
    const expected = Buffer.from(JSON.stringify({ alg, b64: false, crit: ['b64'] })).toString('base64url');
    if (header !== expected) throw new BundleError(`the ${alg} signature has another header`);
    try {
      await flattenedVerify({ protected: header, payload: manifest, signature }, keys[alg], {
        algorithms: [alg],
        crit: { b64: true },
      });
    } catch {
      throw new BundleError(`the ${alg} signature on the manifest does not verify`);
    }
  }
}
