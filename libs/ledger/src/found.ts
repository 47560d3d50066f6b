import { FACET_FUNCTION, LEDGER_STREAM } from '@countersign/domain';
import type { Outcome } from './command.ts';
import type { Ledger } from './ledger.ts';

/** What a ledger is founded with; the rest is the same for all. */
export interface Founding {
  /** The first line of its checkpoints. */
  readonly origin: string;
  readonly mode: 'demo' | 'operational';
  readonly keys: readonly { readonly purpose: string; readonly jwk: string }[];
  /** The party that holds the log. */
  readonly custodian: string;
}

/** Entry 0. Where others try as well, one of them does, and all are answered alike. */
export function foundLedger(ledger: Ledger, founding: Founding): Promise<Outcome> {
  return ledger.execute({
    type: 'FoundLedger',
    category: 'custody',
    id: LEDGER_STREAM,
    actor: { party: 'system', role: 'system' },
    idempotencyKey: 'found',
    route: 'found',
    payload: {
      origin: founding.origin,
      mode: founding.mode,
      keys: founding.keys,
      parameters: { 'release-assessment': 'ear-most-recent' },
      facetFunction: FACET_FUNCTION,
      custodian: founding.custodian,
    },
  });
}
