/** Where an event stands among all events of the store: opaque, increasing, perhaps with gaps. */
export type Position = bigint;

/** The largest entry, in bytes: what fits the entry bundles of C2SP tlog-tiles (formats.md, Entry). */
export const MAX_ENTRY_BYTES = 65_535;

/** An event as it is handed in. The bytes are the entry: stored once, exactly, and hashed as they are. */
export interface EventData {
  /** A UUID, lowercase. */
  id: string;
  type: string;
  data: Uint8Array;
}

export interface StoredEvent extends EventData {
  stream: string;
  /** Counts from 0 in its stream, without gaps. */
  revision: number;
  position: Position;
}

/** An event whose place in the log is known. */
export interface SequencedEvent extends StoredEvent {
  /** Log index, gapless from 0 over all streams that are leaves; −1 for an event of a bookkeeping stream. */
  index: number;
}

/** The revision of the stream's last event; `none`: the stream does not exist yet; `any`: no matter. */
export type ExpectedRevision = number | 'none' | 'any';

export interface Appended {
  appended: true;
  stream: string;
  revisions: number[];
  /**
   * The stream had all of these events already: revisions are the original ones, and so are the stored bytes, which may
   * be others than those that were handed in.
   */
  duplicate: boolean;
}

/** Appended, in the log, and under a signed checkpoint. */
export interface Sequenced extends Appended {
  /** Log indices, −1 in bookkeeping streams. */
  indices: number[];
  /** Signed note (C2SP tlog-checkpoint) over a tree that has these events. */
  checkpoint: string;
  /** The tree size of that checkpoint. */
  size: number;
}

export interface Conflict {
  appended: false;
  /** `partial-duplicate`: some of the ids are taken, but not all of them, or by another stream. */
  conflict: 'revision' | 'partial-duplicate';
  actual: number | 'none';
}

/** A subscription delivers each event once, in order, one at a time: a slow handler holds back its own reading only. */
export interface Subscription {
  /** No event is delivered after this. */
  close(): void;
  /** Resolves when the handler has had every event that was there when the subscription began, or on `close`. */
  caughtUp: Promise<void>;
}

export interface EventStore {
  /**
   * Appends all of the events to one stream, or none. Resolves once they are durable.
   * An append whose ids the stream has already is answered as the first one was, whatever it expects.
   *
   * @throws RangeError (rejects) if there are no events, an id is no UUID or comes twice, or an entry is too large
   * @throws StoreUnavailableError (rejects) if it could not be made durable, or nobody could say in time whether it was:
   *   nothing of it was acknowledged, and the same events may be handed in again
   * @throws StoreReadOnlyError (rejects) if the store must not sign any more
   */
  append(stream: string, events: readonly EventData[], expected: ExpectedRevision): Promise<Appended | Conflict>;
  /** The events of a stream from a revision on; of a stream that does not exist, none. */
  readStream(stream: string, from?: number): AsyncIterable<StoredEvent>;
  /** All events after a position, in order, bookkeeping included; reads ahead no further than a page. */
  readAll(after?: Position | null): AsyncIterable<StoredEvent>;
  /**
   * Every event after a position, then each new one. If the handler fails, delivery ends, `caughtUp` rejects and
   * `onFault` is told; without `onFault` the fault is thrown in a turn of its own, so that it is not lost.
   */
  subscribe(
    after: Position | null,
    handler: (event: StoredEvent) => void | Promise<void>,
    onFault?: (fault: unknown) => void,
  ): Subscription;
  close(): Promise<void>;
}

/** A store that knows the order of its own leaves, and has the tree over them. */
export interface SequencedStore extends EventStore {
  /** Resolves once the events are durable and in a signed tree. */
  append(stream: string, events: readonly EventData[], expected: ExpectedRevision): Promise<Sequenced | Conflict>;
  readStream(stream: string, from?: number): AsyncIterable<SequencedEvent>;
  readAll(after?: Position | null): AsyncIterable<SequencedEvent>;
  subscribe(
    after: Position | null,
    handler: (event: SequencedEvent) => void | Promise<void>,
    onFault?: (fault: unknown) => void,
  ): Subscription;
  /** Tells of leaves in log order, whoever appended them, before the append that wrote them is answered. */
  onLeaves(listener: (leaves: readonly SequencedEvent[]) => void): () => void;
  /**
   * Resolves when every event that anyone had been told is stored, when this was called, is in the log here: at once where
   * one process owns the store. @throws StoreUnavailableError (rejects) if that cannot be found out in time
   */
  synced(): Promise<void>;
  /**
   * Resolves when a checkpoint covers the leaf of this index, which is in the log here: at once where leaf and checkpoint
   * are one commit. @throws StoreUnavailableError (rejects) if nobody signs in time
   */
  signed(index: number): Promise<void>;
  /** Leaves in the tree of the latest checkpoint. */
  readonly size: number;
  /** Why the store refuses appends; absent while it takes them. */
  readonly readOnlyBecause?: string | undefined;
  /** What is wrong with the way to a store that is elsewhere; absent while there is one. */
  readonly awayBecause?: string | undefined;
  /** Whether this process is the one that signs, where several share a store. */
  readonly leads?: boolean;
  /** From now on it refuses appends, for what only its owner can see, such as a signing key that is not the log's. */
  refuseAppends(because: string): void;
  /** The latest signed checkpoint. */
  checkpoint(): string;
  /** The checkpoint that was signed at exactly this size. */
  checkpointAt(size: number): string | undefined;
  entry(index: number): SequencedEvent | undefined;
  /** The leaves [from, to), as far as they exist. */
  entries(from: number, to: number): Iterable<SequencedEvent>;
  /** The log index of the event with this id; undefined if there is none, or if it is no leaf. */
  indexOf(eventId: string): number | undefined;
  /** A complete node of the tree, 32 bytes. @throws RangeError if it is not complete */
  node(level: number, index: number): Uint8Array;
  /** RFC 6962 §2.1.1. @throws RangeError outside the tree */
  inclusionProof(index: number, size: number): Uint8Array[];
  /** RFC 6962 §2.1.2. @throws RangeError outside the tree */
  consistencyProof(size1: number, size2: number): Uint8Array[];
  /** Small values beside the log — marks, counts — that are no entries; undefined where there is none. */
  getMeta(key: string): Uint8Array | undefined;
  /** The keys of such values that begin with a prefix. */
  metaKeys(prefix: string): readonly string[];
  /** Resolves once the value is durable. */
  setMeta(key: string, value: Uint8Array): Promise<void>;
}
