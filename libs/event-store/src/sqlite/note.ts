import { createPrivateKey, createPublicKey, hash, sign, type KeyObject, type webcrypto } from 'node:crypto';
import { ED25519, formatCheckpoint, formatNote, parseCheckpoint, parseNote, verifierKey } from '@countersign/log';
import type { Checkpoint } from '@countersign/log';

/** A private key, in whichever form it was given: a key object, PEM (PKCS #8) or JWK. */
export function signingKeyOf(key: KeyObject | string | webcrypto.JsonWebKey): KeyObject {
  if (typeof key === 'string') return createPrivateKey(key);
  return 'asymmetricKeyType' in key
    ? (key as KeyObject)
    : createPrivateKey({ key: key as webcrypto.JsonWebKey, format: 'jwk' });
}

/** Signs a tree head as a C2SP checkpoint in a signed note, by the log's Ed25519 key. */
export function checkpointSigner(origin: string, key: KeyObject): (size: number, root: Uint8Array) => string {
  const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('the log key is Ed25519');
  const { keyId } = verifierKey((data) => hash('sha256', data, 'buffer'), origin, ED25519, raw);
  return (size, root) => {
    const text = formatCheckpoint({ origin, size, root });
    const signature = sign(null, Buffer.from(text), key);
    return formatNote({ text, signatures: [{ name: origin, keyId, signature }] });
  };
}

/** Size and root of a checkpoint that this store wrote itself; the signature is not looked at. */
export const readOwnCheckpoint = (note: string): Checkpoint => parseCheckpoint(parseNote(note).text);
