import type { KeyObject } from 'node:crypto';
import { cosignatureLine } from '@countersign/dossier';
import type { SequencedStore } from '@countersign/event-store';
import { parseCheckpoint, parseNote } from '@countersign/log';
import type { Clock } from './clock.ts';

/** A checkpoint that may leave the house, and its size. */
export interface Published {
  readonly size: number;
  /** Signed note with the log's Ed25519 signature and its ML-DSA-44 cosignature. */
  readonly note: string;
}

/**
 * Checkpoints as they are published and exported: the store's own signature, and beside it the log's ML-DSA-44
 * cosignature (C2SP tlog-cosignature, 0x06: another key, the origin as its name), which takes a millisecond and is
 * therefore made when someone asks, once for each size, and not for each commit.
 */
export class CheckpointPublisher {
  readonly #store: SequencedStore;
  readonly #clock: Clock;
  readonly #key: KeyObject;
  #latest: Published | undefined;

  constructor(store: SequencedStore, clock: Clock, key: KeyObject) {
    this.#store = store;
    this.#clock = clock;
    this.#key = key;
  }

  /** The latest checkpoint, with both signatures. */
  latest(): Published {
    const note = this.#store.checkpoint();
    const checkpoint = parseCheckpoint(parseNote(note).text);
    const { origin, size } = checkpoint;
    if (this.#latest?.size === size) return this.#latest;
    const timestamp = Math.max(1, Math.floor(this.#clock.now() / 1000));
    return (this.#latest = { size, note: note + cosignatureLine(origin, checkpoint, this.#key, timestamp) });
  }
}
