import { randomUUID } from 'node:crypto';
import { parseCheckpoint, parseNote } from '@countersign/log';
import {
  COPYING,
  MOVED_AWAY,
  MOVED_HERE,
  unfinishedCopy,
  type Copied,
  type CopyTarget,
  type SequencedStore,
} from '@countersign/event-store';
import { systemClock, type Clock } from '../clock.ts';
import type { PersonKeys } from '../personal.ts';
import { holdingsOf, unfit, type Holdings } from './holdings.ts';
import { sealedBy, sealOf, textOf } from './moved.ts';
import { openForSealing, seal, sealIdOf } from './seal.ts';

export interface CopyOptions {
  /** Open for writing: it gets the seal. Nobody else writes to it. */
  readonly source: SequencedStore;
  readonly target: CopyTarget;
  readonly persons: PersonKeys;
  readonly clock?: Clock;
  /** Told of each step, and within one how many of the entries it has done. */
  readonly onStep?: (step: CopyStep, done: number, total: number) => void;
  /** Entries in one transaction, or between two lots of checkpoints. */
  readonly batch?: number;
}
export type CopyStep = 'compare' | 'mark' | 'seal' | 'copy' | 'verify' | 'finish';

export interface Moved {
  /** Those of the ledger, and those that this run brought over. */
  readonly entries: number;
  readonly copied: number;
  readonly checkpoints: number;
  /** Of the tree over all of it, recomputed from the target's own bytes: Base64. */
  readonly root: string;
  readonly origin: string;
}
export type CopyOutcome = Moved | { readonly refused: string };

const KEPT_HERE: ReadonlySet<string> = new Set([COPYING, MOVED_HERE, MOVED_AWAY]);

/**
 * Moves a ledger to another store: its entries in log order with their exact bytes, every checkpoint that was signed, and
 * what is kept beside the log. At each moment at most one of the two stores can go on:
 *
 * 1. the target is held against the source, and marked as one that a copy comes to: no server starts on it;
 * 2. the source is sealed by a last entry, which the mark names: no server appends to it any more;
 * 3. what the target lacks goes over;
 * 4. the target is read again, and must have the source's entries, checkpoints and root;
 * 5. the source notes that it moved, and only then does the target note that the ledger goes on there.
 *
 * Interrupted anywhere and started again, it goes on from what the two stores hold.
 */
export async function copyLedger({
  source,
  target,
  persons,
  clock = systemClock,
  onStep = () => undefined,
  batch = 1000,
}: CopyOptions): Promise<CopyOutcome> {
  await source.synced();
  const barred = source.readOnlyBecause ?? unfinishedCopy(source);
  if (barred !== undefined) return { refused: `the source is no ledger that can be moved: ${barred}` };
  if (source.entry(0) === undefined) return { refused: 'the source holds no ledger' };
  const ledger = openForSealing(source, persons, clock);

  const before = await holdingsOf(source, target, (done) => onStep('compare', done, source.size));
  if ('differs' in before) return { refused: `${target.name} holds another ledger: ${before.differs}` };
  const last = sealOf(ledger.view);
  const copying = textOf(target.getMeta(COPYING));
  const arrived = textOf(target.getMeta(MOVED_HERE));
  const resumed = last !== undefined && copying === last.by;
  // It is all there, and may have gone on since.
  if (resumed && arrived === last.by) return movedOf(source, before, 0);
  if (last !== undefined && textOf(source.getMeta(MOVED_AWAY)) === last.by && !resumed)
    return { refused: sealedBy(last) };
  const bar = unfit(source, target, before, copying !== arrived);
  if (bar !== undefined) return { refused: bar };

  if (!resumed || last.index !== ledger.view.index) {
    const move = randomUUID();
    onStep('mark', 0, 1);
    await target.setMeta(COPYING, Buffer.from(sealIdOf(move)));
    onStep('seal', 0, 1);
    await seal(ledger, move, target.kind);
  }
  const sealed = sealOf(ledger.view) as NonNullable<ReturnType<typeof sealOf>>;
  const isFinal = async () => {
    await source.synced();
    return ledger.view.index === sealed.index && source.size === sealed.index + 1;
  };
  const wroteOn = 'a server wrote to the source after it was sealed: stop all of its servers, and run this again';
  if (!(await isFinal())) return { refused: wroteOn };

  for (const [items, done] of lacking(source, before, batch)) {
    await target.take(items);
    onStep('copy', done, source.size);
  }
  for (const key of source.metaKeys(''))
    if (!KEPT_HERE.has(key)) await target.setMeta(key, source.getMeta(key) as Uint8Array);

  const after = await holdingsOf(source, target, (done) => onStep('verify', done, source.size));
  const amiss = difference(source, after);
  if (amiss !== undefined) throw new Error(`${target.name} is not what was copied: ${amiss}`);
  if (!(await isFinal())) return { refused: wroteOn };

  const { root } = after as Holdings;
  onStep('finish', 0, 3);
  target.writeMark({ size: source.size, root: Buffer.from(root).toString('base64') });
  onStep('finish', 1, 3);
  await source.setMeta(MOVED_AWAY, Buffer.from(sealed.by));
  onStep('finish', 2, 3);
  await target.setMeta(MOVED_HERE, Buffer.from(sealed.by));
  onStep('finish', 3, 3);
  return movedOf(source, after as Holdings, source.size - before.leaves);
}

/** What the target lacks, in batches: leaves in log order, each checkpoint right after its last leaf. */
function* lacking(
  source: SequencedStore,
  { leaves, signed }: Holdings,
  batch: number,
): Generator<readonly [items: readonly Copied[], done: number]> {
  const checkpointsOf = (from: number, until: number): Copied[] => {
    const found: Copied[] = [];
    for (let size = from; size <= until; size++) {
      const note = source.checkpointAt(size);
      if (note !== undefined) found.push({ size, note });
    }
    return found;
  };
  // An interrupted run may have left leaves without theirs.
  const left = checkpointsOf(signed + 1, leaves);
  if (left.length > 0) yield [left, leaves];
  for (let done = leaves; done < source.size; done += batch) {
    const items: Copied[] = [];
    for (const leaf of source.entries(done, Math.min(done + batch, source.size)))
      items.push(leaf, ...checkpointsOf(leaf.index + 1, leaf.index + 1));
    yield [items, Math.min(done + batch, source.size)];
  }
}

/** What of the source the target has not, or has otherwise, now that all of it should be there. */
function difference(source: SequencedStore, held: Holdings | { readonly differs: string }): string | undefined {
  if ('differs' in held) return held.differs;
  const { size, root } = parseCheckpoint(parseNote(source.checkpoint()).text);
  if (held.leaves !== size || held.beyond !== 0) return `it has ${held.leaves + held.beyond} of ${size} entries`;
  let checkpoints = 0;
  for (let at = 0; at <= size; at++) if (source.checkpointAt(at) !== undefined) checkpoints++;
  if (held.checkpoints !== checkpoints) return `it has ${held.checkpoints} of ${checkpoints} checkpoints`;
  return Buffer.compare(held.root, root) === 0 ? undefined : 'its root is another';
}

function movedOf(source: SequencedStore, { checkpoints }: Holdings, copied: number): Moved {
  const { origin, size, root } = parseCheckpoint(parseNote(source.checkpoint()).text);
  return { entries: size, copied, checkpoints, root: Buffer.from(root).toString('base64'), origin };
}
