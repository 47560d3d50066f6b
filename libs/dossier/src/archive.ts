import type { Digest, Platform } from './platform.ts';
import { ArchiveError, ByteSource } from './source.ts';
import { directory, LOCAL, LOCAL_BYTES, localHeader, type Listed } from './zip.ts';

/** A file as it was read. */
export interface ReadMember extends Listed {
  readonly sha256: string;
}

/**
 * The files of a bundle's archive, one after the other, as they come. It takes what `zip.ts` writes and nothing else:
 * every header is made again from what it should say and compared, so a flipped bit anywhere is found.
 */
export class Archive {
  readonly #platform: Platform;
  readonly #source: ByteSource;
  readonly #read: ReadMember[] = [];

  constructor(platform: Platform, chunks: AsyncIterable<Uint8Array>) {
    this.#platform = platform;
    this.#source = new ByteSource(chunks);
  }

  get members(): readonly ReadMember[] {
    return this.#read;
  }

  /** Opens the next file, whose name is known before it comes. @throws ArchiveError */
  async next(name: string): Promise<OpenMember> {
    const at = this.#source.at;
    const encoded = new TextEncoder().encode(name);
    const header = await this.#source.exactly(LOCAL_BYTES + encoded.length);
    const view = new DataView(header.buffer);
    const listed = { name, crc32: view.getUint32(14, true), bytes: view.getUint32(18, true) };
    if (view.getUint32(0, true) !== LOCAL || !same(header, localHeader(listed)))
      throw new ArchiveError(`at byte ${at} there is no ${name} as it must be`);
    return new OpenMember(this.#platform, this.#source, listed, (member) => this.#read.push(member));
  }

  /** The whole of a small file. @throws ArchiveError, also if it is not small */
  async small(name: string, most: number): Promise<Uint8Array> {
    const member = await this.next(name);
    if (member.bytes > most) throw new ArchiveError(`${name} is too large`);
    const data = new Uint8Array(member.bytes);
    let at = 0;
    for await (const chunk of member.chunks()) {
      data.set(chunk, at);
      at += chunk.length;
    }
    await member.finish();
    return data;
  }

  /** Reads a file for its digest alone. */
  async pass(name: string): Promise<ReadMember> {
    return (await this.next(name)).finish();
  }

  /** Holds all that follows the files read so far against the directory that they must have. @throws ArchiveError */
  async end(): Promise<void> {
    const { at } = this.#source;
    const expected = directory(this.#read);
    const there = await this.#source.exactly(expected.length);
    if (!same(expected, there) || (await this.#source.some(1)) !== undefined)
      throw new ArchiveError(`the directory is damaged, or something follows it, after byte ${at}`);
  }

  async close(): Promise<void> {
    await this.#source.close();
  }
}

/** A file that is being read. */
export class OpenMember {
  readonly name: string;
  readonly bytes: number;
  readonly #expected: number;
  readonly #platform: Platform;
  readonly #source: ByteSource;
  readonly #done: (member: ReadMember) => void;
  readonly #digest: Digest;
  #left: number;
  #crc32 = 0;
  /** Reads take turns: a reader that was given up may still have one under way. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    platform: Platform,
    source: ByteSource,
    { name, bytes, crc32 }: Listed,
    done: (member: ReadMember) => void,
  ) {
    this.name = name;
    this.bytes = bytes;
    this.#expected = crc32;
    this.#platform = platform;
    this.#source = source;
    this.#done = done;
    this.#digest = platform.digest();
    this.#left = bytes;
  }

  /** Up to this many of its bytes; undefined when there are no more. */
  some(most = Infinity): Promise<Uint8Array | undefined> {
    const turn = this.#turn.then(() => this.#some(most));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
  async #some(most: number): Promise<Uint8Array | undefined> {
    if (this.#left === 0) return undefined;
    const chunk = await this.#source.some(Math.min(this.#left, most));
    if (!chunk) throw new ArchiveError(`the archive is cut off at byte ${this.#source.at}, in ${this.name}`);
    this.#left -= chunk.length;
    this.#digest.update(chunk);
    this.#crc32 = this.#platform.crc32(chunk, this.#crc32);
    return chunk;
  }

  /** Its bytes as they come, but for as many as are to be kept back at its end. */
  async *chunks(keptBack = 0): AsyncIterable<Uint8Array> {
    while (this.#left > keptBack) {
      const chunk = await this.some(this.#left - keptBack);
      if (!chunk) return;
      yield chunk;
    }
  }

  /** Reads what is left of it. @throws ArchiveError if it is not what its header says */
  async finish(): Promise<ReadMember> {
    while ((await this.some()) !== undefined);
    if (this.#crc32 !== this.#expected) throw new ArchiveError(`${this.name} is damaged: its CRC-32 is another`);
    const { name, bytes } = this;
    const member = { name, bytes, crc32: this.#crc32, sha256: this.#digest.hex() };
    this.#done(member);
    return member;
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
