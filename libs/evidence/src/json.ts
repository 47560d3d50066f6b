import { UnreadableError, type Fault } from './unreadable.ts';

/**
 * What of a document is wanted: everything else is checked and passed over, so that a log of any size is read in
 * little memory. `keep`: the value whole. `present`: whether it is there and not null.
 */
export type Selector =
  'keep' | 'present' | { readonly members: Readonly<Record<string, Selector>> } | { readonly each: Selector };

export interface JsonLimits {
  /** How deep arrays and objects may stand in each other. */
  readonly depth: number;
  /** Bytes of what is kept, names and overhead included. */
  readonly kept: number;
}
export const LIMITS: JsonLimits = { depth: 256, kept: 64 * 1024 * 1024 };

/** What is kept so far: one for all documents of a file, so that many small ones are bounded as one large one is. */
export interface Kept {
  bytes: number;
}

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** Python writes these bare; RFC 8259 has none of them. */
const BARE: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  null: null,
  NaN,
  Infinity,
  '-Infinity': -Infinity,
};
const LONGEST_NUMBER = 4400;
const LONGEST_NAME = 64 * 1024;

const Expect = { Value: 0, ValueOrEnd: 1, NameOrEnd: 2, Name: 3, Colon: 4, CommaOrEnd: 5, Nothing: 6 } as const;
type Expect = (typeof Expect)[keyof typeof Expect];
const In = { Space: 0, String: 1, Bare: 2 } as const;
type In = (typeof In)[keyof typeof In];

interface Frame {
  readonly array: boolean;
  /** For its values: undefined passes over. */
  readonly selector: Selector | undefined;
  /** Where values go; undefined if nothing of it is wanted. */
  readonly into: Record<string, unknown> | unknown[] | undefined;
  name: string;
}

/**
 * A JSON document read as it streams by: RFC 8259 with Python's bare NaN and Infinity. Integers beyond 2^53 come as
 * their digits. Never recursive, never more in memory than what is wanted.
 *
 * @throws UnreadableError with the byte where it went wrong
 */
export class JsonReader {
  readonly #limits: JsonLimits;
  readonly #selector: Selector;
  readonly #frames: Frame[] = [];
  #expect: Expect = Expect.Value;
  #in: In = In.Space;
  #root: unknown;
  /** Bytes of the string or bare token that is under way, where they are wanted. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #capture = false;
  #isName = false;
  #escaped = false;
  readonly #kept: Kept;
  /** Bytes read before the present chunk. */
  #offset = 0;

  constructor(selector: Selector, limits: JsonLimits = LIMITS, kept: Kept = { bytes: 0 }) {
    this.#selector = selector;
    this.#limits = limits;
    this.#kept = kept;
  }

