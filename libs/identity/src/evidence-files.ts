import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readIfThere, removeDurably, syncFolder, writeDurably } from './durable.ts';

/** The file is larger than this ledger takes. */
export class FileTooLargeError extends Error {
  override readonly name = 'FileTooLargeError';
}

/** A file on its way in or out, in clear; the caller removes it. */
export interface ClearFile {
  readonly path: string;
  /** SHA-256, lowercase hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEX = /^[0-9a-f]{64}$/;

/**
 * Evidence files, by digest, encrypted under a key of each one's own (AES-256-GCM: 12 bytes of IV, the ciphertext, 16 of
 * tag). The keys are apart, so that destroying one erases the file from every copy. In clear a file exists only while it
 * is received or read; what a crash leaves of that is removed at the next start.
 */
export class EvidenceFiles {
  readonly #files: string;
  readonly #keys: string;
  readonly #clear: string;
  readonly #holders: string;

  /** `clear`: a folder of this process's own, which is emptied. */
  constructor(folder: string, clear: string) {
    this.#files = join(folder, 'evidence');
    this.#keys = join(folder, 'evidence-keys');
    this.#clear = clear;
    rmSync(this.#clear, { recursive: true, force: true });
    this.#holders = join(folder, 'evidence-holders');
    for (const each of [this.#files, this.#keys, this.#clear, this.#holders])
      mkdirSync(each, { recursive: true, mode: 0o700 });
  }

  has(sha256: string): boolean {
    return HEX.test(sha256) && existsSync(this.#fileOf(sha256)) && existsSync(this.#keyOf(sha256));
  }

  /** Takes a stream in. @throws FileTooLargeError beyond `limit` bytes */
  async receive(stream: Readable, limit: number): Promise<ClearFile> {
    const path = this.#clearPath();
    const hash = createHash('sha256');
    let bytes = 0;
    const count = new Transform({
      transform(chunk: Buffer, _, done) {
        bytes += chunk.length;
        if (bytes > limit) done(new FileTooLargeError(`a file of more than ${limit} bytes`));
        else {
          hash.update(chunk);
          done(null, chunk);
        }
      },
    });
    try {
      await pipeline(stream, count, createWriteStream(path, { mode: 0o600 }));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return { path, sha256: hash.digest('hex'), bytes };
  }

  /** Whether this party put the file itself: knowing a digest is not having the file. */
  isHeldBy(sha256: string, party: string): boolean {
    return HEX.test(sha256) && existsSync(this.#holderOf(sha256, party));
  }

  /**
   * Keeps a file that a party put, for good: when this returns it is on the disk, encrypted. Once for each digest,
   * however many hold it.
   */
  async keep(file: ClearFile, party: string): Promise<void> {
    if (!this.has(file.sha256)) await this.#encrypt(file);
    if (!this.isHeldBy(file.sha256, party)) writeDurably(this.#holderOf(file.sha256, party), new Uint8Array());
  }

  async #encrypt({ path, sha256 }: ClearFile): Promise<void> {
    const key = randomBytes(32);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const temporary = `${this.#fileOf(sha256)}.${randomBytes(8).toString('hex')}.new`;
    const out = await open(temporary, 'wx', 0o600);
    try {
      await out.write(iv);
      for await (const chunk of createReadStream(path)) await out.write(cipher.update(chunk as Buffer));
      await out.write(Buffer.concat([cipher.final(), cipher.getAuthTag()]));
      await out.sync();
    } finally {
      await out.close();
    }
    writeDurably(this.#keyOf(sha256), key);
    await rename(temporary, this.#fileOf(sha256));
    syncFolder(this.#files);
  }

  /** The file in clear; undefined if it is not here, or its key was destroyed. @throws Error if it was tampered with */
  async open(sha256: string): Promise<ClearFile | undefined> {
    const key = HEX.test(sha256) ? readIfThere(this.#keyOf(sha256)) : undefined;
    if (key === undefined || !existsSync(this.#fileOf(sha256))) return undefined;
    const { size } = await stat(this.#fileOf(sha256));
    const file = await open(this.#fileOf(sha256), 'r');
    const path = this.#clearPath();
    try {
      const edge = Buffer.alloc(IV_BYTES + TAG_BYTES);
      await file.read(edge, 0, IV_BYTES, 0);
      await file.read(edge, IV_BYTES, TAG_BYTES, size - TAG_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, edge.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(edge.subarray(IV_BYTES));
      const length = size - IV_BYTES - TAG_BYTES;
      await pipeline(
        length === 0 ? [] : createReadStream(this.#fileOf(sha256), { start: IV_BYTES, end: IV_BYTES + length - 1 }),
        decipher,
        createWriteStream(path, { mode: 0o600 }),
      );
      return { path, sha256, bytes: length };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  async discard({ path }: ClearFile): Promise<void> {
    await rm(path, { force: true });
  }

  /** Erases: the file cannot be read again, from whatever copy. */
  destroyKey(sha256: string): void {
    removeDurably(this.#keyOf(sha256));
  }

  #clearPath(): string {
    return join(this.#clear, randomBytes(16).toString('hex'));
  }
  #fileOf(sha256: string): string {
    return join(this.#files, sha256);
  }
  #holderOf(sha256: string, party: string): string {
    return join(this.#holders, `${sha256}.${createHash('sha256').update(party).digest('hex')}`);
  }
  #keyOf(sha256: string): string {
    return join(this.#keys, sha256);
  }
}
