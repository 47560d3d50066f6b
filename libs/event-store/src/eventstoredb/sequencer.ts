import { randomUUID } from 'node:crypto';
import type { EventData } from '../port.ts';
import type { Progress } from './mirror.ts';
import type { EventStoreDbStreams } from './streams.ts';

/** Bookkeeping of the sequencer, beside the ledger's own streams. */
export const CHECKPOINTS = '$sequencer/checkpoints';
export const CHECKPOINT_TYPE = 'countersign.Checkpoint.v1';
export const LEASE = '$sequencer/lease';
export const META = '$sequencer/meta/';
export const META_TYPE = 'countersign.Meta.v1';

export interface SequencerOptions {
  readonly streams: Pick<EventStoreDbStreams, 'appendAt'>;
  /** Who this is, among the processes on the same event store. */
  readonly node: string;
  /** How long leaves may stand without a checkpoint before another process takes over, in milliseconds. */
  readonly leaseMs: number;
  readonly progress: Progress;
  /** Leaves in the tree here that may be signed, and how many of them a confirmed checkpoint covers. */
  readonly size: () => number;
  readonly signed: () => number;
  /** Whether anything may be signed here: not before all that is stored is taken in and found sound. */
  readonly maySign: () => boolean;
  /** Signs the tree as it is now. */
  readonly sign: () => { readonly size: number; readonly note: string };
  /** Told of a checkpoint of this process once the event store has confirmed it. */
  readonly confirmed: (size: number, note: string, revision: number) => void;
}

/**
 * Turns the event store's order into signed checkpoints: one process at a time, for speed. For safety it does not matter
 * who does, nor how many: a checkpoint is an event that is appended after exactly the one before it, by a process whose
 * tree has that one's root, and nobody sees it before the event store has confirmed it. So two sequencers, whatever their
 * clocks say and however long one of them was paused, cannot sign a fork.
 *
 * The lease is a stream too: whoever appends to it after its last entry is the sequencer. Nothing is written to keep it. It
 * passes to another when leaves stand without a checkpoint for longer than the lease, which everybody sees for themselves.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #timer: NodeJS.Timeout;
  #leads = false;
  #taking = false;
  #closed = false;
  /** Checkpoints that are under way, each appended after the one before it, and how far the last of them goes. */
  #underWay = 0;
  #sent = { size: 0, revision: 'none' as number | 'none' };
  #planned = false;
  /** Since when leaves stand without a checkpoint, by the monotonic clock of this process. */
  #unsignedSince: number | undefined;
  #patience: number;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#patience = patience(options.leaseMs);
    this.#timer = setInterval(() => void this.#watch(), Math.max(10, options.leaseMs / 8)).unref();
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** There are new leaves. */
  leaves(): void {
    this.#unsignedSince ??= performance.now();
    if (!this.#options.maySign()) return;
    if (this.#leads) this.#plan();
    else if (this.#options.progress.holder === undefined) void this.#takeLease();
  }

  /** A checkpoint came by, of whomever: the sequencer is alive. */
  advanced(): void {
    const { size, signed } = this.#options;
    this.#unsignedSince = size() > signed() ? performance.now() : undefined;
  }

  /** The lease changed hands. */
  leaseSeen(): void {
    const { progress, node } = this.#options;
    this.#leads = progress.holder === node && this.#leads;
    this.#patience = patience(this.#options.leaseMs);
    if (this.#unsignedSince !== undefined) this.#unsignedSince = performance.now();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    if (!this.#leads) return;
    this.#leads = false;
    // Given back, so that the next one need not wait.
    await this.#appendLease(null).catch(() => undefined);
  }

  async #watch(): Promise<void> {
    const since = this.#unsignedSince;
    if (since === undefined || this.#closed || !this.#options.maySign()) return;
    if (this.#leads) this.#plan();
    else if (this.#options.progress.holder === undefined || performance.now() - since > this.#patience)
      await this.#takeLease();
  }

  async #takeLease(): Promise<void> {
    if (this.#taking || this.#closed || !this.#options.maySign()) return;
    this.#taking = true;
    try {
      this.#leads = await this.#appendLease(this.#options.node);
    } catch {
      // The event store is away: tried again while leaves stand.
    } finally {
      this.#taking = false;
    }
    if (this.#leads) this.#plan();
  }

  async #appendLease(holder: string | null): Promise<boolean> {
    const { streams, progress } = this.#options;
    const before = progress.lease;
    const data = Buffer.from(JSON.stringify({ holder }));
    const answer = await streams.appendAt(LEASE, [bookkeeping('countersign.SequencerLease.v1', data)], before);
    if (!answer.appended) return false;
    // Its own event may have come by already, or even one after it.
    const revision = answer.revisions[0] as number;
    if (progress.lease === 'none' || progress.lease < revision) {
      progress.lease = revision;
      progress.holder = holder ?? undefined;
    }
    return progress.lease === revision;
  }

  /** Leaves that come by in one turn share a checkpoint. */
  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#signNext();
    });
  }

  /**
   * Appends a checkpoint over every leaf that is not under one. The next one need not wait until this one is confirmed: it
   * expects it, so it is refused if this one is.
   */
  #signNext(): void {
    const { streams, progress, size, signed, maySign, sign, confirmed } = this.#options;
    if (this.#underWay === 0) this.#sent = { size: signed(), revision: progress.checkpoint };
    if (!this.#leads || this.#closed || !maySign()) return;
    if (this.#underWay >= MOST_UNDER_WAY || size() <= this.#sent.size) return;
    const next = sign();
    const expected = this.#sent.revision;
    this.#sent = { size: next.size, revision: expected === 'none' ? 0 : expected + 1 };
    this.#underWay++;
    streams
      .appendAt(CHECKPOINTS, [bookkeeping(CHECKPOINT_TYPE, Buffer.from(next.note))], expected)
      .then(
        (answer) => {
          if (answer.appended) confirmed(next.size, next.note, answer.revisions[0] as number);
          return answer.appended;
        },
        // The event store is away: tried again while leaves stand.
        () => false,
      )
      .then((appended) => {
        this.#underWay--;
        // If somebody else signed, their checkpoint comes by and shows whether they have the lease; the watch goes on then.
        if (appended) this.#signNext();
      })
      .catch(() => undefined);
  }
}

/** One being made durable, and one that collects what comes meanwhile. */
const MOST_UNDER_WAY = 2;

const bookkeeping = (type: string, data: Uint8Array): EventData => ({ id: randomUUID(), type, data });

/** Not all at once: between one and one and a half leases. */
const patience = (leaseMs: number): number => leaseMs * (1 + Math.random() / 2);
