import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly content: Uint8Array | string;
  readonly method?: number;
  /** Its compressed form, where that is not to be made from the content. */
  readonly packed?: Uint8Array;
  /** What the headers say instead of the truth. */
  readonly size?: number;
  readonly packedSize?: number;
  readonly offset?: number;
  /** Extra field of its central entry (APPNOTE 4.5). */
  readonly extra?: Buffer;
}
/** What the end of central directory says instead of the truth, and what stands before it. */
export interface ZipEnd {
  readonly count?: number;
  readonly size?: number;
  readonly offset?: number;
  readonly before?: Buffer;
}
/** An archive by hand, so that it can also be a wrong one (APPNOTE 4.3). */
export function zip(members: readonly ZipMember[], lies: ZipEnd = {}): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const {
    name,
    content,
    method = 8,
    size,
    packedSize,
    offset: at,
    extra = Buffer.alloc(0),
    packed: given,
  } of members) {
    const data = Buffer.from(content as string);
    const packed =
      given !== undefined
        ? Buffer.from(given)
        : method === 8
          ? deflateRawSync(data)
          : method === 93
            ? zstdCompressSync(data)
            : data;
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(0x800, 2);
    header.writeUInt16LE(method, 4);
    header.writeUInt32LE(crc32(data), 10);
    header.writeUInt32LE(packedSize ?? packed.length, 14);
    header.writeUInt32LE(size ?? data.length, 18);
    header.writeUInt16LE(Buffer.byteLength(name), 22);
    const record = Buffer.concat([Buffer.from('PK\x03\x04'), header, Buffer.from(name), packed]);
    const entry = Buffer.alloc(42);
    entry.writeUInt16LE(20, 0);
    header.copy(entry, 2);
    entry.writeUInt16LE(extra.length, 26);
    entry.writeUInt32LE(at ?? offset, 38);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), entry, Buffer.from(name), extra]));
    local.push(record);
    offset += record.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(lies.count ?? members.length, 4);
  end.writeUInt16LE(lies.count ?? members.length, 6);
  end.writeUInt32LE(lies.size ?? directory.length, 8);
  end.writeUInt32LE(lies.offset ?? offset, 12);
  return Buffer.concat([...local, directory, lies.before ?? Buffer.alloc(0), Buffer.from('PK\x05\x06'), end]);
}
