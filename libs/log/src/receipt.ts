import { decodeBase64, encodeBase64 } from './bytes.ts';
import { HASH_LENGTH, type Hash } from './hash.ts';
import { FormatError } from './note.ts';

/** A proof that a leaf is in a log (C2SP tlog-proof): what a command's answer carries. */
export interface TlogProof {
  readonly index: number;
  /** RFC 6962 §2.1.1, from the leaf's sibling upwards. */
  readonly path: readonly Hash[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

const HEAD = 'c2sp.org/tlog-proof@v1\n';
/** A tree of 2^53 leaves has no longer path. */
const LONGEST_PATH = 63;

export const formatProof = ({ index, path, checkpoint }: TlogProof): string =>
  `${HEAD}index ${index}\n${path.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${checkpoint}`;

/** @throws FormatError; also where there is `extra` data, which this log's proofs never have */
export function parseProof(text: string): TlogProof {
  const blank = text.indexOf('\n\n');
  if (!text.startsWith(HEAD) || blank < 0) throw new FormatError('it is no tlog-proof');
  const [first = '', ...hashes] = text.slice(HEAD.length, blank).split('\n');
  const [, index] = /^index (0|[1-9]\d{0,15})$/.exec(first) ?? [];
  if (index === undefined || !Number.isSafeInteger(Number(index))) throw new FormatError('the proof has no index');
  if (hashes.length > LONGEST_PATH) throw new FormatError('the proof is too long');
  const path = hashes.map((each) => {
    const hash = decodeBase64(each);
    if (hash?.length !== HASH_LENGTH) throw new FormatError('the proof has a line that is no hash');
    return hash;
  });
  return { index: Number(index), path, checkpoint: text.slice(blank + 2) };
}
