/** Why a file is no bundle. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

/** What is wrong with it as an archive: it is cut, damaged, or holds another file than its manifest lists. */
export class ArchiveError extends BundleError {}

/** Bytes that come in chunks of any size, read in pieces of a wanted size. Holds no more than one chunk. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);
  /** Bytes given out so far. */
  at = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Up to this many bytes; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#held.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return undefined;
      this.#held = value;
    }
    const given = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(given.length);
    this.at += given.length;
    return given;
  }

  /** @throws ArchiveError if there are not that many bytes left */
  async exactly(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      const part = await this.some(count - filled);
      if (!part) throw new ArchiveError(`the archive is cut off at byte ${this.at}`);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  /** Lets go of where the bytes come from. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
