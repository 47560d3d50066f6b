import { createPublicKey, randomUUID, type KeyObject, type webcrypto } from 'node:crypto';
import { existsSync } from 'node:fs';
import { parseCheckpoint, parseNote } from '@countersign/log';
import type { DatabaseSync } from 'node:sqlite';
import { checkEvents } from '../check-events.ts';
import { StoreReadOnlyError, StoreUnavailableError } from '../faults.ts';
import { unfinishedCopy } from '../move.ts';
import type {
  Conflict,
  EventData,
  ExpectedRevision,
  Sequenced,
  SequencedEvent,
  SequencedStore,
  StoredEvent,
  Subscription,
} from '../port.ts';
import { nodeTreeHasher } from '../sqlite/hasher.ts';
import { readHighWater, writeHighWater } from '../sqlite/high-water.ts';
import type { Memory } from '../sqlite/memory.ts';
import { checkpointSigner, signingKeyOf } from '../sqlite/note.ts';
import { StoredLog } from '../sqlite/stored-log.ts';
import { SignatureChecks } from './signature-checks.ts';
import { explained } from './faults.ts';
import { MirrorWriter, openMirror, positionOf, removeMirror } from './mirror.ts';
import { CHECKPOINTS, LEASE, META, META_TYPE, Sequencer } from './sequencer.ts';
import { EventStoreDbStreams, type Retention } from './streams.ts';
import { pause, SlowError, within } from './waiting.ts';

export interface EventStoreDbOptions {
  /** `esdb://…`: hosts, TLS, certificates, credentials (the client library's connection string). */
  connectionString: string;
  /** Origin of the log, the first line of its checkpoints. */
  origin: string;
  /** The log's Ed25519 private key, which all processes share: a key object, PEM (PKCS #8) or JWK. */
  signingKey: KeyObject | string | webcrypto.JsonWebKey;
  /** This process's own copy of the log. May be removed whenever the process is down: it is made anew. */
  mirrorFile: string;
  /** The high-water mark, which all processes share: outside the event store, so that an old copy of that is noticed. */
  highWaterFile: string;
  /** What the names of this ledger's streams begin with in the event store. */
  namespace?: string;
  /** Which streams are leaves; those whose names begin with `$` are not, unless told. */
  isLeaf?: (stream: string) => boolean;
  /** How long an append may take, in milliseconds, before it is given up as one whose fate is not known. */
  deadlineMs?: number;
  /** How long leaves may stand without a checkpoint before another process signs, in milliseconds. */
  leaseMs?: number;
  /** Who this process is among those on the same event store. */
  node?: string;
}

const MARK_EVERY_MS = 1000;
const NOTHING = new Uint8Array(0);
/** Signatures that are verified at the same time, at most. */
const MOST_CHECKS = 64;

/**
 * Opens the ledger's streams on an EventStoreDB or KurrentDB, and follows them. What is in the mirror can be read at once;
 * `synced` tells when all is there.
 *
 * @throws StoreUnavailableError if the event store is away, or refuses the credentials
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<SequencedStore> {
  const { connectionString, namespace = 'countersign.', deadlineMs = 10_000, mirrorFile } = options;
  const streams = new EventStoreDbStreams({ connectionString, namespace, deadlineMs });
  try {
    await streams.reach();
    try {
      return await openOver(streams, options);
    } catch (fault) {
      if (!isDamage(fault)) throw fault;
      // The mirror is only a copy.
      removeMirror(mirrorFile);
      return await openOver(streams, options);
    }
  } catch (fault) {
    await streams.close();
    throw fault;
  }
}

async function openOver(streams: EventStoreDbStreams, options: EventStoreDbOptions): Promise<SequencedStore> {
  const { mirrorFile } = options;
  let db = openMirror(mirrorFile);
  try {
    const mirrored = positionOf(db);
    if (mirrored !== null && !(await streams.at(mirrored))) {
      // Another event store, or an old copy of this one: the shared mark tells which, once all is read again.
      db.close();
      removeMirror(mirrorFile);
      db = openMirror(mirrorFile);
    }
    return new EventStoreDbStore(db, streams, options);
  } catch (fault) {
    if (db.isOpen) db.close();
    throw fault;
  }
}

/** SQLITE_CORRUPT, SQLITE_NOTADB, or a tree that lacks a node. */
const isDamage = (fault: unknown): boolean =>
  [11, 26].includes((fault as { errcode?: number }).errcode ?? 0) || fault instanceof RangeError;

