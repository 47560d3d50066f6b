import { createHash } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { GZIP_HEADER, gzipTrailer } from './gzip.ts';

const CHUNK = 256 * 1024;
const LEVEL = 6;

/** Bytes that are too many to hold and whose length and digest must be known before they are sent. */
export interface Spooled {
  readonly bytes: number;
  readonly crc32: number;
  readonly sha256: string;
  chunks(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Packs a text into a temporary file, as one gzip member with no name and no time, so that the same text gives the same
 * bytes. The file has no name from the start: it is gone when it is closed, also if the process is killed.
 */
export async function spoolGzip(text: AsyncIterable<Uint8Array>): Promise<Spooled> {
  const path = join(tmpdir(), `countersign-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  try {
    return await packed(file, text);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function packed(file: FileHandle, text: AsyncIterable<Uint8Array>): Promise<Spooled> {
  const digest = createHash('sha256');
  let [bytes, crc, unpacked, unpackedCrc] = [0, 0, 0, 0];
  const write = async (chunk: Uint8Array) => {
    digest.update(chunk);
    crc = crc32(chunk, crc);
    bytes += chunk.length;
    await file.write(chunk);
  };
  const counted = async function* () {
    for await (const chunk of text) {
      unpacked += chunk.length;
      unpackedCrc = crc32(chunk, unpackedCrc);
      yield chunk;
    }
  };
  await write(GZIP_HEADER);
  await pipeline(
    counted(),
    createDeflateRaw({ level: LEVEL, chunkSize: CHUNK }),
    async (out: AsyncIterable<Buffer>) => {
      for await (const chunk of out) await write(chunk);
    },
  );
  await write(gzipTrailer(unpackedCrc, unpacked));
  return {
    bytes,
    crc32: crc,
    sha256: digest.digest('hex'),
    async *chunks() {
      const buffer = Buffer.alloc(CHUNK);
      for (let at = 0; at < bytes;) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
        if (bytesRead === 0) throw new Error('a temporary file was cut');
        at += bytesRead;
        yield Buffer.from(buffer.subarray(0, bytesRead));
      }
    },
    close: () => file.close(),
  };
}
