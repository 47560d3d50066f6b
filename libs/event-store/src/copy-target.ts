import { hash, verify, type KeyObject } from 'node:crypto';
import {
  ED25519,
  isBy,
  parseCheckpoint,
  parseNote,
  rootFromRange,
  TreeFrontier,
  verifierKey,
  type Hash,
  type TreeHasher,
  type VerifierKey,
} from '@countersign/log';
import type { StoredEvent } from './port.ts';
import { nodeTreeHasher } from './sqlite/hasher.ts';
import type { HighWaterMark } from './sqlite/high-water.ts';

/** A checkpoint as a store keeps it. */
export interface KeptCheckpoint {
  readonly size: number;
  readonly note: string;
}
/** What goes over from one store to another. */
export type Copied = StoredEvent | KeptCheckpoint;
export const isCheckpoint = (copied: Copied): copied is KeptCheckpoint => 'note' in copied;

/** What belongs to whom, and by which key it is signed. */
export interface Signed {
  /** Origin of the log, the first line of its checkpoints. */
  readonly origin: string;
  /** The log's Ed25519 key: to verify by. There is none here to sign with. */
  readonly publicKey: KeyObject;
}

/**
 * A store into which a ledger is moved. It takes leaves at its end and checkpoints that were signed before, and signs
 * nothing: a checkpoint that is not by the log's key over this very tree is not taken. No server has one of these.
 */
export interface CopyTarget {
  readonly kind: 'sqlite' | 'esdb';
  /** For people; without credentials. */
  readonly name: string;
  /**
   * Tells of everything that the store holds, as it stands there: leaves in log order, each checkpoint once its leaves were
   * told. Comes first: what is taken goes on after that. Resolves with the root of the tree over those very bytes.
   *
   * @throws Error (rejects) if a checkpoint is not of this log and this tree
   */
  read(handler: (held: Copied) => void): Promise<Uint8Array>;
  /** Leaves that follow those that are there, and checkpoints that follow, each after its last leaf. */
  take(batch: readonly Copied[]): Promise<void>;
  /** As it was read, or set since. */
  getMeta(key: string): Uint8Array | undefined;
  setMeta(key: string, value: Uint8Array): Promise<void>;
  /** The high-water mark that servers on it go by. */
  readMark(): HighWaterMark | undefined;
  writeMark(mark: HighWaterMark): void;
  close(): Promise<void>;
}

/** The tree over a target's leaves, which says whether a checkpoint may stand beside them. */
export class CheckedTree {
  readonly #hasher: TreeHasher = nodeTreeHasher();
  readonly #frontier = new TreeFrontier(this.#hasher);
  readonly #origin: string;
  readonly #publicKey: KeyObject;
  readonly #key: VerifierKey;
  /** The right edges that a checkpoint may still come for: since the last one. */
  readonly #edges = new Map<number, readonly Hash[]>([[0, []]]);
  #last = -1;

  constructor({ origin, publicKey }: Signed) {
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    this.#origin = origin;
    this.#publicKey = publicKey;
    this.#key = verifierKey((data) => hash('sha256', data, 'buffer'), origin, ED25519, raw);
  }

  get size(): number {
    return this.#frontier.size;
  }

  root(): Uint8Array {
    return this.#frontier.root();
  }

  leaf(data: Uint8Array): void {
    this.#frontier.append(this.#hasher.leaf(data));
    this.#edges.set(this.#frontier.size, this.#frontier.frontier());
  }

  /** @throws Error if it is not by the log's key, of this origin, over this tree, and later than the last one */
  checkpoint({ size, note }: KeptCheckpoint): void {
    const { text, signatures } = parseNote(note);
    const checkpoint = parseCheckpoint(text);
    const signature = signatures.find((each) => isBy(this.#key, each))?.signature;
    if (
      checkpoint.origin !== this.#origin ||
      signature === undefined ||
      !verify(null, Buffer.from(text), this.#publicKey, signature)
    )
      throw new Error(`the checkpoint over ${size} entries is not by the key of ${this.#origin}`);
    const edge = this.#edges.get(size);
    if (checkpoint.size !== size || size <= this.#last || edge === undefined)
      throw new Error(`a checkpoint over ${checkpoint.size} entries does not follow one over ${this.#last}`);
    if (Buffer.compare(rootFromRange(this.#hasher, edge), checkpoint.root) !== 0)
      throw new Error(`the checkpoint over ${size} entries is of another tree`);
    for (let before = this.#last; before < size; before++) this.#edges.delete(before);
    this.#last = size;
  }
}