interface Waiting {
  resolve: () => void;
  reject: (fault: Error) => void;
}

class EventStoreDbStore extends StoredLog implements SequencedStore {
  readonly #streams: EventStoreDbStreams;
  readonly #options: EventStoreDbOptions;
  readonly #deadlineMs: number;
  readonly #mirror: MirrorWriter;
  readonly #sequencer: Sequencer;
  readonly #subscription: Subscription;
  readonly #checks: SignatureChecks;
  /** Checkpoints that this process signed over its own tree and that did not come by yet. */
  readonly #own = new Set<string>();
  readonly #sign: (size: number, root: Uint8Array) => string;
  /** Resolves when everything that was there at the start is taken in and found sound. */
  readonly #ready: Promise<void>;
  /** The latest confirmed checkpoint. */
  #signed: { size: number; note: string };
  readonly #forRevision = new Map<string, Waiting[]>();
  readonly #forSigned: (Waiting & { index: number })[] = [];
  readonly #forPosition: (Waiting & { position: bigint })[] = [];
  /** The last append without expectation, of each stream that has one under way. */
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #retentions = new Map<string, string>();
  /** How far the event store was looked through for more of ours. */
  #passed: bigint | null = null;
  /** When anything last came from there, by the monotonic clock. */
  #heard = performance.now();
  /** All that was there at the start is taken in. */
  #read = false;
  /** So it is, and nothing speaks against signing. */
  #sound = false;
  #unsound: string | undefined;
  #unfinished: string | undefined;
  #away: string | undefined;
  #markTimer: NodeJS.Timeout | undefined;
  #committing: Promise<void> | undefined;

