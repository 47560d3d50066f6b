import { StoreUnavailableError } from '../faults.ts';
import { writeHighWater } from './high-water.ts';
import type { Conflict, Sequenced, SequencedEvent } from '../port.ts';
import type { Committed, Outcome, PendingAppend, SqliteWriter } from './writer.ts';

/** The mark lags behind the commits by at most this, and is never ahead of them. */
const MARK_EVERY_MS = 1000;

interface Waiting {
  readonly append: PendingAppend;
  resolve(value: Sequenced | Conflict): void;
  reject(fault: Error): void;
}
interface WaitingMeta {
  readonly key: string;
  readonly value: Uint8Array;
  resolve(): void;
  reject(fault: Error): void;
}

/**
 * Group commit: what is appended in one turn of the event loop is one transaction and one flush of the disk. While that
 * flush is under way nothing else runs in this process, so what arrives meanwhile is the next turn's batch. A thread of
 * its own for the writer was measured too: the way there and back cost more than the flush (docs/benchmarks.md).
 */
export class GroupCommit {
  readonly #writer: SqliteWriter;
  readonly #highWaterFile: string;
  readonly #onCommit: (leaves: readonly SequencedEvent[]) => void;
  #appends: Waiting[] = [];
  #metas: WaitingMeta[] = [];
  #scheduled = false;
  #mark: Pick<Committed, 'size' | 'root'> | undefined;
  #markTimer: NodeJS.Timeout | undefined;

  /** `onCommit` hears of each commit, and of its new leaves, before its appends are answered. */
  constructor(writer: SqliteWriter, highWaterFile: string, onCommit: (leaves: readonly SequencedEvent[]) => void) {
    this.#writer = writer;
    this.#highWaterFile = highWaterFile;
    this.#onCommit = onCommit;
  }

  append(append: PendingAppend): Promise<Sequenced | Conflict> {
    return new Promise((resolve, reject) => {
      this.#appends.push({ append, resolve, reject });
      this.#schedule();
    });
  }

  setMeta(key: string, value: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#metas.push({ key, value, resolve, reject });
      this.#schedule();
    });
  }

  /** Writes what is waiting. Nothing may be appended after it. */
  close(): void {
    this.#flush();
    this.#writeMark();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // setImmediate: after all of the turn's callbacks, so that they share a commit.
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const [appends, metas] = [this.#appends, this.#metas];
    if (appends.length + metas.length === 0) return;
    this.#appends = [];
    this.#metas = [];
    let committed: Committed;
    try {
      committed = this.#writer.commit(
        appends.map(({ append }) => append),
        metas,
      );
    } catch (cause) {
      const fault = new StoreUnavailableError(cause instanceof Error ? cause.message : String(cause), { cause });
      for (const { reject } of [...appends, ...metas]) reject(fault);
      return;
    }
    this.#onCommit(committed.leaves);
    for (let i = 0; i < appends.length; i++) {
      const { append, resolve } = appends[i] as Waiting;
      resolve(answerOf(append, committed.outcomes[i] as Outcome, committed));
    }
    for (const { resolve } of metas) resolve();
    if (committed.grew) {
      this.#mark = committed;
      this.#markTimer ??= setTimeout(() => this.#writeMark(), MARK_EVERY_MS).unref();
    }
  }

  #writeMark(): void {
    clearTimeout(this.#markTimer);
    this.#markTimer = undefined;
    if (this.#mark === undefined) return;
    const { size, root } = this.#mark;
    try {
      writeHighWater(this.#highWaterFile, { size, root: Buffer.from(root).toString('base64') });
      this.#mark = undefined;
    } catch {
      // The commits stand without it; the mark is tried again with the next of them.
    }
  }
}

function answerOf({ stream }: PendingAppend, outcome: Outcome, { note, size }: Committed): Sequenced | Conflict {
  if ('actual' in outcome) return { appended: false, conflict: outcome.kind, actual: outcome.actual };
  const { kind, revisions, indices } = outcome;
  return { appended: true, stream, revisions, indices, duplicate: kind === 'duplicate', checkpoint: note, size };
}
