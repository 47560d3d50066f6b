import { LEDGER_STREAM, type CustodyState, type Seal } from '@countersign/domain';
import { MOVED_HERE, type SequencedStore } from '@countersign/event-store';
import type { LedgerView } from '../view.ts';

/** The last seal of the log: the entry after which it went on in another store than before. */
export function sealOf(view: LedgerView): Seal | undefined {
  const ledger = view.state('custody', LEDGER_STREAM) as CustodyState | undefined;
  return ledger?.status === 'founded' ? ledger.seal : undefined;
}

/** The seal's id as it stands beside the log. */
export const textOf = (meta: Uint8Array | undefined): string | undefined => meta && Buffer.from(meta).toString();

/** Why the ledger does not go on in this store: it was sealed here for a move to another. Undefined if it goes on here. */
export function movedAway(store: Pick<SequencedStore, 'getMeta'>, view: LedgerView): string | undefined {
  const seal = sealOf(view);
  return seal === undefined || textOf(store.getMeta(MOVED_HERE)) === seal.by ? undefined : sealedBy(seal);
}

export const sealedBy = ({ index, target }: Pick<Seal, 'index' | 'target'>): string =>
  `entry ${index} sealed this ledger for a move to ${target}, and it goes on there. To take it back, move it with "countersign copy".`;
