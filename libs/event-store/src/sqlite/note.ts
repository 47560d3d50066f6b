import { createPublicKey, hash, sign, type KeyObject } from 'node:crypto';
import { ED25519, formatCheckpoint, formatNote, parseCheckpoint, parseNote, verifierKey } from '@countersign/log';
import type { Checkpoint } from '@countersign/log';

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
