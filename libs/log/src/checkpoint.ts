import { decodeBase64, encodeBase64 } from './bytes.ts';
import { HASH_LENGTH, type Hash } from './hash.ts';
import { FormatError, isKeyName } from './note.ts';

/** A tree head (C2SP tlog-checkpoint). This log's checkpoints have no extension lines. */
export interface Checkpoint {
  readonly origin: string;
  /** Leaves in the tree. */
  readonly size: number;
  readonly root: Hash;
}

/** The note's text. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${encodeBase64(root)}\n`;

/**
 * The tree head of a note's text. Sizes beyond 2^53 are refused; no log of ours has them.
 *
 * @throws FormatError if it is no checkpoint, or has extension lines, of which nothing here knows a meaning
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', hash = '', end, ...more] = text.split('\n');
  const root = decodeBase64(hash);
  if (!isKeyName(origin)) throw new FormatError('the checkpoint has no origin of 1 to 255 bytes');
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw new FormatError('the checkpoint has no tree size');
  if (root?.length !== HASH_LENGTH) throw new FormatError('the checkpoint has no root hash');
  if (end !== '' || more.length > 0) throw new FormatError('the checkpoint has extension lines');
  return { origin, size: Number(size), root };
}
