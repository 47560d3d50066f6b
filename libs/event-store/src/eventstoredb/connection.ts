import type { EventStoreDBClient } from '@eventstore/db-client';
import { BatchAppends } from './batch-appends.ts';
import { Way } from './way.ts';

/** The ways to an event store, one of each kind in a process; appends have their own, so that no reading delays them. */
export class Connection {
  readonly appends: BatchAppends;
  readonly #reads: Way;
  users = 0;

  /** @throws Error if the connection string is not one */
  constructor(connectionString: string) {
    this.#reads = new Way(connectionString);
    const appending = new Way(connectionString);
    // What became of an append is read next, and the other connection may lead to the same node.
    appending.onDead(() => void this.#reads.doubt());
    this.appends = new BatchAppends(appending);
  }

  get reads(): EventStoreDBClient {
    return this.#reads.client;
  }

  /** Reading goes on over a new connection, unless someone saw to that already. */
  renewReads(dead: EventStoreDBClient): void {
    this.#reads.renew(dead);
  }

  /** Told when the way of reads is given up as dead: what still waits on it will never hear of anything. */
  onDead(told: () => void): () => void {
    return this.#reads.onDead(told);
  }

  async close(): Promise<void> {
    await Promise.all([this.appends.close(), this.#reads.close()]);
  }
}

const connections = new Map<string, Connection>();

/** @throws Error if the connection string is not one */
export function connect(connectionString: string): Connection {
  let found = connections.get(connectionString);
  if (found === undefined) connections.set(connectionString, (found = new Connection(connectionString)));
  found.users++;
  return found;
}

/** Ends what is open on it, once nobody uses it any more. */
export async function disconnect(connectionString: string): Promise<void> {
  const found = connections.get(connectionString);
  if (found === undefined || --found.users > 0) return;
  connections.delete(connectionString);
  await found.close();
}
