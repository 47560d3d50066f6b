import type { Instant, PersonalData, Refs, Sealed } from './event.ts';

/**
 * What a decider may know of other streams: every context's state, current to one log index, so that a decision can
 * be judged again later. Read-only; holds no personal data in clear.
 */
export interface View<States extends object = Record<string, unknown>> {
  /** The index of the last entry that the view has seen; −1 before the first. */
  readonly index: number;
  /** The ledger's clock of this decision. */
  readonly now: Instant;
  /** The state of a stream; undefined if it has no event. `id` as it stands in refs. */
  state<C extends keyof States & string>(category: C, id: string): States[C] | undefined;
  /** Ids of the streams of a category, all of them, in the order in which they began. */
  all(category: keyof States & string): readonly string[];
  /** Ids of the streams of a category any of whose entries carries this id in this ref. */
  related(category: keyof States & string, ref: keyof Refs, id: string): readonly string[];
  /** SHA-256 of a value's canonical form (RFC 8785), lowercase hexadecimal: what countersigners sign. */
  digest(value: unknown): string;
  /** Opens sealed personal data; undefined if the person's key was destroyed. */
  open(sealed: Sealed): PersonalData['fields'] | undefined;
}
