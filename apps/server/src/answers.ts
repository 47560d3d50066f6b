import type { Recorded } from '@countersign/domain';
import { decodeEntry, recordedOf, type Ledger } from '@countersign/ledger';
import { ReadModels, type EntrySource } from '@countersign/read-models';

/** Entries wait at most this long; a question takes them in before it is answered. */
const EVERY_MS = 100;

/** Feeds the read models from the ledger, off the way of commands. */
export class Answers {
  readonly #models: ReadModels;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #waiting: Recorded[] = [];

  private constructor(ledger: Ledger, models: ReadModels) {
    this.#models = models;
    this.#unsubscribe = ledger.onEntry((entry) => this.#waiting.push(entry));
    this.#timer = setInterval(() => {
      this.current().commit();
    }, EVERY_MS).unref();
  }

  /** Opens the file and takes in what the log has beyond it. */
  static async over(ledger: Ledger, file: string): Promise<Answers> {
    const source: EntrySource = {
      get: (index) => {
        const stored = ledger.store.entry(index);
        return stored && recordedOf(decodeEntry(stored.data), index);
      },
      indexOf: (id) => ledger.store.indexOf(id),
    };
    const models = ReadModels.open(file, source);
    await models.catchUp(() => ledger.view.index);
    return new Answers(ledger, models);
  }

  /** The read models, with everything that the ledger's view has. */
  current(): ReadModels {
    if (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const entry of waiting) this.#models.apply(entry);
    }
    return this.#models;
  }

  /** Makes them anew, while the present ones answer. */
  async rebuild(): Promise<void> {
    await this.current().rebuild();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    this.current().close();
  }
}
