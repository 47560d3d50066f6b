import { decodeBase64, encodeBase64, utf8 } from './bytes.ts';
import type { HashFn } from './hash.ts';

/** Text that came from elsewhere is not what its format says: what is wrong with it. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** Signature types (C2SP signed-note, *Signature types*). */
export const ED25519 = 0x01;
export const COSIGNATURE_ED25519 = 0x04;
export const COSIGNATURE_ML_DSA_44 = 0x06;
export type SignatureType = typeof ED25519 | typeof COSIGNATURE_ED25519 | typeof COSIGNATURE_ML_DSA_44;

/** Bytes of a public key of each type. */
export const PUBLIC_KEY_BYTES: Readonly<Record<SignatureType, number>> = { 0x01: 32, 0x04: 32, 0x06: 1312 };

/** A signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  /** First four bytes of what the line carries. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}
/** A signed note: `text` ends in a newline and is what is signed. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A public key as a verifier is configured with it. */
export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  readonly keyId: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** 16 signatures must be taken (C2SP signed-note); this many are, with room for ML-DSA-44. */
const MOST_SIGNATURES = 64;
const LONGEST_NOTE = 512 * 1024;
const NAME = /^[^\s+\p{Z}\p{C}]+$/u;
/** A note has none of them but newlines. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;

/** Names are 1 to 255 bytes here: an ML-DSA-44 cosignature has room for no more. */
export const isKeyName = (name: string): boolean => NAME.test(name) && utf8(name).length <= 255;

/** `SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]` (C2SP signed-note). */
export function keyIdOf(sha256: HashFn, name: string, type: SignatureType, publicKey: Uint8Array): Uint8Array {
  const prefix = utf8(`${name}\n`);
  const input = new Uint8Array(prefix.length + 1 + publicKey.length);
  input.set(prefix);
  input[prefix.length] = type;
  input.set(publicKey, prefix.length + 1);
  return sha256(input).slice(0, 4);
}

export function verifierKey(sha256: HashFn, name: string, type: SignatureType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new FormatError('a key name is 1 to 255 bytes without spaces and plus signs');
  if (publicKey.length !== PUBLIC_KEY_BYTES[type])
    throw new FormatError(`a key of type ${type} has ${PUBLIC_KEY_BYTES[type]} bytes`);
  return { name, type, keyId: keyIdOf(sha256, name, type, publicKey), publicKey };
}

/** `name+hex(key id)+base64(type ‖ public key)` */
export function formatVerifierKey({ name, keyId, type, publicKey }: VerifierKey): string {
  const typed = new Uint8Array(1 + publicKey.length);
  typed[0] = type;
  typed.set(publicKey, 1);
  return `${name}+${hex(keyId)}+${encodeBase64(typed)}`;
}

/** @throws FormatError */
export function parseVerifierKey(sha256: HashFn, text: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const typed = decodeBase64(encoded);
  const type = typed?.[0];
  if (typed === undefined || (type !== ED25519 && type !== COSIGNATURE_ED25519 && type !== COSIGNATURE_ML_DSA_44))
    throw new FormatError(
      'a verifier key is name+id+base64, of type Ed25519, or a cosignature of Ed25519 or ML-DSA-44',
    );
  const key = verifierKey(sha256, name, type, typed.slice(1));
  if (hex(key.keyId) !== id) throw new FormatError(`the verifier key of ${name} has another id than its key`);
  return key;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @throws FormatError if it is no signed note, or has more signatures than are taken */
export function parseNote(note: string): Note {
  if (note.length > LONGEST_NOTE) throw new FormatError('the note is too long');
  if (!note.isWellFormed() || CONTROL.test(note)) throw new FormatError('the note has characters that no note has');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw new FormatError('the note has no signatures');
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) throw new FormatError(`the note has more than ${MOST_SIGNATURES} signatures`);
  return { text: note.slice(0, split + 1), signatures: lines.map(signatureOf) };
}

function signatureOf(line: string): NoteSignature {
  const [, name = '', encoded = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  const bytes = decodeBase64(encoded);
  if (bytes === undefined || bytes.length < 5 || !NAME.test(name))
    throw new FormatError('a signature line of the note is of another form');
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}

/** A signature line, with its newline. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  const bytes = new Uint8Array(4 + signature.length);
  bytes.set(keyId);
  bytes.set(signature, 4);
  return `\u2014 ${name} ${encodeBase64(bytes)}\n`;
}

export const formatNote = ({ text, signatures }: Note): string => `${text}\n${signatures.map(signatureLine).join('')}`;

/** Whether a signature line names a key: both name and id. */
export const isBy = (key: VerifierKey, { name, keyId }: NoteSignature): boolean =>
  key.name === name && key.keyId.every((byte, i) => keyId[i] === byte);
