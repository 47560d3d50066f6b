import {
  BACKWARDS,
  DeadlineExceededError,
  END,
  FORWARDS,
  START,
  StreamNotFoundError,
  TimeoutError,
  UnavailableError,
  WrongExpectedVersionError,
  type AllStreamRecordedEvent,
  type Position as ServerPosition,
  type RecordedEvent as ClientEvent,
} from '@eventstore/db-client';
import { checkEvents } from '../check-events.ts';
import { StoreReadOnlyError, StoreUnavailableError } from '../faults.ts';
import type {
  Appended,
  Conflict,
  EventData,
  EventStore,
  ExpectedRevision,
  Position,
  StoredEvent,
  Subscription,
} from '../port.ts';
import { connect, disconnect, type Connection } from './connection.ts';
import { shown } from './connection-string.ts';
import { explained, isPassing, isSilence } from './faults.ts';
import type { RecordedEvent } from './messages.ts';
import { readAllFrom, type Reading } from './reading.ts';
import { backOff, pause, SlowError, within } from './waiting.ts';

export interface StreamsOptions {
  /** `esdb://…`, with credentials and certificates as the client library takes them. */
  readonly connectionString: string;
  /** What the names of this ledger's streams begin with in the event store; nothing else may begin so. */
  readonly namespace: string;
  /** How long a request may take, its repetitions included, in milliseconds. */
  readonly deadlineMs: number;
}

/** What a subscription hears of beside events: a stream of ours that the event store was told to forget. */
export interface Retention {
  readonly stream: string;
  /** Undefined: the setting was taken back. */
  readonly problem: string | undefined;
}

/**
 * The ledger's streams on an EventStoreDB or KurrentDB server or cluster: durable once the server says so (on a cluster: by
 * a majority). Events go in as binary events, since the client's JSON events are written anew and lose their bytes.
 *
 * What became of an append whose answer was lost is read from the stream, never guessed: it expects an exact revision, so
 * it is there after that revision, or can be tried again without being there twice.
 */
