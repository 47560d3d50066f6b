import type { Verifiers } from '@countersign/log';
import type { Algorithm } from './bundle.ts';

/** A SHA-256 of what comes in pieces. */
export interface Digest {
  update(data: Uint8Array): void;
  /** Lowercase hexadecimal; ends it. */
  hex(): string;
}

/** What verifying needs of where it runs: Node gives its own (`node.ts`), a browser would give others. */
export interface Platform {
  /** Must not keep its input. */
  sha256(data: Uint8Array): Uint8Array;
  digest(): Digest;
  /** SHA-256 of bytes, or of a text in UTF-8, in lowercase hexadecimal. */
  digestOf(data: Uint8Array | string): string;
  /** CRC-32 of RFC 1952, going on from that of what came before. */
  crc32(data: Uint8Array, before: number): number;
  /**
   * Unpacks raw DEFLATE (RFC 1951) as it comes.
   *
   * @throws if the data end before the last block does, or are longer than that; `length`: bytes that come
   */
  inflateRaw(packed: AsyncIterable<Uint8Array>, length: number): AsyncIterable<Uint8Array>;
  /** Throws or gives another text if the bytes are no UTF-8: either way the caller finds them out. */
  utf8(bytes: Uint8Array): string;
  /** Ed25519 and ML-DSA-44 over raw keys: the signatures of checkpoints. */
  readonly verifiers: Verifiers;
  /** Whether a detached JWS (RFC 7797) by this key and algorithm, no other, is on the payload. Never throws. */
  jws(alg: Algorithm, jwk: object, header: string, payload: Uint8Array, signature: string): Promise<boolean>;
}
