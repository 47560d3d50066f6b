import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';
import {
  COSIGNATURE_ML_DSA_44,
  ED25519,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  mlDsa44CosignedMessage,
  signatureLine,
  timestamped,
  verifierKey,
  type Checkpoint,
  type Verifiers,
} from '@countersign/log';

export const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');

/** A public key's raw bytes as a note's keys have them. @throws TypeError if it is neither Ed25519 nor ML-DSA-44 */
export function rawKey(key: KeyObject): {
  readonly type: typeof ED25519 | typeof COSIGNATURE_ML_DSA_44;
  readonly raw: Uint8Array;
} {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' }) as {
    kty?: string;
    x?: string;
    pub?: string;
  };
  if (jwk.kty === 'OKP' && jwk.x !== undefined) return { type: ED25519, raw: Buffer.from(jwk.x, 'base64url') };
  if (jwk.kty === 'AKP' && jwk.pub !== undefined)
    return { type: COSIGNATURE_ML_DSA_44, raw: Buffer.from(jwk.pub, 'base64url') };
  throw new TypeError('a log key is Ed25519 or ML-DSA-44');
}

/** How a policy names a log key: Ed25519 as the log's signature, ML-DSA-44 as its cosignature. */
export function vkeyOf(name: string, key: KeyObject): string {
  const { type, raw } = rawKey(key);
  return formatVerifierKey(verifierKey(sha256, name, type, raw));
}

const holds = (jwk: Record<string, string>, message: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return verify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature);
  } catch {
    return false;
  }
};
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

/** Node's own Ed25519 (RFC 8032) and ML-DSA-44 (FIPS 204). */
export const verifiers: Verifiers = {
  ed25519: (key, message, signature) => holds({ kty: 'OKP', crv: 'Ed25519', x: base64url(key) }, message, signature),
  mlDsa44: (key, message, signature) =>
    holds({ kty: 'AKP', alg: 'ML-DSA-44', pub: base64url(key) }, message, signature),
};

/** Signs a tree head with the log's Ed25519 key, as a signed note. */
export function signCheckpoint(checkpoint: Checkpoint, key: KeyObject): string {
  const { keyId } = verifierKey(sha256, checkpoint.origin, ED25519, rawKey(key).raw);
  const text = formatCheckpoint(checkpoint);
  const signature = sign(null, Buffer.from(text), key);
  return formatNote({ text, signatures: [{ name: checkpoint.origin, keyId, signature }] });
}

/** The ML-DSA-44 cosignature (0x06) of a cosigner on a tree head, as a line to add to its note. `timestamp`: seconds. */
export function cosignatureLine(name: string, checkpoint: Checkpoint, key: KeyObject, timestamp: number): string {
  const { keyId } = verifierKey(sha256, name, COSIGNATURE_ML_DSA_44, rawKey(key).raw);
  const signature = sign(null, mlDsa44CosignedMessage(name, checkpoint, timestamp), key);
  return signatureLine({ name, keyId, signature: timestamped(timestamp, signature) });
}
