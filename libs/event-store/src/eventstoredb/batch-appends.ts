import { randomUUID } from 'node:crypto';
import {
  CancelledError,
  convertToCommandError,
  UnavailableError,
  UnknownError,
  type EventStoreDBClient,
} from '@eventstore/db-client';
import type { EventData } from '../port.ts';
import { plumbing } from './client.ts';
import { decodeAnswer, encodeAppend, type AppendAnswer } from './messages.ts';
import { BatchAppendResp, StreamsClient, StreamsService, unpackToCommandError } from './protocol.ts';
import { SlowError } from './waiting.ts';
import type { Way } from './way.ts';

/** What one message holds, at most: the server takes none over 4 MiB. */
const MESSAGE_BYTES = 3 * 1024 * 1024;

interface Pending {
  readonly resolve: () => void;
  readonly reject: (fault: Error) => void;
}
interface Call {
  write(request: Uint8Array): boolean;
  cancel(): void;
  on(event: 'data', listener: (answer: AppendAnswer) => void): Call;
  on(event: 'error', listener: (fault: Error) => void): Call;
  on(event: 'end', listener: () => void): Call;
}
/** A call on which requests and answers go to and fro: what is under way on it fails with it, and nothing else does. */
interface Line {
  readonly client: EventStoreDBClient;
  readonly pending: Map<string, Pending>;
  readonly call: Promise<Call>;
  /** When the server was last heard on it, by the monotonic clock. */
  heard: number;
}

/**
 * Appends over the protocol's batch call, many under way at a time. The client library has one too. It is not used, since
 * there all calls of a process share one table: when one call fails, what is under way on every other is told that it
 * failed, and the answers that then come throw in a listener, which ends the process. It also keeps for good a question
 * that failed (what can this server do?), sends a deadline by this machine's clock, which need not be the server's, and
 * with `throwOnAppendFailure=false` in the connection string takes a refused append for one that was done.
 */
export class BatchAppends {
  readonly #way: Way;
  #line: Line | undefined;

  constructor(way: Way) {
    this.#way = way;
    way.onDead((dead) => {
      if (this.#line?.client === dead)
        this.#leave(this.#line, new CancelledError(undefined, 'the connection was dead'));
    });
  }

  /**
   * Resolves once the server has confirmed. @throws the client library's errors; SlowError if nobody answers in time. After
   * that, and after any passing fault, what became of the events is not known
   */
  async append(stream: string, events: readonly EventData[], after: number | 'none', withinMs: number): Promise<void> {
    const line = (this.#line ??= this.#open());
    const id = randomUUID();
    const began = performance.now();
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(
          () => reject(new SlowError(`no answer within ${Math.ceil(withinMs)} ms`)),
          Math.max(1, withinMs),
        );
        line.pending.set(id, { resolve, reject });
        line.call.then((call) => {
          // Given up meanwhile, or the call has failed with all that waited for it.
          if (line.pending.has(id)) for (const each of requests(id, stream, events, after)) call.write(each);
        }, reject);
      });
    } catch (fault) {
      // Nothing was heard for all that time: a connection that is dead and does not know it.
      if (fault instanceof SlowError && line.heard < began) this.#way.renew(line.client);
      throw fault;
    } finally {
      clearTimeout(timer);
      line.pending.delete(id);
    }
  }

  #open(): Line {
    const { client } = this.#way;
    const inner = plumbing(client);
    const pending = new Map<string, Pending>();
    const end = (fault: Error) => {
      if (this.#line === line) this.#line = undefined;
      for (const { reject } of pending.values()) reject(fault);
      pending.clear();
    };
    const call = inner.getGRPCClient(StreamsClient, 'appendToStream').then((grpc) => {
      const failed = (fault: Error) => {
        end(convertToCommandError(fault) as Error);
        // The library finds another way for the next call, if need be by asking who leads.
        void inner.handleError(grpc, fault);
      };
      const opened = grpc.makeBidiStreamRequest(
        StreamsService.batchAppend.path,
        (request: Uint8Array) => request as Buffer,
        decodeAnswer,
        ...inner.callArguments({}, { deadline: Infinity }),
      );
      return (opened as unknown as Call)
        .on('data', ({ id, refusal }) => {
          line.heard = performance.now();
          // One that was given up has no need of its answer any more.
          const waiting = pending.get(id);
          if (refusal === undefined) waiting?.resolve();
          else waiting?.reject(faultOf(refusal));
        })
        .on('error', failed)
        .on('end', () => failed(new UnavailableError(undefined, 'the server ended the call')));
    });
    const line: Line = { client, pending, call, heard: 0 };
    call.catch(end);
    return line;
  }

  #leave(line: Line, fault: Error): void {
    if (this.#line === line) this.#line = undefined;
    for (const { reject } of line.pending.values()) reject(fault);
    line.pending.clear();
    line.call.then(
      (call) => call.cancel(),
      () => undefined,
    );
  }

  async close(): Promise<void> {
    if (this.#line) this.#leave(this.#line, new CancelledError(undefined, 'it is closed'));
    await this.#way.close();
  }
}

/** One request, in more than one message if it is large. */
function* requests(
  id: string,
  stream: string,
  events: readonly EventData[],
  after: number | 'none',
): Generator<Uint8Array> {
  for (let from = 0; from < events.length;) {
    let [to, bytes] = [from, 0];
    do bytes += (events[to++] as EventData).data.length;
    while (to < events.length && bytes + (events[to] as EventData).data.length <= MESSAGE_BYTES);
    yield encodeAppend({
      id,
      ...(from === 0 ? { to: { stream, after } } : {}),
      events: events.slice(from, to),
      last: to === events.length,
    });
    from = to;
  }
}

/** In the client library's errors. */
function faultOf(refusal: Uint8Array): Error {
  const answer = BatchAppendResp.deserializeBinary(refusal);
  const status = answer.getError();
  if (!status?.getDetails()) return new UnknownError(undefined, status?.getMessage() ?? 'an answer without words');
  const stream = answer.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array();
  return unpackToCommandError(status, Buffer.from(stream).toString()) as Error;
}
