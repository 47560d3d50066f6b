import { CONTEXTS, LEDGER_STREAM, problemsOf, type Seal } from '@countersign/domain';
import type { SequencedStore } from '@countersign/event-store';
import type { Clock } from '../clock.ts';
import { decodeEntry } from '../entry.ts';
import { commandIdOf, eventIdOf } from '../ids.ts';
import { Ledger } from '../ledger.ts';
import type { PersonKeys } from '../personal.ts';

const keyOf = (move: string): string => `seal ${move}`;

/** The id that the entry has which seals the ledger for a move: known before it is written. */
export const sealIdOf = (move: string): string => eventIdOf(commandIdOf('system', keyOf(move)), 0);

/** The ledger of a store that is to be moved: it follows up nothing, and writes its seal only. */
export const openForSealing = (store: SequencedStore, persons: PersonKeys, clock: Clock): Ledger =>
  Ledger.open({
    store,
    clock,
    persons,
    deciders: CONTEXTS,
    validate: problemsOf,
    source: decodeEntry((store.entry(0) as { data: Uint8Array }).data).source,
  });

/** Seals the ledger for a move, once however often it is asked. @throws Error if the ledger refuses */
export async function seal(ledger: Ledger, move: string, target: Seal['target']): Promise<void> {
  const outcome = await ledger.execute({
    type: 'SealLedger',
    category: 'custody',
    id: LEDGER_STREAM,
    actor: { party: 'system', role: 'system' },
    idempotencyKey: keyOf(move),
    route: 'seal',
    payload: { target, move },
  });
  if (outcome.outcome !== 'done') throw new Error(`the ledger could not be sealed: ${JSON.stringify(outcome)}`);
}
