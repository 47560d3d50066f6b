import { createHash, type KeyObject } from 'node:crypto';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { FlattenedSign } from 'jose';
import { GZIP_HEADER, gzipTrailer } from '../src/gzip.ts';
import { Archive, nodePlatform, type Member } from '../src/index.ts';
import { directory, localHeader } from '../src/zip.ts';
import { inChunks, type Keys } from './small-bundle.ts';

type Files = Map<string, Buffer>;
interface LooseManifest {
  [member: string]: unknown;
  files: Record<string, { sha256: string; bytes: number }>;
}

/** What an attacker with a bundle in hand can do: take it apart, change it, sign it anew by any key, put it together. */
export async function apart(bundle: Buffer, names: readonly string[]): Promise<Files> {
  const archive = new Archive(nodePlatform, inChunks(bundle));
  const files: Files = new Map();
  for (const name of names) files.set(name, Buffer.from(await archive.small(name, bundle.length)));
  await archive.end();
  return files;
}

/** In the order of the archive, with headers that are right. */
export function together(members: readonly Member[]): Buffer {
  const listed = members.map(({ name, data }) => ({ name, bytes: data.length, crc32: crc32(data) }));
  return Buffer.concat([
    ...members.flatMap(({ data }, i) => [localHeader(listed[i] as (typeof listed)[number]), data]),
    directory(listed),
  ]);
}
export const membersOf = (files: Files): Member[] => [...files].map(([name, data]) => ({ name, data }));

/** Changes files, makes the manifest list them as they are now, says in it what else is wanted, and signs it. */
export async function resigned(
  files: Files,
  keys: Pick<Keys, 'export' | 'export-ml-dsa-44'>,
  change: (files: Files, manifest: LooseManifest) => void,
): Promise<Buffer> {
  const changed = new Map(files);
  const manifest = JSON.parse((files.get('manifest.json') as Buffer).toString()) as LooseManifest;
  change(changed, manifest);
  for (const [name, data] of changed)
    if (!name.startsWith('manifest.'))
      manifest.files[name] = { sha256: createHash('sha256').update(data).digest('hex'), bytes: data.length };
  const signed = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  changed.set('manifest.json', signed);
  changed.set(
    'manifest.jws',
    Buffer.from(
      (await jws(signed, 'Ed25519', keys.export.privateKey)) +
        (await jws(signed, 'ML-DSA-44', keys['export-ml-dsa-44'].privateKey)),
    ),
  );
  return together(membersOf(changed));
}

async function jws(payload: Uint8Array, alg: string, key: KeyObject): Promise<string> {
  const signed = await new FlattenedSign(payload).setProtectedHeader({ alg, b64: false, crit: ['b64'] }).sign(key);
  return `${signed.protected ?? ''}..${signed.signature}\n`;
}

/** Packs a text as bundles do; `level` 0 to 9 gives other bytes for the same text. */
export function packed(text: string | Uint8Array, level = 6): Buffer {
  const data = Buffer.from(text);
  return Buffer.concat([GZIP_HEADER, deflateRawSync(data, { level }), gzipTrailer(crc32(data), data.length)]);
}
export const unpacked = (files: Files, name: string): string => gunzipSync(files.get(name) as Buffer).toString();
