import { randomUUID } from 'node:crypto';
import { parseCheckpoint, parseNote } from '@countersign/log';
import {
  CheckedTree,
  isCheckpoint,
  type Copied,
  type CopyTarget,
  type KeptCheckpoint,
  type Signed,
} from '../copy-target.ts';
import { StoreUnavailableError } from '../faults.ts';
import type { EventData, Position, StoredEvent } from '../port.ts';
import { readHighWater, writeHighWater, type HighWaterMark } from '../sqlite/high-water.ts';
import { shown } from './connection-string.ts';
import { CHECKPOINT_TYPE, CHECKPOINTS, META, META_TYPE } from './sequencer.ts';
import { EventStoreDbStreams } from './streams.ts';
import { pause } from './waiting.ts';

export interface EventStoreDbTargetOptions extends Signed {
  readonly connectionString: string;
  readonly namespace: string;
  readonly highWaterFile: string;
}

/** How long one append, or reading on, may take before it is given up; a cluster may elect a leader meanwhile. */
const DEADLINE_MS = 30_000;
/** Of one append: the server's own limit is a mebibyte. */
const APPEND_BYTES = 512 * 1024;
const APPEND_EVENTS = 256;

/** Opens a namespace of an event store to copy a ledger into. @throws StoreUnavailableError (rejects) if it is away */
export async function openEventStoreDbTarget(options: EventStoreDbTargetOptions): Promise<CopyTarget> {
  const { connectionString, namespace } = options;
  const streams = new EventStoreDbStreams({ connectionString, namespace, deadlineMs: DEADLINE_MS });
  try {
    await streams.reach();
  } catch (fault) {
    await streams.close();
    throw fault;
  }
  return new EventStoreDbTarget(streams, options);
}

/**
 * The order of the log is the order in which the server takes the appends, so each is waited for before the next; what
 * follows in one stream goes together. Checkpoints are no leaves, and go after those of their batch.
 */
class EventStoreDbTarget implements CopyTarget {
  readonly kind = 'esdb';
  readonly name: string;
  readonly #streams: EventStoreDbStreams;
  readonly #options: EventStoreDbTargetOptions;
  readonly #meta = new Map<string, Uint8Array>();
  #tree: CheckedTree | undefined;
  #checkpoints = 0;

  constructor(streams: EventStoreDbStreams, options: EventStoreDbTargetOptions) {
    this.name = shown(options.connectionString);
    this.#streams = streams;
    this.#options = options;
  }

  async read(handler: (held: Copied) => void): Promise<Uint8Array> {
    const tree = (this.#tree = new CheckedTree(this.#options));
    this.#meta.clear();
    this.#checkpoints = 0;
    await this.#all((event) => {
      if (event.stream.startsWith(META)) this.#meta.set(event.stream.slice(META.length), event.data);
      else if (event.stream === CHECKPOINTS) {
        const note = Buffer.from(event.data).toString();
        const held = { size: parseCheckpoint(parseNote(note).text).size, note };
        tree.checkpoint(held);
        this.#checkpoints++;
        handler(held);
      } else if (!event.stream.startsWith('$')) {
        tree.leaf(event.data);
        handler(event);
      }
    });
    return tree.root();
  }

  /** Every event of the namespace that was there when this was called, from the server. */
  async #all(handler: (event: StoredEvent) => void): Promise<void> {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    let [seen, passed]: [Position, Position] = [-1n, -1n];
    let lost: NodeJS.Timeout | undefined;
    const reading = this.#streams.follow(
      null,
      (event) => {
        handler(event);
        seen = event.position;
      },
      failed.reject,
      (fault) => {
        clearTimeout(lost);
        lost = fault && setTimeout(failed.reject, DEADLINE_MS, fault);
      },
      ({ stream, problem }) => {
        if (problem !== undefined) failed.reject(new Error(`stream ${stream} ${problem}: the ledger keeps everything`));
      },
      (position) => {
        passed = position;
      },
    );
    try {
      await Promise.race([reading.caughtUp, failed.promise]);
      const known = seen > passed ? seen : passed;
      const head = await this.#streams.lastAfter(known < 0n ? null : known);
      // On a cluster, what is read may lag behind the leader.
      while (head !== null && seen < head) await Promise.race([pause(20), failed.promise]);
    } finally {
      clearTimeout(lost);
      reading.close();
    }
  }

  async take(batch: readonly Copied[]): Promise<void> {
    const tree = this.#tree;
    if (tree === undefined) throw new Error('what is there was not read');
    this.#tree = undefined; // until all of it is confirmed
    const notes: KeptCheckpoint[] = [];
    let run: StoredEvent[] = [];
    let bytes = 0;
    const flush = async () => {
      if (run.length > 0) await this.#append(run[0]?.stream as string, run, run[0]?.revision as number);
      run = [];
      bytes = 0;
    };
    for (const copied of batch) {
      if (isCheckpoint(copied)) {
        tree.checkpoint(copied);
        notes.push(copied);
        continue;
      }
      const last = run.at(-1);
      if (last && (last.stream !== copied.stream || run.length === APPEND_EVENTS || bytes > APPEND_BYTES))
        await flush();
      run.push(copied);
      bytes += copied.data.length;
      tree.leaf(copied.data);
    }
    await flush();
    for (let from = 0; from < notes.length; from += APPEND_EVENTS) {
      const events = notes
        .slice(from, from + APPEND_EVENTS)
        .map(({ note }) => ({ id: randomUUID(), type: CHECKPOINT_TYPE, data: Buffer.from(note) }));
      await this.#append(CHECKPOINTS, events, this.#checkpoints);
      this.#checkpoints += events.length;
    }
    this.#tree = tree;
  }

  async #append(stream: string, events: readonly EventData[], revision: number): Promise<void> {
    const answer = await this.#streams.appendAt(stream, events, revision === 0 ? 'none' : revision - 1);
    if (!answer.appended)
      throw new StoreUnavailableError(`another process writes to ${stream} in ${this.name}: stop the servers on it`);
  }

  getMeta(key: string): Uint8Array | undefined {
    return this.#meta.get(key);
  }

  async setMeta(key: string, value: Uint8Array): Promise<void> {
    const event = { id: randomUUID(), type: META_TYPE, data: value };
    const answer = await this.#streams.append(META + key, [event], 'any');
    if (!answer.appended) throw new StoreUnavailableError(`${key} could not be kept`);
    this.#meta.set(key, value);
  }

  readMark(): HighWaterMark | undefined {
    return readHighWater(this.#options.highWaterFile);
  }

  writeMark(mark: HighWaterMark): void {
    writeHighWater(this.#options.highWaterFile, mark);
  }

  close(): Promise<void> {
    return this.#streams.close();
  }
}
