import { utf8 } from './bytes.ts';
import { formatCheckpoint, type Checkpoint } from './checkpoint.ts';
import { COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519, type NoteSignature, type VerifierKey } from './note.ts';

/** Checks a signature of the algorithm that its name says, over a message. Never throws. */
export interface Verifiers {
  ed25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  mlDsa44(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = { [COSIGNATURE_ED25519]: 64, [COSIGNATURE_ML_DSA_44]: 2420 } as const;

/** What an Ed25519 cosignature (0x04) signs: two lines and the checkpoint's text. `timestamp`: seconds, POSIX. */
export const ed25519CosignedMessage = (checkpoint: Checkpoint, timestamp: number): Uint8Array =>
  utf8(`cosignature/v1\ntime ${timestamp}\n${formatCheckpoint(checkpoint)}`);

/** What an ML-DSA-44 cosignature (0x06) of a checkpoint signs: `cosigned_message` with `start` 0 and `end` the size. */
export function mlDsa44CosignedMessage(cosigner: string, checkpoint: Checkpoint, timestamp: number): Uint8Array {
  const label = utf8('subtree/v1\n\0');
  const name = utf8(cosigner);
  const origin = utf8(checkpoint.origin);
  const message = new Uint8Array(label.length + 1 + name.length + 8 + 1 + origin.length + 8 + 8 + 32);
  const view = new DataView(message.buffer);
  let at = 0;
  const bytes = (part: Uint8Array): void => {
    message.set(part, at);
    at += part.length;
  };
  const uint64 = (value: number): void => {
    view.setBigUint64(at, BigInt(value));
    at += 8;
  };
  const opaque = (part: Uint8Array): void => {
    message[at++] = part.length;
    bytes(part);
  };
  bytes(label);
  opaque(name);
  uint64(timestamp);
  opaque(origin);
  uint64(0);
  uint64(checkpoint.size);
  bytes(checkpoint.root);
  return message;
}

/** `timestamped_signature`: the time in big-endian order, then the signature. */
export function timestamped(timestamp: number, signature: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(TIMESTAMP_BYTES + signature.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(timestamp));
  bytes.set(signature, TIMESTAMP_BYTES);
  return bytes;
}

/**
 * Whether a signature line by this key holds for a checkpoint: the log's own (0x01), or a cosignature (0x04, 0x06),
 * whose time must not be zero, since a checkpoint's cosignature says that it was the largest tree seen then.
 */
export function verifySignature(
  verifiers: Verifiers,
  key: VerifierKey,
  checkpoint: Checkpoint,
  { signature }: NoteSignature,
): { readonly valid: boolean; readonly timestamp?: number } {
  if (key.type === ED25519)
    return { valid: verifiers.ed25519(key.publicKey, utf8(formatCheckpoint(checkpoint)), signature) };
  if (signature.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES[key.type]) return { valid: false };
  const time = new DataView(signature.buffer, signature.byteOffset, signature.length).getBigUint64(0);
  if (time === 0n || time > BigInt(Number.MAX_SAFE_INTEGER)) return { valid: false };
  const timestamp = Number(time);
  const raw = signature.slice(TIMESTAMP_BYTES);
  const valid =
    key.type === COSIGNATURE_ED25519
      ? verifiers.ed25519(key.publicKey, ed25519CosignedMessage(checkpoint, timestamp), raw)
      : verifiers.mlDsa44(key.publicKey, mlDsa44CosignedMessage(key.name, checkpoint, timestamp), raw);
  return { valid, timestamp };
}
