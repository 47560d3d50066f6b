import type { SequencedStore } from '@countersign/event-store';
import { formatProof } from '@countersign/log';

/** What a caller keeps: the entry's own bytes, and the proof that they are in the signed tree (C2SP tlog-proof). */
export interface Receipt {
  readonly index: number;
  /** The entry, exactly as stored: UTF-8 text of its canonical JSON. */
  readonly entry: string;
  readonly proof: string;
}

/** The receipt of a leaf under a checkpoint that covers it. */
export function receiptOf(
  store: SequencedStore,
  index: number,
  bytes: Uint8Array,
  size: number,
  checkpoint: string,
): Receipt {
  return {
    index,
    entry: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'),
    proof: formatProof({ index, path: store.inclusionProof(index, size), checkpoint }),
  };
}
