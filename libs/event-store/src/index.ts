export { MAX_ENTRY_BYTES } from './port.ts';
export type {
  Appended,
  Conflict,
  EventData,
  EventStore,
  ExpectedRevision,
  Position,
  Sequenced,
  SequencedEvent,
  SequencedStore,
  StoredEvent,
  Subscription,
} from './port.ts';
export { StoreLockedError, StoreReadOnlyError, StoreUnavailableError } from './faults.ts';
export { openSqliteStore } from './sqlite/store.ts';
export type { SqliteStoreOptions } from './sqlite/store.ts';
export { openEventStoreDb } from './eventstoredb/store.ts';
export type { EventStoreDbOptions } from './eventstoredb/store.ts';
export { EventStoreDbStreams } from './eventstoredb/streams.ts';
export type { StreamsOptions } from './eventstoredb/streams.ts';
export { COPYING, MOVED_AWAY, MOVED_HERE, unfinishedCopy } from './move.ts';
export { isCheckpoint } from './copy-target.ts';
export type { Copied, CopyTarget, KeptCheckpoint } from './copy-target.ts';
export { openSqliteTarget } from './sqlite/copy-target.ts';
export { openEventStoreDbTarget } from './eventstoredb/copy-target.ts';
export { shown as withoutCredentials } from './eventstoredb/connection-string.ts';
export type { HighWaterMark } from './sqlite/high-water.ts';
