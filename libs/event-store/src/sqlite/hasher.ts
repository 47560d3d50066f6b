import { hash } from 'node:crypto';
import { treeHasher, type TreeHasher } from '@countersign/log';

/**
 * The tree hashes of RFC 6962 §2.1 by Node's one-shot SHA-256. By way of a string, since Node makes one in a third of the
 * time that it takes to make a buffer (measured on Node 26).
 */
export const nodeTreeHasher = (): TreeHasher =>
  treeHasher((data) => Buffer.from(hash('sha256', data, 'latin1'), 'latin1'));