export class EventStoreDbStreams implements EventStore {
  readonly #options: StreamsOptions;
  readonly #connection: Connection;
  readonly #subscriptions = new Set<Subscription>();
  #closed = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#connection = connect(options.connectionString);
  }

  async append(stream: string, events: readonly EventData[], expected: ExpectedRevision): Promise<Appended | Conflict> {
    const answer = await this.appendAt(stream, events, expected);
    if (answer.appended || expected === 'any') return answer;
    // Perhaps the stream has had them for long.
    const ids = new Map(events.map(({ id }, n) => [id, n]));
    const revisions = events.map(() => -1);
    for await (const { id, revision } of this.readStream(stream)) {
      const n = ids.get(id);
      if (n !== undefined) revisions[n] = revision;
    }
    const found = revisions.filter((revision) => revision >= 0).length;
    if (found === events.length) return { appended: true, stream, revisions, duplicate: true };
    return found === 0 ? answer : { ...answer, conflict: 'partial-duplicate' };
  }

  /** The same, but looks for ids that were there before only where these events would stand. */
  async appendAt(
    stream: string,
    events: readonly EventData[],
    expected: ExpectedRevision,
  ): Promise<Appended | Conflict> {
    checkEvents(events);
    if (this.#closed) throw new StoreReadOnlyError('it is closed');
    const until = performance.now() + this.#options.deadlineMs;
    if (expected === 'any') return await this.#appendAny(stream, events, until);
    const first = expected === 'none' ? 0 : expected + 1;
    const ours = (duplicate: boolean): Appended => ({
      appended: true,
      stream,
      revisions: events.map((_, n) => first + n),
      duplicate,
    });
    for (let attempt = 0; ; attempt++) {
      const left = until - performance.now();
      try {
        await this.#connection.appends.append(this.#physical(stream), events, expected, this.#attempt(left));
        return ours(false);
      } catch (fault) {
        if (!(fault instanceof WrongExpectedVersionError) && (!isPassing(fault) || performance.now() >= until))
          throw this.#explained(fault);
        const found = await this.#standing(stream, first, events, until);
        if (found === 'ours') return ours(attempt === 0);
        if (found !== 'nothing') return found;
        if (fault instanceof WrongExpectedVersionError) {
          const actual = await this.#revision(stream, until);
          // Refused, though nothing is in the way: what is, cannot be read yet. It may even be these very events.
          const coming = actual === expected || (actual !== 'none' && actual >= first);
          if (!coming || performance.now() >= until) return { appended: false, conflict: 'revision', actual };
        }
        await pause(backOff(attempt));
      }
    }
  }

  async #appendAny(stream: string, events: readonly EventData[], until: number): Promise<Appended | Conflict> {
    for (;;) {
      const answer = await this.appendAt(stream, events, await this.#revision(stream, until));
      if (answer.appended || answer.conflict !== 'revision') return answer;
      if (performance.now() >= until) throw this.#explained(new StoreUnavailableError('others write to that stream'));
    }
  }

  /** What stands where the events would: they themselves, something else, or nothing. */
  async #standing(
    stream: string,
    first: number,
    events: readonly EventData[],
    until: number,
  ): Promise<'ours' | 'nothing' | Conflict> {
    const there: StoredEvent[] = [];
    for await (const event of this.#read(stream, first, events.length, until)) there.push(event);
    if (there.length === 0) return 'nothing';
    if (there.length === events.length && there.every(({ id }, n) => id === events[n]?.id)) return 'ours';
    return { appended: false, conflict: 'revision', actual: await this.#revision(stream, until) };
  }

  /** The revision of the stream's last event. */
  #revision(stream: string, until: number): Promise<number | 'none'> {
    return this.#again(until, async (left) => {
      const last = this.#connection.reads.readStream(this.#physical(stream), {
        direction: BACKWARDS,
        fromRevision: END,
        maxCount: 1,
        requiresLeader: true,
        deadline: left,
      });
      for await (const { event } of last) if (event) return Number(event.revision);
      return 'none';
    }).catch((fault: unknown) => {
      if (fault instanceof StreamNotFoundError) return 'none' as const;
      throw this.#explained(fault);
    });
  }

  async *readStream(stream: string, from = 0): AsyncGenerator<StoredEvent> {
    yield* this.#read(stream, from, Number.MAX_SAFE_INTEGER, performance.now() + this.#options.deadlineMs);
  }

  /** Goes on where it was when a connection is lost; the time is counted while nothing comes. */
  async *#read(stream: string, from: number, count: number, until: number): AsyncGenerator<StoredEvent> {
    let next = from;
    for (let attempt = 0; next - from < count; attempt++) {
      const client = this.#connection.reads;
      let heard = false;
      try {
        const reading = client.readStream<ClientEvent & { data: Uint8Array }>(this.#physical(stream), {
          fromRevision: BigInt(next),
          direction: FORWARDS,
          maxCount: Math.min(count - (next - from), Number.MAX_SAFE_INTEGER),
          requiresLeader: true,
          deadline: this.#attempt(until - performance.now()),
        });
        for await (const { event } of reading) {
          if (!event) continue;
          next = Number(event.revision) + 1;
          [attempt, heard] = [0, true];
          yield this.#stored(event as AllStreamRecordedEvent);
          until = Math.max(until, performance.now() + this.#options.deadlineMs);
        }
        return;
      } catch (fault) {
        if (fault instanceof StreamNotFoundError) return;
        if (!isPassing(fault) || performance.now() >= until) throw this.#explained(fault);
        if (!heard && isSlow(fault)) this.#connection.renewReads(client);
        await pause(backOff(attempt));
      }
    }
  }

  async *readAll(after: Position | null = null): AsyncGenerator<StoredEvent> {
    let last = after;
    for (let attempt = 0; ; attempt++) {
      try {
        const reading = this.#connection.reads.readAll({
          fromPosition: last === null ? START : serverPosition(last),
          direction: FORWARDS,
        });
        for await (const { event } of reading) {
          if (!event || !this.#isOurs(event) || (last !== null && event.position.commit <= last)) continue;
          attempt = 0;
          yield this.#stored(event);
          last = event.position.commit;
        }
        return;
      } catch (fault) {
        if (!isPassing(fault) || attempt > 8) throw this.#explained(fault);
        await pause(backOff(attempt));
      }
    }
  }

  /** @throws StoreUnavailableError if the event store is away, or refuses the credentials */
  async reach(): Promise<void> {
    const until = performance.now() + this.#options.deadlineMs;
    await this.#again(until, async (left) => {
      for await (const _ of this.#connection.reads.readAll({ direction: BACKWARDS, maxCount: 1, deadline: left }));
    }).catch((fault: unknown) => {
      const { connectionString, deadlineMs } = this.#options;
      throw isSilence(fault)
        ? new StoreUnavailableError(
            `the event store does not answer, tried for ${deadlineMs / 1000} s: ${lastError(fault)} (${shown(connectionString)})`,
            { cause: fault },
          )
        : this.#explained(fault);
    });
  }

  /** The last of our events after a position: `null` if there is none. */
  async lastAfter(after: Position | null): Promise<Position | null> {
    const until = performance.now() + this.#options.deadlineMs;
    return await this.#again(until, async (left) => {
      let from: ServerPosition | typeof END = END;
      for (let maxCount = 32; ; maxCount = Math.min(4096, 4 * maxCount)) {
        let seen = 0;
        const page = this.#connection.reads.readAll({
          fromPosition: from,
          direction: BACKWARDS,
          maxCount,
          requiresLeader: true,
          deadline: left,
        });
        for await (const { event } of page) {
          if (!event) continue;
          seen++;
          if (after !== null && event.position.commit <= after) return null;
          if (this.#isOurs(event)) return event.position.commit;
          from = event.position;
        }
        if (seen === 0) return null;
      }
    }).catch((fault: unknown) => {
      throw this.#explained(fault);
    });
  }

  /** The event at a position that one was read at; undefined if it is not there any more. */
  async at(position: Position): Promise<StoredEvent | undefined> {
    const until = performance.now() + this.#options.deadlineMs;
    return await this.#again(until, async (left) => {
      const page = this.#connection.reads.readAll({
        fromPosition: serverPosition(position),
        direction: FORWARDS,
        maxCount: 1,
        requiresLeader: true,
        deadline: left,
      });
      for await (const { event } of page)
        if (event?.position.commit === position && this.#isOurs(event)) return this.#stored(event);
      return undefined;
    }).catch((fault: unknown) => {
      throw this.#explained(fault);
    });
  }

  /** Reading goes on over a new connection: nothing comes over the present one any more. */
  renew(): void {
    this.#connection.renewReads(this.#connection.reads);
  }

  subscribe(
    after: Position | null,
    handler: (event: StoredEvent) => void | Promise<void>,
    onFault?: (fault: unknown) => void,
  ): Subscription {
    return this.follow(after, handler, onFault ?? rethrow);
  }

  /**
   * The same; also tells when the server or a connection is lost (`onLost`, with what is wrong) and found again
   * (`onLost(undefined)`), what the event store was told to forget, and how far it looked without finding more of ours.
   */
  follow(
    after: Position | null,
    handler: (event: StoredEvent) => void | Promise<void>,
    onFault: (fault: unknown) => void,
    onLost: (fault: Error | undefined) => void = () => undefined,
    onRetention: (retention: Retention) => void = () => undefined,
    onPassed: (position: Position) => void = () => undefined,
  ): Subscription {
    const caughtUp = Promise.withResolvers<void>();
    // Whoever does not wait for it hears of a fault through `onFault`.
    caughtUp.promise.catch(() => undefined);
    let last = after;
    let open = true;
    let handled: Promise<void> | undefined;
    let reading: Reading | undefined;
    const prefix = this.#options.namespace;
    const leave = this.#connection.onDead(() => reading?.end(new SlowError('the connection is dead')));
    const run = async (): Promise<void> => {
      for (let attempt = 0; open; attempt++) {
        // What came over the last connection may still be in the handler's hands: it is not delivered again, nor overtaken.
        await handled?.catch((fault: HandlerFault) => {
          throw fault.cause;
        });
        let heard = false;
        reading = readAllFrom(this.#connection.reads, last, [prefix, `$$${prefix}`], (message) => {
          if (!open) return undefined;
          if (message.kind === 'confirmation') onLost(undefined);
          else if (message.kind === 'caught-up') caughtUp.resolve();
          else if (message.kind === 'checkpoint') onPassed(message.position);
          if (message.kind !== 'event') return undefined;
          const { event } = message;
          if (last !== null && event.position <= last) return undefined;
          attempt = 0;
          heard = true;
          last = event.position;
          const retention = this.#retentionOf(event);
          if (retention) onRetention(retention);
          else if (this.#isOurs(event)) return (handled = handlingOf(() => handler(this.#logical(event))));
          return undefined;
        });
        try {
          await reading.done;
          if (!open) return;
        } catch (fault) {
          if (fault instanceof HandlerFault) throw fault.cause;
          if (!open) return;
          // More came at once than the server holds for a reader: nothing is wrong, and the rest is to be had at once.
          if (heard && fault instanceof TimeoutError) continue;
          onLost(this.#explained(fault));
          if (!isPassing(fault)) throw this.#explained(fault);
        }
        if (open) await pause(backOff(attempt));
      }
    };
    const subscription: Subscription = {
      caughtUp: caughtUp.promise,
      close: () => {
        open = false;
        leave();
        caughtUp.resolve();
        this.#subscriptions.delete(subscription);
        reading?.end();
      },
    };
    this.#subscriptions.add(subscription);
    run().catch((fault: unknown) => {
      caughtUp.reject(fault);
      subscription.close();
      onFault(fault);
    });
    return subscription;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription.close();
    await disconnect(this.#options.connectionString);
  }

  /** Until it works, or fails for good, or the time is over. */
  async #again<T>(until: number, ask: (left: number) => Promise<T>): Promise<T> {
    let said: unknown;
    for (let attempt = 0; ; attempt++) {
      const left = this.#attempt(until - performance.now());
      const client = this.#connection.reads;
      try {
        return await within(left, ask(left));
      } catch (latest) {
        // That the time is over says less than what was wrong before.
        const fault = attempt > 0 && isSilence(latest) && !(latest instanceof UnavailableError) ? said : latest;
        said = fault;
        if (fault instanceof StreamNotFoundError || !isPassing(fault) || performance.now() >= until) throw fault;
        if (isSlow(fault)) this.#connection.renewReads(client);
        await pause(Math.min(backOff(attempt), until - performance.now()));
      }
    }
  }

  /** For one try, in milliseconds: so that there is time for another, over a new connection, where the first is dead. */
  #attempt(left: number): number {
    return Math.ceil(Math.max(1, Math.min(left, this.#options.deadlineMs / 3)));
  }

  #physical(stream: string): string {
    return this.#options.namespace + stream;
  }
  #isOurs({ streamId }: { streamId: string }): boolean {
    return streamId.startsWith(this.#options.namespace);
  }
  #stored({ id, type, data, streamId, revision, position }: AllStreamRecordedEvent): StoredEvent {
    // Since our writes are single transactions, commit and prepare position are one.
    const { commit } = position;
    return this.#logical({
      id,
      type,
      data: data as Uint8Array,
      streamId,
      revision: Number(revision),
      position: commit,
    });
  }
  /** Without the namespace. */
  #logical({ id, type, data, streamId, revision, position }: RecordedEvent): StoredEvent {
    return { id, type, data, stream: streamId.slice(this.#options.namespace.length), revision, position };
  }

  /** Our streams keep everything: `$maxAge`, `$maxCount`, truncation or deletion of one is an error. */
  #retentionOf({ streamId, type, data }: RecordedEvent): Retention | undefined {
    const { namespace } = this.#options;
    if (type === '$streamDeleted' && streamId.startsWith(namespace))
      return { stream: streamId.slice(namespace.length), problem: 'was deleted' };
    if (!streamId.startsWith(`$$${namespace}`)) return undefined;
    const metadata = metadataIn(data);
    const settings = ['$maxAge', '$maxCount', '$tb'].filter((name) => name in metadata);
    return {
      stream: streamId.slice(namespace.length + 2),
      problem: settings.length === 0 ? undefined : `has the retention setting ${settings.join(', ')}`,
    };
  }

  #explained(fault: unknown): Error {
    return explained(fault, this.#options.connectionString);
  }
}

/** What stands in the way of a connection, as far as the client library tells. */
const lastError = (fault: unknown): string =>
  /Last error: (?:Error: )?(.*?)\.+ (?:Received|Resolution)/.exec(String(fault))?.[1] ??
  'is it up, and does the connection string ask for TLS where it has it?';

const isSlow = (fault: unknown): boolean => fault instanceof SlowError || fault instanceof DeadlineExceededError;

const serverPosition = (commit: Position): ServerPosition => ({ commit, prepare: commit });

/** A stream's metadata; what is none sets nothing. */
function metadataIn(data: Uint8Array): object {
  try {
    return Object(JSON.parse(Buffer.from(data).toString()));
  } catch {
    return {};
  }
}

/** What a handler throws is its own, and no fault of the connection. */
class HandlerFault extends Error {
  constructor(cause: unknown) {
    super('the handler failed', { cause });
  }
}
function handlingOf(handle: () => void | Promise<void>): Promise<void> | undefined {
  const wrapped = (fault: unknown) => {
    throw new HandlerFault(fault);
  };
  try {
    return handle()?.catch(wrapped);
  } catch (fault) {
    return wrapped(fault);
  }
}

function rethrow(fault: unknown): void {
  setImmediate(() => {
    throw fault;
  });
}
