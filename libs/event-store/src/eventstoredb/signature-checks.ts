import { verify, type KeyObject } from 'node:crypto';

/**
 * Signatures of checkpoints, verified by threads beside this one, since each takes as long as taking in several events. What
 * is told of them keeps their order.
 */
export class SignatureChecks {
  readonly #key: KeyObject;
  readonly #onFault: (fault: unknown) => void;
  #failed = false;
  #last: Promise<void> | undefined;
  #underWay = 0;

  /** `key`: the log's Ed25519 public key. `onFault`: hears what was thrown by whoever was told; nobody is told after that. */
  constructor(key: KeyObject, onFault: (fault: unknown) => void) {
    this.#key = key;
    this.#onFault = onFault;
  }

  /** How many are not told of yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Whether `signature` is one of `text` by the key: told after what was added before. */
  add(text: string, signature: Uint8Array, told: (good: boolean) => void): void {
    const checked = new Promise<boolean>((resolve) => {
      verify(null, Buffer.from(text), this.#key, signature, (fault, good) => resolve(fault === null && good));
    });
    this.#queue(async () => told(await checked));
  }

  /** After what was added before: at once if that is done. */
  after(told: () => void): void {
    if (this.#last === undefined) told();
    else this.#queue(told);
  }

  /** Resolves once nothing is under way. */
  async done(): Promise<void> {
    while (this.#last !== undefined) await this.#last;
  }

  #queue(step: () => void | Promise<void>): void {
    this.#underWay++;
    const mine = (this.#last ?? Promise.resolve())
      .then(() => (this.#failed ? undefined : step()))
      .catch((fault: unknown) => {
        this.#failed = true;
        this.#onFault(fault);
      })
      .finally(() => {
        this.#underWay--;
        if (this.#last === mine) this.#last = undefined;
      });
    this.#last = mine;
  }
}
