import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { BundleError } from './zip.ts';

/** A log key that a policy pins: C2SP signed-note vkey, Ed25519. */
export interface LogKey {
  readonly name: string;
  readonly id: Buffer;
  readonly key: KeyObject;
}

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** Key id: `SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]` (C2SP signed-note). */
const keyId = (name: string, typed: Uint8Array): Buffer =>
  createHash('sha256').update(`${name}\n`).update(typed).digest().subarray(0, 4);

/** `name+hex id+base64(0x01 ‖ public key)` */
export function vkeyOf(name: string, key: KeyObject): string {
  const raw = Buffer.from((key.export({ format: 'jwk' }) as { x: string }).x, 'base64url');
  const typed = Buffer.concat([Uint8Array.of(0x01), raw]);
  return `${name}+${keyId(name, typed).toString('hex')}+${typed.toString('base64')}`;
}

function parseVkey(vkey: string): LogKey {
  const match = /^([^\s+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(vkey);
  const typed = Buffer.from(match?.[3] ?? '', 'base64');
  if (!match || typed.toString('base64') !== match[3] || typed.length !== 33 || typed[0] !== 0x01)
    throw new BundleError(`${vkey} is no Ed25519 verifier key`);
  const name = match[1] as string;
  const id = keyId(name, typed);
  if (id.toString('hex') !== match[2]) throw new BundleError(`${vkey} has another key id than its key`);
  return {
    name,
    id,
    key: createPublicKey({ key: Buffer.concat([SPKI, typed.subarray(1)]), format: 'der', type: 'spki' }),
  };
}

/**
 * The log keys of a trust policy (C2SP tlog-policy). Witnesses and groups are refused rather than passed over: a
 * policy that asks for a quorum must not seem to be met.
 */
export function parsePolicy(text: string): readonly LogKey[] {
  const logs: LogKey[] = [];
  let quorum = '';
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [word, ...rest] = line.split(/\s+/) as [string, ...string[]];
    if (word === 'log' && rest[0] !== undefined && rest.length <= 2) logs.push(parseVkey(rest[0]));
    else if (word === 'quorum' && rest.length === 1 && quorum === '') quorum = rest[0] as string;
    else throw new BundleError(`policy: "${line}" is not understood`);
  }
  if (logs.length === 0) throw new BundleError('policy: it pins no log');
  if (quorum !== 'none') throw new BundleError('policy: witnesses are not checked yet, so its quorum must be none');
  return logs;
}
