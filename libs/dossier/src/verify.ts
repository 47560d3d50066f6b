import {
  COSIGNATURE_ML_DSA_44,
  encodeBase64,
  isBy,
  openCheckpoint,
  parseNote,
  parsePolicy,
  verifierKey,
  verifySignature,
  type NoteSignature,
  type Policy,
  type TrustedCheckpoint,
  type VerifierKey,
} from '@countersign/log';
import { Archive, type ReadMember } from './archive.ts';
import {
  AFTER,
  ALGORITHMS,
  BEFORE,
  headerOf,
  jsonText,
  manifestOf,
  PURPOSES,
  readmeOf,
  type Algorithm,
  type Manifest,
} from './bundle.ts';
import { EntryPass } from './entry-pass.ts';
import { foundingKeys } from './key-history.ts';
import { parseManifest } from './manifest.ts';
import type { Platform } from './platform.ts';
import type { ReportsAsOf } from './reading.ts';
import { ArchiveError, BundleError } from './source.ts';

/** A key that a check rests on, and how it came to be trusted. */
export interface TrustedKey {
  readonly key: string;
  readonly algorithm: Algorithm;
  readonly trust: 'pinned by the policy' | 'only found in the bundle, where entry 0 names it';
}
/** One line of a verification: what was proven, or why it was not. */
export interface Check {
  readonly check: string;
  readonly passed: boolean;
  readonly detail: string;
  readonly keys?: readonly TrustedKey[];
}
export interface Verification {
  readonly passed: boolean;
  readonly checks: readonly Check[];
  /** What the bundle says of itself, if all of it is proven. */
  readonly manifest?: Manifest;
}

const SMALL = 1024 * 1024;

/**
 * Checks a bundle offline as it comes, against a trust policy alone. Holds what the reports' fold needs and no entry.
 * The first check that fails ends it: nothing after it would mean anything. Whatever the bytes are, it answers.
 */
