import { TreeFrontier, treeHasher, type Checkpoint, type TreeHasher } from '@countersign/log';
import type { OpenMember, ReadMember } from './archive.ts';
import { eachLine, gunzip } from './gzip.ts';
import type { Digest, Platform } from './platform.ts';
import { Reading, type ExportedEntry, type ReportFold } from './reading.ts';
import { BundleError } from './source.ts';
import type { Member } from './zip.ts';

/** The largest entry, in bytes (formats.md, Entry). */
const MAX_ENTRY_BYTES = 65_535;
/** Two numbers below 2^53, a blank and a newline. */
const LONGEST_INDEX_LINE = 34;
const ENOUGH_TO_HASH = 32 * 1024;

/** The one pass over the entries: tree, log times, counts, keys and reports, each entry parsed once and let go. */
export class EntryPass {
  readonly reading = new Reading();
  readonly #platform: Platform;
  readonly #size: number;
  readonly #hasher: TreeHasher;
  readonly #frontier: TreeFrontier;
  readonly #indices: Digest;
  #indexText = '';
  readonly #fold: ReportFold;
  /** What the fold made of the entries is said after these are proven: until then it is nobody's word. */
  #fault: unknown;

  /** `size`: how many entries a checkpoint vouches for; there must not be more. */
  constructor(platform: Platform, size: number, fold: ReportFold) {
    this.#platform = platform;
    this.#size = size;
    this.#hasher = treeHasher(platform.sha256);
    this.#frontier = new TreeFrontier(this.#hasher);
    this.#indices = platform.digest();
    this.#fold = fold;
  }

  /** Reads `entries.jsonl.gz`. That it is not the listed file comes before whatever is wrong inside it. */
  async read(member: OpenMember, checkListed: (member: ReadMember) => void): Promise<void> {
    await whole(member, checkListed, async () => {
      await eachLine(gunzip(this.#platform, member), MAX_ENTRY_BYTES, (line) => this.#line(line));
      this.#indices.update(new TextEncoder().encode(this.#indexText));
    });
  }

  #line(line: Uint8Array): void {
    const index = this.#frontier.size;
    if (index >= this.#size) throw new BundleError(`there are more than the ${this.#size} entries of the checkpoint`);
    this.#frontier.append(this.#hasher.leaf(line));
    const entry = this.#parse(line, index);
    this.#indexText += this.reading.add(entry);
    if (this.#indexText.length > ENOUGH_TO_HASH) {
      this.#indices.update(new TextEncoder().encode(this.#indexText));
      this.#indexText = '';
    }
    if (this.#fault !== undefined) return;
    try {
      this.#fold.add(entry, index);
    } catch (error) {
      this.#fault = error ?? new Error('no report could be made');
    }
  }

  #parse(line: Uint8Array, index: number): ExportedEntry {
    let entry: unknown;
    try {
      entry = JSON.parse(this.#platform.utf8(line));
    } catch {
      throw new BundleError(`entry ${index} is no JSON`);
    }
    if (typeof entry !== 'object' || entry === null) throw new BundleError(`entry ${index} is no object`);
    return entry as ExportedEntry;
  }

  /** @throws BundleError unless these are all the entries of a tree head, each unaltered */
  checkRoot({ size, root }: Checkpoint): void {
    const made = this.#frontier.root();
    if (this.#frontier.size !== size || made.some((byte, i) => byte !== root[i]))
      throw new BundleError(`the ${this.#frontier.size} entries do not have the checkpoint's root`);
  }

  /** Reads `indices.txt.gz`, which must be what the entries say. */
  async readIndices(member: OpenMember, checkListed: (member: ReadMember) => void): Promise<void> {
    await whole(member, checkListed, async () => {
      const there = this.#platform.digest();
      let bytes = 0;
      for await (const chunk of gunzip(this.#platform, member)) {
        if ((bytes += chunk.length) > this.#size * LONGEST_INDEX_LINE)
          throw new BundleError('there are too many lines');
        there.update(chunk);
      }
      if (there.hex() !== this.#indices.hex()) throw new BundleError('an index or a log time is another');
    });
  }

  /** @throws what went wrong while they were folded */
  reports(): Iterable<Member> {
    if (this.#fault !== undefined) throw this.#fault;
    return this.#fold.finish();
  }
}

/** Reads a file to its end whatever goes wrong inside, since a damaged file is best called just that. */
async function whole(
  member: OpenMember,
  checkListed: (member: ReadMember) => void,
  read: () => Promise<void>,
): Promise<void> {
  let fault: unknown;
  try {
    await read();
  } catch (error) {
    fault = error ?? new Error('the file cannot be read');
  }
  checkListed(await member.finish());
  if (fault !== undefined) throw fault;
}
