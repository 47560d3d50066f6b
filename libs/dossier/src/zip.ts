import { crc32 } from 'node:zlib';

/** A member of a bundle: stored, never compressed by the archive itself. */
export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
}
/** Why a file is no bundle. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** 1980-01-01 00:00, the first time that the format has: a bundle says when it was made in its manifest only. */
const DATE = 0x0021;
const UTF8 = 0x0800;

function localHeader({ name, data }: Member): Buffer {
  const bytes = Buffer.from(name);
  const header = Buffer.alloc(30 + bytes.length);
  header.writeUInt32LE(LOCAL, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(UTF8, 6);
  header.writeUInt16LE(DATE, 12);
  header.writeUInt32LE(crc32(data), 14);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt32LE(data.length, 22);
  header.writeUInt16LE(bytes.length, 26);
  bytes.copy(header, 30);
  return header;
}

function directory(members: readonly Member[]): Buffer {
  const parts: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const header = Buffer.alloc(46 + name.length);
    header.writeUInt32LE(CENTRAL, 0);
    header.writeUInt16LE(20, 4);
    localHeader(member).copy(header, 6, 4, 30);
    header.writeUInt32LE(offset, 42);
    name.copy(header, 46);
    parts.push(header);
    offset += 30 + name.length + member.data.length;
  }
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, end]);
}

/** The archive, part after part: stored members with fixed times and attributes, so that no bit of it is without meaning. */
export function* writeZip(members: readonly Member[]): Iterable<Uint8Array> {
  for (const member of members) {
    yield localHeader(member);
    yield member.data;
  }
  yield directory(members);
}

/**
 * Reads what `writeZip` wrote, and nothing else: every header is made again from what it should say and compared, so a
 * flipped bit anywhere is found.
 *
 * @throws BundleError with the offset of what is wrong
 */
export function readZip(archive: Buffer): readonly Member[] {
  const members: Member[] = [];
  let at = 0;
  while (at + 30 <= archive.length && archive.readUInt32LE(at) === LOCAL) {
    const size = archive.readUInt32LE(at + 18);
    const nameLength = archive.readUInt16LE(at + 26);
    const from = at + 30 + nameLength;
    if (nameLength === 0 || nameLength > 255 || from + size > archive.length)
      throw new BundleError(`the archive is cut or damaged at byte ${at}`);
    const member = { name: archive.toString('utf8', at + 30, from), data: archive.subarray(from, from + size) };
    if (!localHeader(member).equals(archive.subarray(at, from)))
      throw new BundleError(`a header is damaged at byte ${at}`);
    if (members.some(({ name }) => name === member.name)) throw new BundleError(`${member.name} comes twice`);
    members.push(member);
    at = from + size;
  }
  if (!directory(members).equals(archive.subarray(at)))
    throw new BundleError(`the directory is damaged, or something follows it, at byte ${at}`);
  return members;
}