  write(chunk: Buffer): void {
    let i = 0;
    while (i < chunk.length) {
      if (this.#in === In.String) i = this.#string(chunk, i);
      else if (this.#in === In.Bare) i = this.#bare(chunk, i);
      else {
        const byte = chunk[i] as number;
        if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) this.#token(byte, i);
        // A bare token begins with this very byte.
        if ((this.#in as In) !== In.Bare) i++;
      }
    }
    this.#offset += chunk.length;
  }

  /** The wanted parts. @throws UnreadableError `truncated` if the document is not whole */
  end(): unknown {
    if (this.#in === In.Bare) this.#bareEnd(0);
    if (this.#expect !== Expect.Nothing || this.#in !== In.Space)
      this.#fail(0, this.#offset === 0 ? 'empty' : 'truncated', 'the document ends in the middle');
    return this.#root;
  }

  #fail(i: number, fault: Fault, detail: string): never {
    throw new UnreadableError(fault, `byte ${this.#offset + i}`, detail);
  }

  #token(byte: number, i: number): void {
    const expect = this.#expect;
    switch (byte) {
      case 0x22: // "
        this.#isName = expect === Expect.Name || expect === Expect.NameOrEnd;
        if (!this.#isName && expect !== Expect.Value && expect !== Expect.ValueOrEnd) this.#unexpected(i);
        this.#in = In.String;
        this.#capture = this.#isName ? this.#frames.at(-1)?.into !== undefined : this.#wanted() === 'keep';
        return;
      case 0x7b: // {
      case 0x5b: // [
        if (expect !== Expect.Value && expect !== Expect.ValueOrEnd) this.#unexpected(i);
        return this.#open(byte === 0x5b, i);
      case 0x7d: // }
        if (expect === Expect.NameOrEnd || (expect === Expect.CommaOrEnd && this.#frames.at(-1)?.array === false))
          return this.#close();
        return this.#unexpected(i);
      case 0x5d: // ]
        if (expect === Expect.ValueOrEnd || (expect === Expect.CommaOrEnd && this.#frames.at(-1)?.array === true))
          return this.#close();
        return this.#unexpected(i);
      case 0x2c: // ,
        if (expect !== Expect.CommaOrEnd) this.#unexpected(i);
        this.#expect = this.#frames.at(-1)?.array === true ? Expect.Value : Expect.Name;
        return;
      case 0x3a: // :
        if (expect !== Expect.Colon) this.#unexpected(i);
        this.#expect = Expect.Value;
        return;
      default:
        if ((expect !== Expect.Value && expect !== Expect.ValueOrEnd) || !isBare(byte)) this.#unexpected(i);
        this.#in = In.Bare;
    }
  }

  #unexpected(i: number): never {
    this.#fail(i, 'not-json', 'a byte that JSON has not there');
  }

  /** What is wanted of the value that comes next. */
  #wanted(): Selector | undefined {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return this.#selector;
    if (frame.selector === undefined || frame.selector === 'present') return undefined;
    if (frame.selector === 'keep') return 'keep';
    if ('each' in frame.selector) return frame.array ? frame.selector.each : undefined;
    return !frame.array && Object.hasOwn(frame.selector.members, frame.name)
      ? frame.selector.members[frame.name]
      : undefined;
  }

  #open(array: boolean, i: number): void {
    if (this.#frames.length >= this.#limits.depth)
      this.#fail(i, 'too-deep', `more than ${this.#limits.depth} arrays and objects in each other`);
    const selector = this.#wanted();
    const fits = selector === 'keep' || (typeof selector === 'object' && 'each' in selector === array);
    const into = fits ? (array ? [] : (Object.create(null) as Record<string, unknown>)) : undefined;
    if (selector === 'present') this.#put(true, i);
    else if (into !== undefined) this.#put(into, i);
    this.#frames.push({ array, selector: fits ? selector : undefined, into, name: '' });
    this.#expect = array ? Expect.ValueOrEnd : Expect.NameOrEnd;
  }

  #close(): void {
    this.#frames.pop();
    this.#expect = this.#frames.length === 0 ? Expect.Nothing : Expect.CommaOrEnd;
  }

  #put(value: unknown, i: number): void {
    const frame = this.#frames.at(-1);
    this.#keep(32 + (frame?.name.length ?? 0), i);
    if (frame === undefined) this.#root = value;
    else if (Array.isArray(frame.into)) frame.into.push(value);
    else if (frame.into !== undefined) {
      if (Object.hasOwn(frame.into, frame.name)) this.#fail(i, 'duplicate-name', 'an object has one name twice');
      frame.into[frame.name] = value;
    }
  }

  #keep(bytes: number, i: number): void {
    this.#kept.bytes += bytes;
    if (this.#kept.bytes > this.#limits.kept)
      this.#fail(i, 'too-large', `what is to be kept of it takes more than ${this.#limits.kept} bytes`);
  }

  #value(value: unknown, i: number): void {
    const wanted = this.#wanted();
    if (wanted === 'keep') this.#put(value, i);
    else if (wanted === 'present') this.#put(value !== null, i);
    this.#expect = this.#frames.length === 0 ? Expect.Nothing : Expect.CommaOrEnd;
  }

  #string(chunk: Buffer, start: number): number {
    let i = start;
    for (; i < chunk.length; i++) {
      const byte = chunk[i] as number;
      if (this.#escaped) {
        if (!ESCAPES.has(byte)) this.#fail(i, 'not-json', 'an escape that JSON has not');
        this.#escaped = false;
      } else if (byte === 0x22) {
        this.#piece(chunk, start, i, i);
        this.#stringEnd(i);
        return i + 1;
      } else if (byte === 0x5c) this.#escaped = true;
      else if (byte < 0x20) this.#fail(i, 'not-json', 'a control character in a string');
    }
    this.#piece(chunk, start, i, i);
    return i;
  }

  #piece(chunk: Buffer, from: number, to: number, i: number): void {
    if (!this.#capture || to === from) return;
    this.#pieceBytes += to - from;
    if (this.#isName && this.#pieceBytes > LONGEST_NAME) this.#fail(i, 'too-large', 'a name of more than 64 KiB');
    // A name is held only while it is read: it counts where its value is kept.
    if (!this.#isName) this.#keep(to - from, i);
    this.#pieces.push(Buffer.from(chunk.subarray(from, to)));
  }

  #taken(): Buffer {
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pieceBytes = 0;
    return bytes;
  }

  #stringEnd(i: number): void {
    this.#in = In.Space;
    let text = '';
    if (this.#capture) {
      try {
        text = JSON.parse(`"${UTF8.decode(this.#taken())}"`) as string;
      } catch {
        this.#fail(i, 'not-json', 'a string that is not UTF-8, or has a wrong escape');
      }
    }
    const frame = this.#frames.at(-1);
    if (this.#isName && frame !== undefined) {
      frame.name = text;
      this.#expect = Expect.Colon;
    } else this.#value(text, i);
  }

  #bare(chunk: Buffer, start: number): number {
    let i = start;
    while (i < chunk.length && isBare(chunk[i] as number)) i++;
    this.#pieceBytes += i - start;
    if (this.#pieceBytes > LONGEST_NUMBER) this.#fail(start, 'not-json', 'a number of more than 4,400 digits');
    this.#pieces.push(Buffer.from(chunk.subarray(start, i)));
    if (i < chunk.length) this.#bareEnd(i);
    return i;
  }

  #bareEnd(i: number): void {
    this.#in = In.Space;
    const text = this.#taken().toString('latin1');
    if (Object.hasOwn(BARE, text)) this.#value(BARE[text], i);
    else if (!NUMBER.test(text)) this.#fail(i - text.length, 'not-json', 'neither a number nor a word of JSON');
    else {
      const number = Number(text);
      // Digits beyond 2^53 would be lost in a number.
      this.#value(/^-?\d+$/.test(text) && !Number.isSafeInteger(number) ? text : number, i);
    }
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrtu'));
const isBare = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2b ||
  byte === 0x2d ||
  byte === 0x2e;

/** Reads a stream of chunks whole. */
export async function readJson(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  selector: Selector,
  limits: JsonLimits = LIMITS,
): Promise<unknown> {
  const reader = new JsonReader(selector, limits);
  for await (const chunk of chunks) reader.write(chunk);
  return reader.end();
}
