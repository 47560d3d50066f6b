export { MAX_ENTRY_BYTES } from './port.ts';
export type {
  Appended,
  Conflict,
  EventData,
  EventStore,
  ExpectedRevision,
  Position,
  SequencedStore,
  StoredEvent,
  Subscription,
} from './port.ts';
export { StoreLockedError, StoreReadOnlyError, StoreUnavailableError } from './faults.ts';
export { openSqliteStore } from './sqlite/store.ts';
export type { SqliteStoreOptions } from './sqlite/store.ts';
