import { EventStoreDBClient } from '@eventstore/db-client';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { pause } from './waiting.ts';

interface Channel {
  close(): void;
  readonly internalChannel?: { getOptions(): Record<string, unknown> };
}
type CallArguments = Required<Parameters<StreamsClient['batchAppend']>>;
/** What is used of the client library behind its public face. */
interface Plumbing {
  getGRPCClient(Client: typeof StreamsClient, name: string): Promise<StreamsClient>;
  /** Metadata and options of a call. */
  callArguments(options: object, call: object): CallArguments;
  getChannel(): Promise<Channel>;
  handleError(client: unknown, fault: Error): Promise<void>;
}
export const plumbing = (client: EventStoreDBClient): Plumbing => client as unknown as Plumbing;

/** How long a connection may leave a sign of life unanswered, unless the connection string says. */
const KEEP_ALIVE_TIMEOUT_MS = 4000;
/** How long a node of a cluster may take to say who leads, before another is asked: one that stands still takes for ever. */
const GOSSIP_TIMEOUT_S = 2;
/**
 * What a server may send ahead of us, in bytes. The protocol's own 64 KiB are some fifty entries: a process that is busy
 * for ten milliseconds would stop the server, which then drops the subscription of a reader that is too slow.
 */
const WINDOW_BYTES = 4 * 1024 * 1024;
let made = 0;
const channels = new WeakMap<EventStoreDBClient, Promise<Channel>>();

/**
 * A client with a connection of its own: the gRPC library shares one among all channels to an address that have the same
 * settings, also when it is a dead one; so no two have the same.
 *
 * @throws Error if the connection string is not one
 */
export function newClient(connectionString: string): EventStoreDBClient {
  const own = withSetting(
    connectionString,
    'keepAliveTimeout',
    (given) => `${Number(given ?? KEEP_ALIVE_TIMEOUT_MS) + (made++ % 1000)}`,
  );
  const client = EventStoreDBClient.connectionString(
    withSetting(own, 'gossipTimeout', (given) => given ?? `${GOSSIP_TIMEOUT_S}`),
  );
  const inner = plumbing(client);
  const { handleError, getChannel } = inner;
  inner.getChannel = () => {
    const channel = getChannel();
    channels.set(client, channel);
    return channel.then((made) => {
      // Read when it connects, which is at the first call.
      const options = made.internalChannel?.getOptions();
      if (options) options['grpc-node.flow_control_window'] = WINDOW_BYTES;
      return made;
    });
  };
  // The library waits for nobody here, and it fails while there is no leader: that would end the process.
  inner.handleError = (failed, fault) => handleError(failed, fault).catch(() => undefined);
  return client;
}

/** The connection string with a setting's value made of the one that it has; the library takes names in any case. */
function withSetting(connectionString: string, name: string, of: (given: string | undefined) => string): string {
  const [whole, sign, , given] = new RegExp(`([?&])(${name})=([^&]*)`, 'i').exec(connectionString) ?? [];
  const setting = `${name}=${of(given)}`;
  return whole === undefined
    ? `${connectionString}${connectionString.includes('?') ? '&' : '?'}${setting}`
    : connectionString.replace(whole, () => `${sign}${setting}`);
}

/** Ends what is open on it; not waited for long, since a stream that ends while it is cancelled never tells. */
export async function retire(client: EventStoreDBClient): Promise<void> {
  await Promise.race([client.dispose(), pause(500)]);
  await channels.get(client)?.then(
    (channel) => channel.close(),
    () => undefined,
  );
}
