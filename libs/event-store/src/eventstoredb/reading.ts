import type { Readable } from 'node:stream';
import { convertToCommandError, type EventStoreDBClient } from '@eventstore/db-client';
import type * as Streams from '@eventstore/db-client/generated/streams_pb.js';
import { plumbing } from './client.ts';
import { decodeMessage, type Message } from './messages.ts';
import { Empty, ReadReq, StreamsClient, StreamsService } from './protocol.ts';

/** After so many times 32 events that the filter passed over, the server tells how far it is. */
const CHECKPOINT_INTERVAL = 32;

interface Call extends Readable {
  cancel(): void;
}

/** What the server says of all events after a position, and of those to come, in order. */
export interface Reading {
  /**
   * Resolves when the server ends it. What `take` returns a promise for holds back the reading. @throws (rejects) the
   * client library's errors, what `take` throws, or what it was ended with
   */
  readonly done: Promise<void>;
  end(fault?: Error): void;
}

/**
 * A catch-up subscription to `$all`, filtered by what streams' names begin with. The client library has one too; its
 * messages go through two more streams, and cost three times as much to decode (docs/benchmarks.md).
 */
export function readAllFrom(
  client: EventStoreDBClient,
  after: bigint | null,
  prefixes: readonly string[],
  take: (message: Message) => Promise<void> | undefined,
): Reading {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const inner = plumbing(client);
  let call: Call | undefined;
  let ended = false;
  const end = (fault?: Error) => {
    ended = true;
    if (fault === undefined) resolve();
    else reject(fault);
    call?.cancel();
  };
  void inner
    .getGRPCClient(StreamsClient, 'subscribeToAll')
    .then((grpc) => {
      if (ended) return;
      const opened = grpc.makeServerStreamRequest(
        StreamsService.read.path,
        (request: Streams.ReadReq) => Buffer.from(request.serializeBinary()),
        decodeMessage,
        requestOf(after, prefixes),
        ...inner.callArguments({}, { deadline: Infinity }),
      );
      call = opened as unknown as Call;
      opened
        .on('data', (message: Message) => {
          if (ended) return;
          try {
            const taken = take(message);
            if (taken === undefined) return;
            opened.pause();
            taken.then(() => opened.resume(), end);
          } catch (fault) {
            end(fault as Error);
          }
        })
        .on('end', resolve)
        .on('close', resolve)
        // Also when nobody reads any more.
        .on('error', (fault: Error) => {
          if (ended) return;
          end(convertToCommandError(fault) as Error);
          // The library finds another way for the next call, if need be by asking who leads.
          void inner.handleError(grpc, fault);
        });
    })
    .catch(reject);
  return { done: promise, end };
}

function requestOf(after: bigint | null, prefixes: readonly string[]): Streams.ReadReq {
  const all = new ReadReq.Options.AllOptions();
  if (after === null) all.setStart(new Empty());
  else all.setPosition(new ReadReq.Options.Position().setCommitPosition(`${after}`).setPreparePosition(`${after}`));
  const filter = new ReadReq.Options.FilterOptions()
    .setStreamIdentifier(new ReadReq.Options.FilterOptions.Expression().setPrefixList([...prefixes]))
    .setCount(new Empty())
    .setCheckpointintervalmultiplier(CHECKPOINT_INTERVAL);
  return new ReadReq().setOptions(
    new ReadReq.Options()
      .setAll(all)
      .setSubscription(new ReadReq.Options.SubscriptionOptions())
      .setUuidOption(new ReadReq.Options.UUIDOption().setString(new Empty()))
      .setResolveLinks(false)
      .setFilter(filter),
  );
}
