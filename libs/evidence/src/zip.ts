import { createHash } from 'node:crypto';
import { createInflateRaw, createZstdDecompress, crc32 } from 'node:zlib';
import { open, type Entry, type ZipFile } from 'yauzl';
import { UnreadableError, type Fault } from './unreadable.ts';

/** A member of an archive, read to its end. */
export interface Member {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of its content, lowercase hexadecimal. */
  readonly sha256: string;
  /** Compression method (APPNOTE 4.4.5): 0 stored, 8 deflate, 93 zstd. */
  readonly method: number;
}

export interface ZipLimits {
  readonly members: number;
  /** Of names, comments and extra fields together: they are held while the archive is read. */
  readonly directory: number;
  /** Of all contents together. */
  readonly bytes: number;
  /** How many times the file's own size its contents may have, beside 16 MiB that any may have. */
  readonly expansion: number;
}
export const ZIP_LIMITS: ZipLimits = {
  members: 500_000,
  directory: 64 * 1024 ** 2,
  bytes: 16 * 1024 ** 3,
  expansion: 250,
};

/** Stored, deflate, and zstd, which Inspect AI writes since 0.3.206 (APPNOTE 4.4.5). */
const METHODS: ReadonlySet<number> = new Set([0, 8, 93]);

/** The central directory of an archive and its members' contents, one after the other. */
export class ZipArchive {
  readonly entries: readonly Entry[];
  readonly #zip: ZipFile;
  readonly #most: number;
  #read = 0;

  private constructor(zip: ZipFile, entries: readonly Entry[], limits: ZipLimits) {
    this.#zip = zip;
    this.entries = entries;
    this.#most = Math.min(limits.bytes, zip.fileSize * limits.expansion + 16 * 1024 * 1024);
  }

  /** @throws UnreadableError if the file is no archive, is cut off, or has members that are not safe to name */
  static async open(path: string, limits: ZipLimits = ZIP_LIMITS): Promise<ZipArchive> {
    const zip = await new Promise<ZipFile>((done, failed) => {
      open(path, { lazyEntries: true, autoClose: false, strictFileNames: true }, (error, opened) => {
        if (error) failed(new UnreadableError('invalid-zip', 'central directory', plain(error)));
        else done(opened);
      });
    });
    try {
      const entries: Entry[] = [];
      let directory = 0;
      await new Promise<void>((done, failed) => {
        zip.on('entry', (entry: Entry) => {
          directory += entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
          entries.push(slim(entry));
          if (directory > limits.directory)
            failed(
              new UnreadableError(
                'too-large',
                'central directory',
                `names, comments and extra fields of more than ${limits.directory} bytes`,
              ),
            );
          else if (entries.length > limits.members)
            failed(new UnreadableError('too-large', 'central directory', `more than ${limits.members} members`));
          else zip.readEntry();
        });
        zip.on('end', done);
        zip.on('error', (error: Error) => failed(wrong(error, `member ${entries.length + 1}`)));
        zip.readEntry();
      });
      const names = new Set<string>();
      for (const [i, entry] of entries.entries()) {
        const where = `member ${i + 1}`;
        if (entry.isEncrypted()) throw new UnreadableError('encrypted', where, 'the member is encrypted');
        if (!METHODS.has(entry.compressionMethod))
          throw new UnreadableError(
            'unsupported-compression',
            where,
            `compression method ${entry.compressionMethod}: stored, deflate and zstd are read`,
          );
        if (/[\u0000-\u001f\u007f]/.test(entry.fileName))
          throw new UnreadableError('unsafe-member-name', where, 'a control character in the name');
        if (names.has(entry.fileName)) throw new UnreadableError('duplicate-name', where, 'two members of one name');
        names.add(entry.fileName);
      }
      return new ZipArchive(zip, entries, limits);
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /**
   * Reads a member to its end, handing out its content on the way.
   *
   * @throws UnreadableError if it is cut off, other than its checksum says, or expands beyond the limit
   */
  async read(index: number, take: (chunk: Buffer) => void = () => undefined): Promise<Member> {
    const entry = this.entries[index] as Entry;
    const where = `member ${index + 1}`;
    const hash = createHash('sha256');
    let bytes = 0;
    let crc = 0;
    try {
      const raw = await this.#zip.openReadStreamPromise(entry, { decodeFileData: false });
      const content =
        entry.compressionMethod === 0
          ? raw
          : raw.pipe(entry.compressionMethod === 8 ? createInflateRaw() : createZstdDecompress());
      raw.on('error', (error) => content.destroy(error));
      for await (const chunk of content as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        this.#read += chunk.length;
        if (this.#read > this.#most)
          throw new UnreadableError(
            'expands-too-much',
            where,
            `its contents are more than ${this.#most} bytes, far more than the file's own ${this.#zip.fileSize}`,
          );
        hash.update(chunk);
        crc = crc32(chunk, crc);
        take(chunk);
      }
    } catch (error) {
      throw error instanceof UnreadableError
        ? error.where.startsWith('member')
          ? error
          : error.within(where)
        : wrong(error as Error, where);
    }
    if (bytes !== entry.uncompressedSize || crc !== entry.crc32)
      throw new UnreadableError('truncated', where, 'its content is not what the archive says of it');
    return { name: entry.fileName, bytes, sha256: hash.digest('hex'), method: entry.compressionMethod };
  }

  close(): void {
    this.#zip.close();
  }
}

/** Without the raw bytes that its names were read from. */
function slim(entry: Entry): Entry {
  return Object.assign(entry, {
    fileNameRaw: NOTHING,
    extraFieldRaw: NOTHING,
    extraFields: [],
    fileCommentRaw: NOTHING,
    fileComment: '',
  });
}
const NOTHING = Buffer.alloc(0);

/** What zlib and yauzl say quotes names of the file now and then: only their first words are kept. */
const plain = (error: Error): string => (error.message.split(':')[0] ?? '').slice(0, 100);

function wrong(error: Error, where: string): UnreadableError {
  const fault: Fault = /absolute path|relative path|invalid characters in fileName|characters/.test(error.message)
    ? 'unsafe-member-name'
    : /unexpected end|incomplete|EOF/.test(error.message)
      ? 'truncated'
      : 'invalid-zip';
  return new UnreadableError(fault, where, plain(error));
}
