import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere, removeDurably, writeDurably } from './durable.ts';

/** What each signing key is for. No key serves two purposes. */
export type KeyPurpose = 'log' | 'log-ml-dsa-44' | 'export' | 'export-ml-dsa-44' | 'token';

/**
 * Person keys and signing keys: a folder outside the event store, so that the log can be copied without them and an
 * erasure reaches every copy (design.md, decision 1). `keys/` holds PKCS #8 PEM files, `persons/` 32 bytes each.
 */
export class Vault {
  readonly #folder: string;
  readonly #persons = new Map<string, Uint8Array | undefined>();

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
    writeDurably(path, Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
    return privateKey;
  }

  keyFor(person: string): Uint8Array {
    const existing = this.existingKey(person);
    if (existing) return existing;
    const key = randomBytes(32);
    writeDurably(this.#personFile(person), key);
    this.#persons.set(person, key);
    return key;
  }

  existingKey(person: string): Uint8Array | undefined {
    if (!this.#persons.has(person)) this.#persons.set(person, readIfThere(this.#personFile(person)));
    return this.#persons.get(person);
  }

  /** Erases: nothing sealed under this key can be read again. */
  destroyKey(person: string): void {
    removeDurably(this.#personFile(person));
    this.#persons.set(person, undefined);
  }

  /** A person's id may name a person: the file's name does not. */
  #personFile(person: string): string {
    return join(this.#folder, 'persons', createHash('sha256').update(person).digest('hex'));
  }
}
