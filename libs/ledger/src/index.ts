export { canonicalJson, CanonicalError } from './canonical.ts';
export { StoryClock, systemClock, type Clock } from './clock.ts';
export type { CommandRequest, Outcome } from './command.ts';
export { decodeEntry, encodeEntry, entryOf, recordedOf, type Entry } from './entry.ts';
export { commandIdOf, eventIdOf, streamIdOf, systemCommandIdOf } from './ids.ts';
export { InvalidEventError, Ledger, type LedgerOptions, type SystemCommand } from './ledger.ts';
export { open, personalDigestOf, seal, type PersonKeys } from './personal.ts';
export type { Receipt } from './receipt.ts';
export { categoryOf, LedgerView, streamOf, type AnyDecider } from './view.ts';
