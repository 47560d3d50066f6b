import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { createDurably, readIfThere, removeDurably } from './durable.ts';

/** What each signing key is for. No key serves two purposes. */
export type KeyPurpose = 'log' | 'log-ml-dsa-44' | 'export' | 'export-ml-dsa-44' | 'token';

/**
 * Person keys and signing keys: a folder outside the event store, so that the log can be copied without them and an
 * erasure reaches every copy (design.md, decision 1). `keys/` holds PKCS #8 PEM files, `persons/` 32 bytes each. Several
 * processes may share it: a key is made once, and one that another process destroyed is gone here too.
 */
export class Vault {
  readonly #folder: string;
  readonly #persons = new Map<string, Uint8Array>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The signing key of a purpose, made on first use. */
  signingKey(purpose: KeyPurpose): KeyObject {
    const path = join(this.#folder, 'keys', `${purpose}.pem`);
    const pem = readIfThere(path);
    if (pem) return createPrivateKey(pem);
    const { privateKey } = purpose.endsWith('ml-dsa-44')
      ? generateKeyPairSync('ml-dsa-44')
      : generateKeyPairSync('ed25519');
    const made = Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return createDurably(path, made) ? privateKey : this.signingKey(purpose);
  }

  keyFor(person: string): Uint8Array {
    const existing = this.existingKey(person);
    if (existing) return existing;
    const key = randomBytes(32);
    if (!createDurably(this.#personFile(person), key)) return this.keyFor(person);
    this.#persons.set(person, key);
    return key;
  }

  existingKey(person: string): Uint8Array | undefined {
    const held = this.#persons.get(person);
    const file = this.#personFile(person);
    if (held !== undefined) {
      if (existsSync(file)) return held;
      this.#persons.delete(person);
      return undefined;
    }
    const key = readIfThere(file);
    if (key !== undefined) this.#persons.set(person, key);
    return key;
  }

  /** Erases: nothing sealed under this key can be read again. */
  destroyKey(person: string): void {
    removeDurably(this.#personFile(person));
    this.#persons.delete(person);
  }

  /** A person's id may name a person: the file's name does not. */
  #personFile(person: string): string {
    return join(this.#folder, 'persons', createHash('sha256').update(person).digest('hex'));
  }
}
