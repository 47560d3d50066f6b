import type { Actor, Instant, Refusal } from '@countersign/domain';
import type { Receipt } from './receipt.ts';

/** A command as it reaches the ledger: its shape checked, its caller known. */
export interface CommandRequest {
  readonly type: string;
  readonly category: string;
  /** The stream's id; drawn from the command's own id where it begins a stream and gives none. */
  readonly id?: string;
  readonly payload: object;
  /** The JSON body as it was posted, with `personaldigest` instead of `personal`: what the command's digest binds. */
  readonly body?: object;
  readonly personal?: { readonly person?: string; readonly salt: string; readonly fields: Record<string, unknown> };
  readonly actor: Actor;
  readonly idempotencyKey: string;
  /** Where it was posted: part of what the command's digest binds. */
  readonly route: string;
  readonly occurredAt?: Instant;
  readonly effectiveAt?: Instant;
  /** The stream's revision as the caller saw it (RFC 9110 §13.1.1). */
  readonly ifMatch?: number;
}

/** An event that a command wrote, and where it stands; its bytes are in the receipt beside it. */
export interface Written {
  readonly id: string;
  /** The event's short name: `GrantApproved`. */
  readonly type: string;
  readonly index: number;
  readonly stream: string;
  readonly revision: number;
}

/** What came of it. Faults of the store are exceptions. */
export type Outcome =
  | {
      readonly outcome: 'done';
      readonly stream: string;
      /** The stream's, after it. */
      readonly revision: number;
      readonly events: readonly Written[];
      /** One for each event, in the same order. */
      readonly receipts: readonly Receipt[];
      /** The same key and body came before: these are the original events. */
      readonly repeated: boolean;
    }
  | {
      readonly outcome: 'refused';
      readonly reasons: readonly [Refusal, ...Refusal[]];
      /** Of the entry that records the refusal, where it was one of access. */
      readonly receipts: readonly Receipt[];
    }
  | { readonly outcome: 'revision-mismatch'; readonly actual: number | 'none' }
  | { readonly outcome: 'key-reused' }
  | { readonly outcome: 'under-way' };
