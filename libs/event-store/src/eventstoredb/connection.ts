import type { EventStoreDBClient } from '@eventstore/db-client';
import { BatchAppends } from './batch-appends.ts';
import { newClient, retire } from './client.ts';

/** The ways to an event store, one of each kind in a process; appends have their own, so that no reading delays them. */
export class Connection {
  readonly appends: BatchAppends;
  readonly #connectionString: string;
  #reads: EventStoreDBClient;
  /** Told when the way of reads is given up as dead: what still waits on it will never hear of anything. */
  readonly #onDead = new Set<() => void>();
  users = 0;

  /** @throws Error if the connection string is not one */
  constructor(connectionString: string) {
    this.#connectionString = connectionString;
    // What became of an append is read next: over a connection to another node, if this one stands still.
    this.appends = new BatchAppends(connectionString, () => this.renewReads(this.#reads));
    this.#reads = newClient(connectionString);
  }

  get reads(): EventStoreDBClient {
    return this.#reads;
  }

  /** Reading goes on over a new connection, unless someone saw to that already. */
  renewReads(dead: EventStoreDBClient): void {
    if (this.#reads !== dead) return;
    this.#reads = newClient(this.#connectionString);
    for (const told of [...this.#onDead]) told();
    void retire(dead);
  }

  onDead(told: () => void): () => void {
    this.#onDead.add(told);
    return () => this.#onDead.delete(told);
  }

  async close(): Promise<void> {
    await Promise.all([this.appends.close(), retire(this.#reads)]);
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
