/** What a bare client finds on the server of one ledger. Uses nothing of the adapter. */
import { EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';

export interface Stored {
  readonly id: string;
  /** Without the namespace; those of the ledger's bookkeeping begin with `$`, and are no entries. */
  readonly stream: string;
  readonly revision: number;
  readonly data: Uint8Array;
}

/** In the order of the server. */
export async function* storedEvents(url: string, namespace: string): AsyncIterable<Stored> {
  const client = EventStoreDBClient.connectionString(url);
  try {
    for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START }))
      if (event?.streamId.startsWith(namespace))
        yield {
          id: event.id,
          stream: event.streamId.slice(namespace.length),
          revision: Number(event.revision),
          data: event.data as Uint8Array,
        };
  } finally {
    await client.dispose();
  }
}
