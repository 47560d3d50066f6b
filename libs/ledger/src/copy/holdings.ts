import { parseCheckpoint, parseNote } from '@countersign/log';
import { isCheckpoint, MOVED_HERE, type Copied, type CopyTarget, type SequencedStore } from '@countersign/event-store';
import { textOf } from './moved.ts';

/** How much of the source a target holds: its first leaves, and the checkpoints up to one. */
export interface Holdings {
  readonly leaves: number;
  readonly checkpoints: number;
  /** Size of the last checkpoint; −1 if there is none. */
  readonly signed: number;
  /** Id and type of the last leaf. */
  readonly last?: { readonly id: string; readonly type: string };
  /** Over the target's own bytes. */
  readonly root: Uint8Array;
  /** Leaves beyond the source's: it went on there. */
  readonly beyond: number;
}

/** Reads the target and holds it against the source, entry by entry. Says in a word where they differ, if they do. */
export async function holdingsOf(
  source: SequencedStore,
  target: CopyTarget,
  told: (leaves: number) => void = () => undefined,
): Promise<Holdings | { readonly differs: string }> {
  let [leaves, checkpoints, signed, beyond] = [0, 0, -1, 0];
  let last: Holdings['last'];
  let differs: string | undefined;
  const compare = (held: Copied) => {
    if (differs !== undefined) return;
    if (isCheckpoint(held)) {
      if (held.size > source.size) return;
      if (held.note !== source.checkpointAt(held.size))
        differs = `its checkpoint over ${held.size} entries is not there`;
      checkpoints++;
      signed = held.size;
      return;
    }
    const own = source.entry(leaves + beyond);
    if (own === undefined) beyond++;
    else if (
      own.id !== held.id ||
      own.type !== held.type ||
      own.stream !== held.stream ||
      own.revision !== held.revision ||
      Buffer.compare(own.data, held.data) !== 0
    )
      differs = `its entry ${leaves} is another`;
    else {
      leaves++;
      last = held;
      if (leaves % 1000 === 0) told(leaves);
    }
  };
  const root = await target.read(compare);
  told(leaves);
  if (differs !== undefined) return { differs };
  return { leaves, checkpoints, signed, root, beyond, ...(last ? { last: { id: last.id, type: last.type } } : {}) };
}

/** Why a ledger must not be copied over what the target holds; undefined if it may. */
export function unfit(
  source: SequencedStore,
  target: CopyTarget,
  holdings: Holdings,
  begun: boolean,
): string | undefined {
  const { leaves, beyond, last } = holdings;
  if (beyond > 0) return `${target.name} holds ${beyond} entries more than the source: it is not behind it`;
  const sealedThere = last?.type === 'countersign.LedgerSealed.v1' && textOf(target.getMeta(MOVED_HERE)) !== last.id;
  if (leaves > 0 && !begun && !sealedThere)
    return `${target.name} holds the beginning of this ledger, is not sealed, and was not being copied into: a server may go on there`;
  const mark = target.readMark();
  if (mark === undefined || mark.size === 0) return undefined;
  const note = source.checkpointAt(mark.size);
  const root = note && Buffer.from(parseCheckpoint(parseNote(note).text).root).toString('base64');
  return root === mark.root
    ? undefined
    : `the high-water mark of ${target.name} is of another ledger, or of one that went further (${mark.size} entries)`;
}
