import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { PersonalData, Sealed } from '@countersign/domain';
import { canonicalJson } from './canonical.ts';

/** Where persons' keys are: a 256-bit key each, outside the log, so that destroying it erases. */
export interface PersonKeys {
  /** The person's key, made if there is none yet. */
  keyFor(person: string): Uint8Array;
  /** Undefined if there is none, or not any more. */
  existingKey(person: string): Uint8Array | undefined;
}

/** SHA-256 of the canonical `{salt, fields}`, base64url: what an event holds in clear (domain.md, Personal data). */
export const personalDigestOf = (salt: string, fields: object): string =>
  createHash('sha256').update(canonicalJson({ salt, fields })).digest('base64url');

const HEADER = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url');

/** `{salt, fields}` as a compact JWE (RFC 7516 §7.1), `dir` with A256GCM, under the person's own key. */
export function seal(keys: PersonKeys, data: PersonalData): Sealed {
  const salt = data.salt ?? randomBytes(16).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keys.keyFor(data.person), iv).setAAD(Buffer.from(HEADER));
  const text = Buffer.concat([cipher.update(canonicalJson({ salt, fields: data.fields })), cipher.final()]);
  const parts = [iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return { person: data.person, digest: personalDigestOf(salt, data.fields), jwe: `${HEADER}..${parts.join('.')}` };
}

/** Undefined if the key was destroyed. @throws Error if the JWE is not what was sealed for that person */
export function open(keys: PersonKeys, sealed: Sealed): PersonalData['fields'] | undefined {
  const key = keys.existingKey(sealed.person);
  if (key === undefined) return undefined;
  const [header, , iv, text, tag] = sealed.jwe.split('.');
  if (header !== HEADER || iv === undefined || text === undefined || tag === undefined)
    throw new Error(`the sealed data of ${sealed.person} is of another form`);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), { authTagLength: 16 })
    .setAAD(Buffer.from(header))
    .setAuthTag(Buffer.from(tag, 'base64url'));
  const clear = Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]);
  return (JSON.parse(clear.toString('utf8')) as { fields: PersonalData['fields'] }).fields;
}
