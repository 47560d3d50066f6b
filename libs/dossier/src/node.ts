import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { flattenedVerify, importJWK } from 'jose';
import { verifiers } from './keys.ts';
import type { Platform } from './platform.ts';
import { BundleError } from './source.ts';

const CHUNK = 256 * 1024;

/** What verifying needs, by Node's own crypto and zlib, whose unpacking runs beside the main thread. */
export const nodePlatform: Platform = {
  /** By way of a string, which Node makes faster than a buffer. */
  sha256: (data) => Buffer.from(hash('sha256', data, 'latin1'), 'latin1'),
  digest() {
    const digest = createHash('sha256');
    return { update: (data) => void digest.update(data), hex: () => digest.digest('hex') };
  },
  digestOf: (data) => hash('sha256', data, 'hex'),
  crc32: (data, before) => crc32(data, before),
  utf8: (bytes) =>
    (bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)).toString('utf8'),
  verifiers,
  async *inflateRaw(packed, length) {
    const inflate = createInflateRaw({ chunkSize: CHUNK });
    const feeding = pipeline(packed, inflate).catch((error: unknown) => inflate.destroy(error as Error));
    try {
      for await (const chunk of inflate) yield chunk as Buffer;
      // Node passes over what follows the last block.
      if (inflate.bytesWritten !== length) throw new BundleError('something follows the packed data');
    } finally {
      inflate.destroy();
      await feeding;
    }
  },
  async jws(alg, jwk, header, payload, signature) {
    try {
      const key = await importJWK(jwk, alg);
      await flattenedVerify({ protected: header, payload, signature }, key, {
        algorithms: [alg],
        crit: { b64: true },
      });
      return true;
    } catch {
      return false;
    }
  },
};

/** A file's bytes as they are read. @throws (when iterated) what the file system says */
export const bytesOf = (file: string): AsyncIterable<Uint8Array> => createReadStream(file, { highWaterMark: CHUNK });
