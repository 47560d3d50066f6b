import { hash } from 'node:crypto';
import type { TreeHasher } from '@countersign/log';
import { MAX_ENTRY_BYTES } from '../port.ts';

const sha256 = (data: Uint8Array): Uint8Array => hash('sha256', data, 'buffer');

/** The tree hashes of RFC 6962 §2.1 by Node's one-shot SHA-256, through buffers that are used again and again. */
export function nodeTreeHasher(): TreeHasher {
  const leafInput = new Uint8Array(1 + MAX_ENTRY_BYTES);
  const nodeInput = new Uint8Array(65);
  leafInput[0] = 0x00;
  nodeInput[0] = 0x01;
  return {
    leaf(entry) {
      leafInput.set(entry, 1);
      return sha256(leafInput.subarray(0, 1 + entry.length));
    },
    node(left, right) {
      nodeInput.set(left, 1);
      nodeInput.set(right, 33);
      return sha256(nodeInput);
    },
    empty: () => sha256(new Uint8Array(0)),
  };
}