export async function verifyBundle(
  platform: Platform,
  chunks: AsyncIterable<Uint8Array>,
  policyText: string,
  reportsAsOf: ReportsAsOf,
): Promise<Verification> {
  const checks: Check[] = [];
  const pass = (detail: string, keys?: readonly TrustedKey[]) =>
    checks.push({ check: current, passed: true, detail, ...(keys === undefined ? {} : { keys }) });
  const archive = new Archive(platform, chunks);
  let current = 'policy';
  try {
    const policy = parsePolicy(platform.sha256, policyText);

    current = 'archive';
    const readme = await archive.small('README.txt', SMALL);
    await archive.pass('report.html');
    const manifestBytes = await archive.small('manifest.json', SMALL);
    const jws = platform.utf8(await archive.small('manifest.jws', SMALL));
    current = 'manifest';
    const manifest = parseManifest(platform.utf8(manifestBytes));
    for (const member of archive.members) if (isAmong(BEFORE, member.name)) checkListed(manifest, member);
    const { files, ...rest } = manifest;
    if (platform.utf8(readme) !== readmeOf(rest)) throw new BundleError('README.txt is another');
    pass(`${manifest.origin}, entries 0 to ${manifest.size - 1}, as of ${manifest.asOf}, for ${manifest.recipient}`);

    current = 'checkpoint';
    const note = platform.utf8(await archive.small('checkpoint.txt', SMALL));
    checkListed(manifest, archive.members.at(-1));
    const head = openCheckpoint(platform.verifiers, policy, note);
    if (head.origin !== manifest.origin || head.size !== manifest.size)
      throw new BundleError('it is of another log or size than the manifest says');
    pass(`${head.origin}, ${head.size} entries, signed by the log`, head.logs.map(pinned));

    current = 'tree';
    const keysFile = await archive.pass('keys.json');
    checkListed(manifest, keysFile);
    const asOf = {
      index: head.size - 1,
      time: Date.parse(manifest.asOf),
      mode: manifest.mode,
      origin: head.origin,
      root: encodeBase64(head.root),
    };
    const entries = new EntryPass(platform, head.size, reportsAsOf(asOf));
    await entries.read(await archive.next('entries.jsonl.gz'), (member) => checkListed(manifest, member));
    entries.checkRoot(head);
    pass(`the ${head.size} entries are the whole log under that checkpoint: none is missing, none is altered`);

    current = 'order';
    await entries.readIndices(await archive.next('indices.txt.gz'), (member) => checkListed(manifest, member));
    const { reading } = entries;
    const { mode, origin } = foundingOf(reading.first);
    const again = manifestOf({
      ...reading,
      mode,
      origin,
      recipient: manifest.recipient,
      generator: manifest.generator,
      countsByType: reading.countsByType(),
      checkpointSignatures: parseNote(note).signatures.map(lineName),
    });
    for (const [member, value] of Object.entries(again))
      if (JSON.stringify(value) !== JSON.stringify((rest as Record<string, unknown>)[member]))
        throw new BundleError(`the manifest’s ${member} is not that of the entries and the checkpoint`);
    if (jsonText({ ...again, files }) !== platform.utf8(manifestBytes))
      throw new BundleError('the manifest says more than it should');
    pass('indices, log times, counts and all else that the manifest says are those of the entries');

    current = 'keys';
    if (platform.digestOf(reading.keys.text()) !== keysFile.sha256)
      throw new BundleError('keys.json lists other keys than the entries');
    pass('each key is in an entry, which the checkpoint covers');

    current = 'witnesses';
    const found = cosignatures(platform, note, head, policy, foundingKey(reading.first?.data, 'log-ml-dsa-44'));
    pass(found.detail, found.keys);

    current = 'signatures';
    await checkSignatures(platform, manifestBytes, jws, reading.first?.data);
    pass(
      'the manifest is signed by both export keys',
      ALGORITHMS.map((algorithm) => ({ key: PURPOSES[algorithm], algorithm, trust: IN_ENTRY_0 })),
    );

    current = 'reports';
    const made = new Map<string, string>();
    for (const { name, data } of entries.reports()) made.set(name, platform.digestOf(data));
    const listed = Object.keys(files).filter((name) => name === 'report.html' || !isAmong([...BEFORE, ...AFTER], name));
    for (const name of new Set([...made.keys(), ...listed]))
      if (made.get(name) !== files[name]?.sha256)
        throw new BundleError(`${name} does not say what the entries say (made by ${manifest.generator})`);
    pass(`${made.size} reports, made again from the entries, are the same to the byte`);

    current = 'archive';
    for (const name of listed.slice(1)) checkListed(manifest, await archive.pass(name));
    await archive.end();
    pass(`${archive.members.length} files, every header as it must be, each with the digest that the manifest gives`);
    return { passed: true, checks, manifest };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    checks.push({ check: error instanceof ArchiveError ? 'archive' : current, passed: false, detail });
    return { passed: false, checks };
  } finally {
    await archive.close().catch(() => undefined);
  }
}

const IN_ENTRY_0 = 'only found in the bundle, where entry 0 names it';
const isAmong = (names: readonly string[], name: string): boolean => names.includes(name);

