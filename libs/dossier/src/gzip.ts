import type { OpenMember } from './archive.ts';
import type { Platform } from './platform.ts';
import { BundleError } from './source.ts';

/** RFC 1952 §2.3 with no name, no time, no flag, an unknown system: one member, of one form. */
export const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
const TRAILER_BYTES = 8;

/** CRC-32 and length, modulo 2^32, of what was packed. */
export function gzipTrailer(crc32: number, bytes: number): Uint8Array {
  const trailer = new Uint8Array(TRAILER_BYTES);
  const view = new DataView(trailer.buffer);
  view.setUint32(0, crc32, true);
  view.setUint32(4, bytes % 2 ** 32, true);
  return trailer;
}

/** Unpacks a gzip file as it comes. @throws BundleError unless it is exactly one gzip member with the header above */
export async function* gunzip(platform: Platform, member: OpenMember): AsyncIterable<Uint8Array> {
  if (member.bytes < GZIP_HEADER.length + TRAILER_BYTES) throw new BundleError(`${member.name} is no gzip file`);
  await expect(member, GZIP_HEADER);
  let crc32 = 0;
  let bytes = 0;
  const packed = member.bytes - GZIP_HEADER.length - TRAILER_BYTES;
  for await (const chunk of platform.inflateRaw(member.chunks(TRAILER_BYTES), packed)) {
    crc32 = platform.crc32(chunk, crc32);
    bytes += chunk.length;
    yield chunk;
  }
  await expect(member, gzipTrailer(crc32, bytes));
}

async function expect(member: OpenMember, expected: Uint8Array): Promise<void> {
  for (let at = 0; at < expected.length;) {
    const part = await member.some(expected.length - at);
    if (!part || part.some((byte, i) => byte !== expected[at + i]))
      throw new BundleError(`${member.name} is not packed as it must be`);
    at += part.length;
  }
}

const NEWLINE = 0x0a;

/**
 * The lines of a text that comes in chunks, without their ends, each valid only until the call returns.
 *
 * @throws BundleError if a line is longer than this, or the last has no end
 */
export async function eachLine(
  chunks: AsyncIterable<Uint8Array>,
  most: number,
  line: (bytes: Uint8Array) => void,
): Promise<void> {
  let carried: Uint8Array = new Uint8Array(0);
  const give = (bytes: Uint8Array) => {
    if (bytes.length > most) throw new BundleError(`a line is longer than ${most} bytes`);
    line(bytes);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, end);
      give(carried.length === 0 ? part : joined(carried, part));
      if (carried.length > 0) carried = new Uint8Array(0);
      from = end + 1;
    }
    if (from < chunk.length) carried = joined(carried, chunk.subarray(from));
    if (carried.length > most) throw new BundleError(`a line is longer than ${most} bytes`);
  }
  if (carried.length > 0) throw new BundleError('the last line has no end');
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
