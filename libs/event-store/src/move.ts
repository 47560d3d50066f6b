import type { SequencedStore } from './port.ts';

/** Values beside the log that say which store it goes on in: each is the id of the entry that sealed it for a move. */
export const COPYING = 'copying';
/** The move that came here is finished, and the log goes on here. */
export const MOVED_HERE = 'moved-here';
/** The move that began here is finished, or as good as that. */
export const MOVED_AWAY = 'moved-away';

/** Why nothing may be served or signed from a store that a ledger is being copied into; undefined if it is not. */
export function unfinishedCopy(store: Pick<SequencedStore, 'getMeta'>): string | undefined {
  const copying = store.getMeta(COPYING);
  const arrived = store.getMeta(MOVED_HERE);
  return copying === undefined || (arrived !== undefined && Buffer.compare(copying, arrived) === 0)
    ? undefined
    : 'a ledger is being copied into this store and is not all here: run the same "countersign copy" again to finish it';
}