/** @throws ArchiveError if a file is not the one that the manifest lists */
function checkListed({ files }: Manifest, member: ReadMember | undefined): void {
  const listed = member && files[member.name];
  if (!member || !listed || listed.bytes !== member.bytes || listed.sha256 !== member.sha256)
    throw new ArchiveError(`${member?.name ?? 'a file'} is not the one that the manifest lists`);
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
/** How a manifest names a signature line of a note. */
export const lineName = ({ name, keyId }: Pick<NoteSignature, 'name' | 'keyId'>): string => `${name}+${hex(keyId)}`;

const algorithmOf = ({ type }: VerifierKey): Algorithm => (type === COSIGNATURE_ML_DSA_44 ? 'ML-DSA-44' : 'Ed25519');
const pinned = (key: VerifierKey): TrustedKey => ({
  key: lineName(key),
  algorithm: algorithmOf(key),
  trust: 'pinned by the policy',
});

function foundingOf(entry: { type: string; data: unknown } | undefined): { mode: string; origin: string } {
  const { mode, origin } = (entry?.data ?? {}) as { mode?: unknown; origin?: unknown };
  if (entry?.type !== 'countersign.LedgerFounded.v1' || typeof mode !== 'string' || typeof origin !== 'string')
    throw new BundleError('entry 0 does not found a ledger');
  return { mode, origin };
}

/** A key of the ledger, by its purpose, as entry 0 has it. */
function foundingKey(founding: unknown, purpose: string): Readonly<Record<string, string>> {
  const found = foundingKeys(founding).find((each) => each.purpose === purpose);
  if (!found) throw new BundleError(`entry 0 names no ${purpose} key`);
  return JSON.parse(found.jwk) as Record<string, string>;
}

/**
 * The log's own ML-DSA-44 cosignature, which every exported checkpoint carries, by the key that entry 0 names; and who
 * else cosigned. A line by a key that is neither pinned nor named proves nothing, and is said.
 */
function cosignatures(
  platform: Platform,
  note: string,
  head: TrustedCheckpoint,
  policy: Policy,
  own: Readonly<Record<string, string>>,
): { detail: string; keys: readonly TrustedKey[] } {
  const raw = Uint8Array.fromBase64(own['pub'] ?? '', { alphabet: 'base64url' });
  const key = verifierKey(platform.sha256, head.origin, COSIGNATURE_ML_DSA_44, raw);
  const { signatures } = parseNote(note);
  const line = signatures.find((each) => isBy(key, each));
  if (!line || !verifySignature(platform.verifiers, key, head, line).valid)
    throw new BundleError("the log's ML-DSA-44 cosignature is not there, or does not hold");
  const witnesses = [...head.witnesses.keys()].flatMap((name) => {
    const member = policy.members.get(name);
    return member !== undefined && 'witness' in member ? [{ name, key: member.witness }] : [];
  });
  const isOwn = (each: VerifierKey) => lineName(each) === lineName(key) && each.type === key.type;
  const isPinned = witnesses.some((each) => isOwn(each.key)) || head.logs.some(isOwn);
  const others = witnesses.filter((each) => !isOwn(each.key));
  const known = new Set([key, ...head.logs, ...witnesses.map((each) => each.key)].map(lineName));
  const unknown = signatures.filter((each) => !known.has(lineName(each))).length;
  return {
    detail: [
      "the log's ML-DSA-44 cosignature holds",
      others.length === 0 ? 'not yet witnessed by others' : `witnessed by ${others.map(({ name }) => name).join(', ')}`,
      ...(unknown === 0 ? [] : [`${unknown} lines by keys that nobody here knows prove nothing`]),
    ].join('; '),
    keys: [
      isPinned ? pinned(key) : { key: lineName(key), algorithm: 'ML-DSA-44', trust: IN_ENTRY_0 },
      ...others.map((each) => pinned(each.key)),
    ],
  };
}

async function checkSignatures(platform: Platform, manifest: Uint8Array, jws: string, founding: unknown) {
  const lines = jws.split('\n');
  if (lines.length !== ALGORITHMS.length + 1 || lines.at(-1) !== '')
    throw new BundleError('there are not exactly the two signatures that the manifest names');
  for (const [i, alg] of ALGORITHMS.entries()) {
    const [header = '', payload, signature = '', ...more] = (lines[i] as string).split('.');
    if (payload !== '' || more.length > 0 || !isStrict(signature))
      throw new BundleError(`the ${alg} signature is of another form`);
    const expected = new TextEncoder().encode(JSON.stringify(headerOf(alg)));
    if (header !== expected.toBase64({ alphabet: 'base64url', omitPadding: true }))
      throw new BundleError(`the ${alg} signature has another header`);
    if (!(await platform.jws(alg, foundingKey(founding, PURPOSES[alg]), header, manifest, signature)))
      throw new BundleError(`the ${alg} signature on the manifest does not verify`);
  }
}

/** Base64url as encoding would give it: no padding, no loose bits, no other character. */
function isStrict(text: string): boolean {
  try {
    const options = { alphabet: 'base64url' } as const;
    return Uint8Array.fromBase64(text, options).toBase64({ ...options, omitPadding: true }) === text;
  } catch {
    return false;
  }
}
