/** A file of a bundle, in memory. */
export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
}
/** What an archive's headers say of a file: stored, never compressed by the archive itself. */
export interface Listed {
  readonly name: string;
  readonly bytes: number;
  readonly crc32: number;
}

export const LOCAL = 0x04034b50;
export const LOCAL_BYTES = 30;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** 1980-01-01 00:00, the first time that the format has, for every file: when it was packed is nothing a bundle says. */
const DATE = 0x0021;
const UTF8 = 0x0800;
/** Sizes and offsets have 32 bits, and Zip64 has no place in this format. */
export const MOST_BYTES = 0xffff_ffff;

/** A file's local header, its name included. */
export function localHeader({ name, bytes, crc32 }: Listed): Uint8Array {
  const encoded = new TextEncoder().encode(name);
  const header = new Uint8Array(LOCAL_BYTES + encoded.length);
  const view = new DataView(header.buffer);
  view.setUint32(0, LOCAL, true);
  view.setUint16(4, 20, true);
  view.setUint16(6, UTF8, true);
  view.setUint16(12, DATE, true);
  view.setUint32(14, crc32, true);
  view.setUint32(18, bytes, true);
  view.setUint32(22, bytes, true);
  view.setUint16(26, encoded.length, true);
  header.set(encoded, LOCAL_BYTES);
  return header;
}

export const END_BYTES = 22;
/** Whether a file of this length, which ends in these bytes, is an archive up to its end: cheap, and proves nothing else. */
export function endsWhole(last: Uint8Array, bytes: number): boolean {
  if (last.length !== END_BYTES) return false;
  const view = new DataView(last.buffer, last.byteOffset, last.length);
  return view.getUint32(0, true) === END && view.getUint32(12, true) + view.getUint32(16, true) + END_BYTES === bytes;
}

/** The central directory and its end: all that follows the last file. */
export function directory(members: readonly Listed[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const member of members) {
    const local = localHeader(member);
    const name = local.subarray(LOCAL_BYTES);
    const header = new Uint8Array(46 + name.length);
    const view = new DataView(header.buffer);
    view.setUint32(0, CENTRAL, true);
    view.setUint16(4, 20, true);
    header.set(local.subarray(4, LOCAL_BYTES), 6);
    view.setUint32(42, offset, true);
    header.set(name, 46);
    parts.push(header);
    offset += local.length + member.bytes;
  }
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const end = new Uint8Array(END_BYTES);
  const view = new DataView(end.buffer);
  view.setUint32(0, END, true);
  view.setUint16(8, members.length, true);
  view.setUint16(10, members.length, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  const joined = new Uint8Array(size + end.length);
  let at = 0;
  for (const part of [...parts, end]) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
