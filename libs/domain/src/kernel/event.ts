import type { EventId, PartyId } from './ids.ts';

/** Milliseconds since the Unix epoch, UTC. In entries: RFC 3339 with milliseconds and `Z`. */
export type Instant = number;

/**
 * Every id that the entry's facets need: the decider copies them from its state, since no entry can be mended
 * (formats.md, Entry). Each member is sorted, without duplicates, and absent where it does not apply.
 */
export interface Refs {
  readonly ally?: readonly string[];
  readonly parties?: readonly string[];
  readonly partner?: readonly string[];
  readonly modelFamily?: readonly string[];
  readonly modelVersion?: readonly string[];
  readonly instrument?: readonly string[];
  readonly authorisation?: readonly string[];
  readonly grant?: readonly string[];
  readonly session?: readonly string[];
  readonly testers?: readonly string[];
  readonly audit?: readonly string[];
  readonly liability?: readonly string[];
  readonly claim?: readonly string[];
}
type RefsInput = { readonly [K in keyof Refs]?: readonly (string | undefined)[] | undefined };

/** Sorted by UTF-16 code unit, duplicates and absent ids removed, empty members left out. */
export function refs(input: RefsInput): Refs {
  const out: Record<string, readonly string[]> = {};
  for (const key of Object.keys(input).sort() as (keyof Refs)[]) {
    const ids = [...new Set((input[key] ?? []).filter((id): id is string => id !== undefined))].sort();
    if (ids.length > 0) out[key] = ids;
  }
  return out;
}

/** A person's data that leaves the decider in clear and is sealed under that person's key before it is written. */
export interface PersonalData {
  readonly person: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The salt that the command gave with the fields, so that its `personaldigest` holds; drawn anew if absent. */
  readonly salt?: string;
}

/** The same as it stands in the entry: digest of `{salt, fields}` in clear, the object itself as a compact JWE. */
export interface Sealed {
  readonly person: string;
  readonly digest: string;
  readonly jwe: string;
}

/** What a decider returns: the event's short name (`GrantApproved`), its payload, and what else the entry carries. */
export interface NewEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
  readonly refs: Refs;
  /** When the fact counts from; the log's clock if absent. */
  readonly effectiveAt?: Instant;
  readonly personal?: readonly PersonalData[];
}

/** An event as a decider's `evolve` reads it. */
export interface Recorded<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
  readonly refs: Refs;
  /** Sealed personal data, in the order in which the decider gave it. */
  readonly personal?: readonly Sealed[];
  readonly id: EventId;
  readonly stream: string;
  readonly revision: number;
  /** Log index: gapless from 0; alone decides order. */
  readonly index: number;
  readonly actor: PartyId | 'system';
  readonly occurredAt: Instant;
  readonly effectiveAt: Instant;
  readonly recordedAt: Instant;
}

export type RecordedOf<E> = E extends NewEvent<infer T, infer D> ? Recorded<T, D> : never;

/** Who commands, as the tables of `Who commands, who sees` know them. */
export type Role =
  | 'licensing-authority'
  | 'allied-authority'
  | 'developer'
  | 'trusted-partner'
  | 'auditor'
  | 'regulator'
  | 'insurer'
  | 'custodian'
  | 'system';

export interface Actor {
  readonly party: PartyId | 'system';
  readonly role: Role;
}

/** Every role but the ledger's own. */
export const PARTY_ROLES = [
  'licensing-authority',
  'allied-authority',
  'developer',
  'trusted-partner',
  'auditor',
  'regulator',
  'insurer',
  'custodian',
] as const satisfies readonly Role[];
