import { BACKWARDS, DeadlineExceededError, type EventStoreDBClient } from '@eventstore/db-client';
import { newClient, retire } from './client.ts';
import { SlowError, within } from './waiting.ts';

/** How long a new connection may take to its first answer; the next one may take a little longer. */
const FIRST_ANSWER_MS = 1500;

/**
 * A client, and another in its place when nothing comes over its connection any more. While a cluster has not noticed
 * that its leader stands still, the new one is sent there too: so it must answer before it counts, or is replaced again.
 */
export class Way {
  readonly #connectionString: string;
  #client: EventStoreDBClient;
  /** Told when a client is given up: what still waits on it will never hear of anything. */
  readonly #onDead = new Set<(dead: EventStoreDBClient) => void>();
  #closed = false;

  /** @throws Error if the connection string is not one */
  constructor(connectionString: string) {
    this.#connectionString = connectionString;
    this.#client = newClient(connectionString);
  }

  get client(): EventStoreDBClient {
    return this.#client;
  }

  onDead(told: (dead: EventStoreDBClient) => void): () => void {
    this.#onDead.add(told);
    return () => this.#onDead.delete(told);
  }

  /** Another client in the place of this one, unless someone saw to that already. */
  renew(dead: EventStoreDBClient, tries = 0): void {
    if (this.#client !== dead || this.#closed) return;
    this.#client = newClient(this.#connectionString);
    for (const told of [...this.#onDead]) told(dead);
    void retire(dead);
    void this.doubt(tries);
  }

  /** The present client is asked for an answer, and replaced if it has none. */
  async doubt(tries = 0): Promise<void> {
    const client = this.#client;
    const deadline = FIRST_ANSWER_MS * (1 + tries / 4);
    try {
      await within(deadline, answerOf(client, deadline));
    } catch (fault) {
      // Anything else is an answer.
      if (fault instanceof SlowError || fault instanceof DeadlineExceededError) this.renew(client, tries + 1);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await retire(this.#client);
  }
}

async function answerOf(client: EventStoreDBClient, deadline: number): Promise<void> {
  for await (const _ of client.readAll({ direction: BACKWARDS, maxCount: 1, requiresLeader: true, deadline }));
}
