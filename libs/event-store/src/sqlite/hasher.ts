import { hash } from 'node:crypto';
import { treeHasher, type TreeHasher } from '@countersign/log';

/** The tree hashes of RFC 6962 §2.1 by Node's one-shot SHA-256. */
export const nodeTreeHasher = (): TreeHasher => treeHasher((data) => hash('sha256', data, 'buffer'));