  constructor(db: DatabaseSync, streams: EventStoreDbStreams, options: EventStoreDbOptions) {
    super(db, nodeTreeHasher());
    this.#streams = streams;
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 10_000;
    const key = signingKeyOf(options.signingKey);
    this.#checks = new SignatureChecks(createPublicKey(key), (fault) => {
      // The checkpoint's event is passed: it must be read again by whoever opens this mirror next.
      if (!this.closed) this.#mirror.spoil();
      this.#subscription.close();
      this.#fail(fault);
    });
    this.#sign = checkpointSigner(options.origin, key);
    const { isLeaf = (stream: string) => !stream.startsWith('$') } = options;
    this.#mirror = new MirrorWriter(db, this.hasher, isLeaf, () => void this.#commit());
    const row = db.prepare('SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1').get();
    this.#signed = row
      ? { size: Number(row['size']), note: String(row['note']) }
      : { size: 0, note: this.#sign(0, this.hasher.empty()) };
    this.#unfinished = unfinishedCopy(this);
    this.#sequencer = new Sequencer({
      streams,
      node: options.node ?? randomUUID(),
      leaseMs: options.leaseMs ?? 2000,
      progress: this.#mirror.progress,
      size: () => this.memory.directory.size,
      signed: () => this.#signed.size,
      // Nothing is signed before it is known to be the newest copy, nor while a ledger is copied into it.
      maySign: () => this.#sound && (this.readOnlyBecause ?? this.#unfinished) === undefined,
      sign: () => {
        const { size } = this.memory.frontier;
        const note = this.#sign(size, this.memory.frontier.root());
        this.#own.add(note);
        return { size, note };
      },
      confirmed: (size, note, revision) => {
        this.#confirmed(size, note, revision);
      },
    });
    this.#subscription = streams.follow(
      this.#mirror.progress.position,
      (event) => this.#take(event),
      (fault) => {
        this.#fail(fault);
      },
      (fault) => {
        this.#away = fault?.message;
        if (fault === undefined) void this.#stillThere();
      },
      (retention) => {
        this.#retention(retention);
      },
      (position) => {
        this.#passed = position;
        this.#heard = performance.now();
      },
    );
    const ready = this.#subscription.caughtUp.then(async () => {
      await this.#checks.done();
      if (this.closed) return;
      this.#unsound ??= await this.#belowMark();
      this.#sound = this.#unsound === undefined;
      this.#mirror.complete();
      this.#read = true;
      if (this.memory.directory.size > this.size) this.#sequencer.leaves();
    });
    this.#ready = ready.catch((fault: unknown) => {
      const because = this.readOnlyBecause;
      throw because === undefined ? fault : new StoreReadOnlyError(because);
    });
    this.#ready.catch(() => undefined);
  }

  protected override get memory(): Memory {
    return this.#mirror.memory;
  }

  protected override find(id: string): SequencedEvent | undefined {
    return this.#mirror.recent.get(id) ?? super.find(id);
  }

  /** Whether this process is the one that signs. */
  get leads(): boolean {
    return this.#sequencer.leads;
  }

  get size(): number {
    return this.#signed.size;
  }

  get readOnlyBecause(): string | undefined {
    const [retention] = this.#retentions;
    return (
      this.#unsound ??
      this.#unfinished ??
      (retention && `stream ${retention[0]} ${retention[1]}: take it back, the ledger keeps everything`)
    );
  }

  get awayBecause(): string | undefined {
    return this.#away;
  }

  checkpoint(): string {
    return this.#signed.note;
  }

  async append(
    stream: string,
    events: readonly EventData[],
    expected: ExpectedRevision,
  ): Promise<Sequenced | Conflict> {
    checkEvents(events);
    if (this.closed) throw new StoreReadOnlyError('it is closed');
    if (expected !== 'any') return await this.#within(this.#append(stream, events, expected));
    // Those that expect nothing would only get in each other's way.
    const before = this.#tails.get(stream);
    const run = () => this.#within(this.#append(stream, events, expected));
    const mine = before === undefined ? run() : before.then(run, run);
    this.#tails.set(stream, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(stream) === mine) this.#tails.delete(stream);
    }
  }

  async #append(
    stream: string,
    events: readonly EventData[],
    expected: ExpectedRevision,
  ): Promise<Sequenced | Conflict> {
    await this.#ready;
    for (let current = false; ;) {
      const because = this.readOnlyBecause;
      if (because !== undefined) throw new StoreReadOnlyError(because);
      const known = this.#known(stream, events);
      if (known && 'conflict' in known && !current) {
        // Some of what was appended as one may have come by here already, and the rest not yet.
        await this.#hasAll();
        current = true;
        continue;
      }
      if (known) return 'conflict' in known ? known : await this.#underCheckpoint(known);
      const actual = this.#revision(stream);
      // Streams only grow: what is beyond it here is beyond it everywhere.
      if (expected !== 'any' && actual !== 'none' && (expected === 'none' || expected < actual))
        return { appended: false, conflict: 'revision', actual };
      const answer = await this.#streams.appendAt(stream, events, expected === 'any' ? actual : expected);
      if (!answer.appended) {
        if (answer.actual !== 'none') await this.#hasRevision(stream, answer.actual);
        const since = this.#known(stream, events);
        if (since === undefined && expected !== 'any') return answer;
        continue;
      }
      await this.#hasRevision(stream, answer.revisions.at(-1) as number);
      const stored = this.#known(stream, events);
      if (!stored || 'conflict' in stored) throw new StoreUnavailableError(`the event store lost events of ${stream}`);
      // The server takes an id that it has for a repetition, whatever the bytes.
      const same = events.every(({ id, data }) => Buffer.compare(this.find(id)?.data ?? NOTHING, data) === 0);
      return await this.#underCheckpoint({ ...stored, duplicate: answer.duplicate || !same });
    }
  }

  /** Where events with these ids stand; undefined if there is none of them. */
  #known(
    stream: string,
    events: readonly EventData[],
  ): { stream: string; revisions: number[]; indices: number[]; duplicate: boolean } | Conflict | undefined {
    const found = events.map(({ id }) => this.find(id));
    if (found.every((event) => event === undefined)) return undefined;
    if (found.some((event) => event?.stream !== stream))
      return { appended: false, conflict: 'partial-duplicate', actual: this.#revision(stream) };
    const there = found as SequencedEvent[];
    return {
      stream,
      revisions: there.map(({ revision }) => revision),
      indices: there.map(({ index }) => index),
      duplicate: true,
    };
  }

  async #underCheckpoint(known: Pick<Sequenced, 'stream' | 'revisions' | 'indices' | 'duplicate'>): Promise<Sequenced> {
    const last = known.indices.reduce((a, b) => Math.max(a, b));
    await this.#covered(last);
    return { appended: true, ...known, checkpoint: this.#signed.note, size: this.#signed.size };
  }

  async signed(index: number): Promise<void> {
    await this.#within(this.#covered(index));
  }

  async #covered(index: number): Promise<void> {
    if (index >= this.#signed.size) await this.#until(this.#forSigned, { index });
  }

  #revision(stream: string): number | 'none' {
    const count = this.memory.directory.stream(stream)?.positions.length ?? 0;
    return count === 0 ? 'none' : count - 1;
  }

  async #hasRevision(stream: string, revision: number): Promise<void> {
    if ((this.memory.directory.stream(stream)?.positions.length ?? 0) > revision) return;
    const key = `${revision} ${stream}`;
    const waiting = this.#forRevision.get(key) ?? [];
    this.#forRevision.set(key, waiting);
    await this.#until(waiting, {});
  }

  async synced(): Promise<void> {
    await this.#caughtUp();
    await this.#within(this.#hasAll());
  }

  /** The first reading of a large store takes its time: it is waited for while anything comes. */
  async #caughtUp(): Promise<void> {
    if (this.#read) return;
    const ready = this.#ready.then(() => true);
    while (!(await Promise.race([ready, pause(this.#deadlineMs / 10).then(() => false)])))
      if (performance.now() - this.#heard > this.#deadlineMs)
        throw explained(new SlowError('nothing is read'), this.#options.connectionString);
  }

  async #hasAll(): Promise<void> {
    const { progress } = this.#mirror;
    const known = [progress.position, this.#passed].filter((each) => each !== null);
    const head = await this.#streams.lastAfter(known.length === 0 ? null : known.reduce((a, b) => (a > b ? a : b)));
    if (head !== null && (progress.position === null || progress.position < head))
      await this.#until(this.#forPosition, { position: head });
  }

  async setMeta(key: string, value: Uint8Array): Promise<void> {
    await this.#within(
      this.#ready.then(async () => {
        const event = { id: randomUUID(), type: META_TYPE, data: value };
        const answer = await this.#streams.appendAt(META + key, [event], 'any');
        if (!answer.appended) throw new StoreUnavailableError(`${key} could not be kept`);
        this.#mirror.keepMeta(key, value);
      }),
    );
  }

  refuseAppends(because: string): void {
    this.#unsound ??= because;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.#subscription.close();
    await this.#sequencer.close();
    this.#writeMark();
    await this.#checks.done();
    this.#mirror.complete();
    await this.#streams.close();
    this.#wakeAll(new StoreReadOnlyError('it is closed'));
    this.listeners.clear();
    this.leafListeners.clear();
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.db.close();
  }

  /** Each event of the ledger, in the event store's order. Holds back the reading while what it promises is not done. */
  #take(event: StoredEvent): void | Promise<void> {
    if (this.closed) return undefined;
    this.#heard = performance.now();
    const { progress } = this.#mirror;
    if (event.stream === CHECKPOINTS) this.#checkpointSeen(event);
    else if (event.stream === LEASE) {
      if (progress.lease === 'none' || event.revision >= progress.lease) {
        progress.lease = event.revision;
        progress.holder =
          (JSON.parse(Buffer.from(event.data).toString()) as { holder: string | null }).holder ?? undefined;
        this.#sequencer.leaseSeen();
      }
    } else if (event.stream.startsWith(META)) {
      this.#mirror.keepMeta(event.stream.slice(META.length), event.data);
      this.#unfinished = unfinishedCopy(this);
    } else this.#eventSeen(this.#mirror.take(event));
    this.#mirror.passed(event.position);
    for (let i = this.#forPosition.length - 1; i >= 0; i--)
      if ((this.#forPosition[i] as { position: bigint }).position <= event.position)
        this.#forPosition.splice(i, 1)[0]?.resolve();
    return this.#committing ?? (this.#mirror.due || this.#checks.underWay > MOST_CHECKS ? this.#commit() : undefined);
  }

  /** Nothing is kept before the checkpoints in it are checked, which may take a moment. */
  #commit(): Promise<void> | undefined {
    const commit = () => {
      this.#committing = undefined;
      if (this.closed) return;
      try {
        this.#mirror.commit();
      } catch (fault) {
        // A full disk, say: what follows could not be kept either.
        this.#subscription.close();
        this.#fail(fault);
      }
    };
    if (this.#checks.underWay > 0) return (this.#committing ??= this.#checks.done().then(commit));
    commit();
    return undefined;
  }

  #eventSeen(event: SequencedEvent): void {
    for (const listener of this.listeners) listener();
    if (event.index >= 0) {
      for (const listener of this.leafListeners) listener([event]);
      this.#sequencer.leaves();
    }
    if (this.#forRevision.size === 0) return;
    const key = `${event.revision} ${event.stream}`;
    const waiting = this.#forRevision.get(key);
    if (waiting === undefined) return;
    this.#forRevision.delete(key);
    for (const { resolve } of waiting) resolve();
  }

  /** A checkpoint in the event store is one of this log, over this very tree: anything else ends all signing here. */
  #checkpointSeen({ data, revision }: StoredEvent): void {
    const note = Buffer.from(data).toString();
    const parsed = parseNote(note);
    const { origin, size, root } = parseCheckpoint(parsed.text);
    if (this.#own.delete(note) || note === this.#signed.note) {
      // What is before it may still be looked at.
      this.#checks.after(() => {
        this.#confirmed(size, note, revision);
      });
      return;
    }
    const signature = parsed.signatures.find(({ name }) => name === this.#options.origin)?.signature;
    const strange = `checkpoint ${revision} in the event store is not by the key of ${this.#options.origin}`;
    if (origin !== this.#options.origin || signature === undefined) throw new Error(strange);
    if (this.rootAt(size) !== Buffer.from(root).toString('base64'))
      throw new Error(`checkpoint ${revision} in the event store, over ${size} entries, is of another tree`);
    this.#checks.add(parsed.text, signature.subarray(-64), (good) => {
      if (!good) throw new Error(strange);
      this.#confirmed(size, note, revision);
    });
  }

  #confirmed(size: number, note: string, revision: number): void {
    const { progress } = this.#mirror;
    // What was under way when it was closed is kept still.
    if (!this.db.isOpen) return;
    this.#mirror.keepCheckpoint(size, note);
    if (progress.checkpoint === 'none' || progress.checkpoint < revision) progress.checkpoint = revision;
    if (size > this.#signed.size || this.#signed.size === 0) this.#signed = { size, note };
    this.#sequencer.advanced();
    for (let i = this.#forSigned.length - 1; i >= 0; i--)
      if ((this.#forSigned[i] as { index: number }).index < this.#signed.size)
        this.#forSigned.splice(i, 1)[0]?.resolve();
    if (this.leads) this.#markTimer ??= setTimeout(() => this.#writeMark(), MARK_EVERY_MS).unref();
  }

  #retention({ stream, problem }: Retention): void {
    if (problem === undefined) this.#retentions.delete(stream);
    else this.#retentions.set(stream, problem);
  }

  /** Why nothing may be signed on this event store (design.md, decision 9); undefined if all is well. */
  async #belowMark(): Promise<string | undefined> {
    const file = this.#options.highWaterFile;
    const restore = 'Restore the newest copy of the event store, one that has them all, and start again.';
    let mark;
    try {
      mark = readHighWater(file);
    } catch {
      return `the high-water mark ${file} cannot be read. Restore it.`;
    }
    if (mark === undefined) {
      if (this.size > 0)
        return `the high-water mark ${file} is missing, and without it nobody can say whether the event store is the newest copy. ${restore}`;
      writeHighWater(file, { size: 0, root: Buffer.from(this.hasher.empty()).toString('base64') });
      return undefined;
    }
    // Another process may have signed meanwhile. Whoever wrote the mark had that checkpoint confirmed before.
    if (mark.size > this.size) await this.#hasAll();
    if (mark.size > this.size)
      return `the event store has a checkpoint over ${this.size} entries, but one over ${mark.size} was signed before: it is an old copy. ${restore}`;
    if (this.rootAt(mark.size) !== mark.root)
      return `the first ${mark.size} entries are not those that were signed before: it is the store of another history. ${restore}`;
    return undefined;
  }

  /** An event store that comes back may be an old copy of itself: then it has not the last that was read from it. */
  async #stillThere(): Promise<void> {
    const { position } = this.#mirror.progress;
    if (position === null || (await this.#streams.at(position).catch(() => true))) return;
    this.#fail(
      new Error(
        'the event store has not the last event that was read from it: it is an old copy, or another one. Restore the newest copy, and start again.',
      ),
    );
  }

  /** All processes share the mark; it never goes back. */
  #writeMark(): void {
    clearTimeout(this.#markTimer);
    this.#markTimer = undefined;
    const { size } = this.#signed;
    const root = this.rootAt(size);
    const file = this.#options.highWaterFile;
    try {
      const before = existsSync(file) ? readHighWater(file) : undefined;
      if (root !== undefined && size > 0 && this.#unsound === undefined && (before?.size ?? 0) < size)
        writeHighWater(file, { size, root });
    } catch {
      // The checkpoints stand without it; the mark is tried again with the next of them.
    }
  }

  #fail(fault: unknown): void {
    const error = explained(fault, this.#options.connectionString);
    this.#unsound ??=
      fault instanceof Error && !(fault instanceof StoreUnavailableError) ? fault.message : error.message;
    this.#wakeAll(error);
  }

  #until<W extends object>(list: (Waiting & W)[], what: W): Promise<void> {
    return new Promise((resolve, reject) => {
      const began = performance.now();
      // Confirmed there, and nothing comes by here: a connection that is dead and does not know it.
      const timer = setTimeout(() => {
        if (this.#heard < began && !this.closed) this.#streams.renew();
      }, this.#deadlineMs / 3).unref();
      const waiting = {
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (fault: Error) => {
          clearTimeout(timer);
          reject(fault);
        },
      };
      list.push({ ...waiting, ...what });
    });
  }

  #wakeAll(fault: Error): void {
    const waiting = [
      ...this.#forSigned.splice(0),
      ...this.#forPosition.splice(0),
      ...[...this.#forRevision.values()].flat(),
    ];
    this.#forRevision.clear();
    for (const { reject } of waiting) reject(fault);
  }

  /** Every promise ends, and its fault says what is wrong with the event store. */
  async #within<T>(promise: Promise<T>): Promise<T> {
    try {
      // The request itself ends at its own deadline, with what it found; then comes what it waits for here.
      return await within(this.#deadlineMs * 1.5, promise);
    } catch (fault) {
      if (fault instanceof RangeError) throw fault;
      throw explained(fault, this.#options.connectionString);
    }
  }
}
