import { createPublicKey, hash, sign, type KeyObject } from 'node:crypto';

const ED25519 = Uint8Array.of(0x0a, 0x01);

/** Signs `ORIGIN, size, root` as a C2SP tlog-checkpoint in a signed-note, by the log's Ed25519 key. */
export function checkpointSigner(origin: string, key: KeyObject): (size: number, root: Uint8Array) => string {
  const raw = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
  if (key.asymmetricKeyType !== 'ed25519' || raw.length !== 32) throw new TypeError('the log key is Ed25519');
  // Key id: SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4], C2SP signed-note.
  const keyId = hash('sha256', Buffer.concat([Buffer.from(origin), ED25519, raw]), 'buffer').subarray(0, 4);
  return (size, root) => {
    const body = `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
    const signature = Buffer.concat([keyId, sign(null, Buffer.from(body), key)]).toString('base64');
    return `${body}\n— ${origin} ${signature}\n`;
  };
}

/** Size and root of a checkpoint that this store wrote itself; the signature is not looked at. */
export function readOwnCheckpoint(note: string): { origin: string; size: number; root: Uint8Array } {
  const [origin = '', size = '', root = ''] = note.split('\n');
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}
