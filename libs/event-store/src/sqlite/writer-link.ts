import { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../faults.ts';
import type { Outcome, PendingAppend } from './writer.ts';
import { pack } from './writer-messages.ts';
import type { FromWriter, ToWriter, WriterOptions } from './writer-messages.ts';

interface Settle<T> {
  resolve(value: T): void;
  reject(fault: Error): void;
}
type Waiting = Settle<Outcome> & { append: PendingAppend };
export type Commit = Extract<FromWriter, { kind: 'committed' }>;

/** The main thread's end of the writer: one message a turn of the event loop each way. */
export class WriterLink {
  readonly #worker: Worker;
  readonly #onCommit: (commit: Commit, appends: readonly PendingAppend[]) => void;
  #queued: Waiting[] = [];
  #posted: Waiting[] = [];
  #metas: Settle<void>[] = [];
  #fault: Error | undefined;
  readonly ready: Promise<void>;
  readonly #exited: Promise<void>;

  /** `onCommit` runs before the appends of the commit are answered. */
  constructor(options: WriterOptions, onCommit: (commit: Commit, appends: readonly PendingAppend[]) => void) {
    this.#onCommit = onCommit;
    const source = import.meta.url.endsWith('.ts');
    this.#worker = new Worker(new URL(source ? './writer-thread.ts' : './writer-thread.js', import.meta.url), {
      workerData: options,
      execArgv: source ? ['--conditions=development'] : [],
    });
    this.ready = new Promise((resolve, reject) => {
      this.#worker.once('message', () => resolve());
      this.#worker.once('error', reject);
    });
    this.#worker.on('message', (message: FromWriter) => this.#receive(message));
    this.#worker.on('error', (fault: Error) => this.#end(fault));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new Error('the writer has ended'));
        resolve();
      });
    });
  }

  append(append: PendingAppend): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#fault) return reject(new StoreUnavailableError(this.#fault.message));
      // setImmediate: after all of the turn's callbacks, so that they share a message and a commit.
      if (this.#queued.length === 0) setImmediate(() => this.#flush());
      this.#queued.push({ append, resolve, reject });
    });
  }

  setMeta(key: string, value: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#fault) return reject(new StoreUnavailableError(this.#fault.message));
      this.#metas.push({ resolve, reject });
      this.#post({ kind: 'meta', key, value });
    });
  }

  async close(): Promise<void> {
    this.#flush();
    this.#post({ kind: 'close' });
    await this.#exited;
  }

  #flush(): void {
    if (this.#queued.length === 0) return;
    const batch = pack(this.#queued.map(({ append }) => append));
    for (const waiting of this.#queued) this.#posted.push(waiting);
    this.#queued = [];
    this.#post(batch, [batch.data.buffer]);
  }

  #post(message: ToWriter, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWriter): void {
    if (message.kind === 'committed') {
      const answered = this.#posted.splice(0, message.outcomes.length);
      this.#onCommit(
        message,
        answered.map(({ append }) => append),
      );
      message.outcomes.forEach((outcome, i) => answered[i]?.resolve(outcome));
      for (const meta of this.#metas.splice(0, message.metas)) meta.resolve();
    } else if (message.kind === 'failed') {
      const fault = new StoreUnavailableError(message.message);
      for (const waiting of this.#posted.splice(0, message.appends)) waiting.reject(fault);
      for (const meta of this.#metas.splice(0, message.metas)) meta.reject(fault);
    }
  }

  #end(cause: Error): void {
    this.#fault ??= cause;
    const fault = new StoreUnavailableError(cause.message, { cause });
    for (const waiting of [...this.#posted.splice(0), ...this.#queued.splice(0), ...this.#metas.splice(0)]) {
      waiting.reject(fault);
    }
  }
}
