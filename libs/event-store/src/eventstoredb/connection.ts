import { EventStoreDBClient } from '@eventstore/db-client';
import { pause } from './waiting.ts';

/**
 * The clients of a connection string, one for each in a process: appends have a client of their own, since this library
 * hands the fault of one batch stream to every append that is under way in the process.
 */
export interface Connection {
  readonly appends: EventStoreDBClient;
  readonly reads: EventStoreDBClient;
}

const connections = new Map<string, Connection & { users: number }>();

/** @throws Error if the connection string is not one */
export function connect(connectionString: string): Connection {
  let found = connections.get(connectionString);
  if (found === undefined) {
    const client = () => EventStoreDBClient.connectionString(connectionString);
    found = { appends: client(), reads: client(), users: 0 };
    connections.set(connectionString, found);
  }
  found.users++;
  return found;
}

/** Ends what is open on it, once nobody uses it any more. */
export async function disconnect(connectionString: string): Promise<void> {
  const found = connections.get(connectionString);
  if (found === undefined || --found.users > 0) return;
  connections.delete(connectionString);
  // A stream that ends while it is cancelled never tells, so this is not waited for long.
  await Promise.race([Promise.all([found.appends.dispose(), found.reads.dispose()]), pause(500)]);
}
