import { hash } from 'node:crypto';
import {
  isRefused,
  type Actor,
  type Instant,
  type NewEvent,
  type Recorded,
  type Refusal,
  type Sealed,
} from '@countersign/domain';
import type { EventData, Sequenced, SequencedEvent, SequencedStore } from '@countersign/event-store';
import { canonicalJson } from './canonical.ts';
import type { Clock } from './clock.ts';
import type { CommandRequest, Outcome } from './command.ts';
import { decodeEntry, encodeEntry, entryOf, recordedOf, typeNameOf, type Entry } from './entry.ts';
import { commandIdOf, eventIdOf, streamIdOf, systemCommandIdOf } from './ids.ts';
import { open, seal, type PersonKeys } from './personal.ts';
import { receiptOf, type Receipt } from './receipt.ts';
import { StreamQueues } from './streams.ts';
import { LedgerView, streamOf, type AnyDecider } from './view.ts';

/** What a rule makes follow, as `libs/domain` computes it. */
export interface SystemCommand {
  readonly type: string;
  readonly category: string;
  readonly id: string;
  readonly payload: object;
  /** Id of the event that made the rule act. */
  readonly cause: string;
  readonly rule: string;
  readonly effectiveAt?: Instant;
}

export interface LedgerOptions {
  /** Whether anything may follow from an event of a type; if absent, from each. */
  readonly mayFollow?: (eventType: string) => boolean;
  /**
   * Everything that the rules make follow now and has not followed yet; depends on the view only. `since`: the entries
   * after which it was asked last; where they bear on nothing, nothing needs to be looked at. Everywhere if absent.
   */
  readonly consequences?: (view: LedgerView, now: Instant, since?: readonly Recorded[]) => readonly SystemCommand[];
  /**
   * What an entry makes follow at its own place in the log, whatever comes after it: asked of each once the view has it and
   * nothing after it. Until it is done, `isOwed` says whether it still is to be.
   */
  readonly owedAt?: (view: LedgerView, entry: Recorded, now: Instant) => readonly SystemCommand[];
  readonly isOwed?: (view: LedgerView, command: SystemCommand) => 'now' | 'later' | 'never';
  readonly store: SequencedStore;
  readonly clock: Clock;
  readonly persons: PersonKeys;
  readonly deciders: readonly AnyDecider[];
  /** Says what is wrong with an event's `data` and refs; empty if nothing. */
  readonly validate: (event: NewEvent) => readonly string[];
  /** `source` of every entry: the log's address. */
  readonly source: string;
  /**
   * The command that records a refusal of the given one; the log index of the first, if that refusal is recorded
   * already; undefined if the refusal was not one of access (R15).
   */
  readonly denialOf?: (
    request: CommandRequest,
    reasons: readonly Refusal[],
    view: LedgerView,
  ) => SystemCommand | { readonly first: number } | undefined;
}

interface Command {
  readonly type: string;
  readonly category: string;
  readonly id: string;
  readonly payload: object;
  readonly actor: Actor;
  readonly occurredAt?: Instant | undefined;
  readonly effectiveAt?: Instant | undefined;
  readonly personal?: CommandRequest['personal'] | undefined;
  readonly ifMatch?: number | undefined;
  readonly commandId: string;
  readonly commandDigest: string;
  readonly correlationId?: string;
  readonly causationId?: string;
}

type AppendedNow = {
  readonly outcome: 'appended';
  readonly appended: Sequenced;
  readonly events: readonly EventData[];
};
/** `before`: the command is in the log already, from another process or an earlier try. */
type Decided =
  AppendedNow | { readonly outcome: 'before' } | Extract<Outcome, { outcome: 'refused' | 'revision-mismatch' }>;

/** The entry is one that this ledger must not write: a fault of ours, not of the caller. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError';
}

/**
 * Where domain, log and store meet. A command's life: it is recognised if it came before; decided against the one view,
 * while no other command of this process on its stream is; its events are sealed, checked, appended with the revision that
 * was decided on; and when they are durable and in a signed tree, the view has them and the caller gets their receipts.
 *
 * Other processes may write to the same store. Then the view may lag behind it, and is never trusted to refuse: what it
 * refuses is decided again once it has all that was stored before (so a refusal is as true as if there were one process),
 * and what it permits is kept by the stream's revision, or voided by rule (domain.md, R13).
 */
export class Ledger {
  readonly store: SequencedStore;
  readonly clock: Clock;
  readonly view: LedgerView;
  readonly #options: LedgerOptions;
  readonly #queues = new StreamQueues();
  readonly #underWay = new Set<string>();
  /** Indices of entries that this process appends and may have to follow up; others follow up their own. */
  readonly #mine = new Set<string>();
  readonly #waiting: { index: number; done: () => void }[] = [];
  #settling: Promise<void> = Promise.resolve();
  /** Entries that nothing was made to follow from yet. */
  #unsettled: Recorded[] = [];
  /** What entries made follow where they stand, and whether this process wrote them: others follow up their own first. */
  readonly #owed = new Map<string, { readonly command: SystemCommand; readonly mine: boolean }>();
  readonly #listeners = new Set<(event: Recorded) => void>();

  private constructor(options: LedgerOptions) {
    this.#options = options;
    this.store = options.store;
    this.clock = options.clock;
    this.view = new LedgerView(options.deciders, (sealed) => open(options.persons, sealed));
  }

  /** Reads the whole log into the view. @throws Error if the log has an entry that these deciders do not know */
  static open(options: LedgerOptions): Ledger {
    const ledger = new Ledger(options);
    ledger.#catchUp();
    options.store.onLeaves((leaves) => {
      for (const leaf of leaves) ledger.#take(leaf);
      ledger.#release();
    });
    return ledger;
  }

  #catchUp(): void {
    for (const event of this.store.entries(this.view.index + 1, Infinity))
      this.#apply(recordedOf(decodeEntry(event.data), event.index), false);
  }

  #apply(entry: Recorded, mine: boolean): void {
    this.view.apply(entry);
    for (const command of this.#options.owedAt?.(this.view, entry, this.view.logTime) ?? [])
      if (!this.#owed.has(keyOf(command))) this.#owed.set(keyOf(command), { command, mine });
  }

  /** What is owed and can be done now; what does not apply any more is forgotten. */
  #owedNow(all: boolean): SystemCommand[] {
    const due: SystemCommand[] = [];
    for (const [key, { command, mine }] of this.#owed) {
      if (!all && !mine) continue;
      const is = this.#options.isOwed?.(this.view, command) ?? 'now';
      if (is === 'now') due.push(command);
      else if (is === 'never') this.#owed.delete(key);
    }
    return due;
  }

  #take(leaf: SequencedEvent): void {
    const entry = recordedOf(decodeEntry(leaf.data), leaf.index);
    const mine = this.#mine.delete(entry.id);
    this.#apply(entry, mine);
    if (mine && (this.#options.mayFollow?.(entry.type) ?? true)) this.#unsettled.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }

  #release(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      const waiting = this.#waiting[i] as { index: number; done: () => void };
      if (waiting.index > this.view.index) continue;
      this.#waiting.splice(i, 1);
      waiting.done();
    }
  }

  /**
   * Resolves with true once the view has the entry of this index; with false if it does not in time. A caller who saw the
   * index elsewhere sees its own writes so.
   */
  async has(index: number, withinMs: number): Promise<boolean> {
    if (index <= this.view.index) return true;
    return await new Promise((resolve) => {
      const waiting = {
        index,
        done: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        resolve(false);
      }, withinMs);
      this.#waiting.push(waiting);
    });
  }

  /** Told of each entry once it is in the view, in log order. */
  onEntry(listener: (event: Recorded) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async execute(request: CommandRequest): Promise<Outcome> {
    const commandId = commandIdOf(request.actor.party, request.idempotencyKey);
    const id = request.id ?? streamIdOf(request.category, commandId);
    const { actor, route, payload, body = payload } = request;
    const commandDigest = digestOf({ actor: actor.party, route, payload: body });
    const before = await this.#repeat(commandId, commandDigest);
    if (before) return before;
    if (this.#underWay.has(commandId)) return { outcome: 'under-way' };
    this.#underWay.add(commandId);
    try {
      const decided = await this.#decideAndAppend({ ...request, id, commandId, commandDigest });
      if (decided.outcome === 'appended') {
        const { mayFollow } = this.#options;
        if (!mayFollow || decided.events.some(({ type }) => mayFollow(typeNameOf(type)))) await this.#follow();
        return this.#done(decided);
      }
      if (decided.outcome === 'before') return (await this.#repeat(commandId, commandDigest)) as Outcome;
      if (decided.outcome === 'refused')
        // One after the other, so that the same refusal again finds the first.
        return await this.#queues.run(`refusals of ${request.actor.party}`, () =>
          this.#refused(request, decided.reasons, commandId, commandDigest),
        );
      return decided;
    } finally {
      this.#underWay.delete(commandId);
    }
  }

  /**
   * What a rule makes follow from an entry. Its id comes from cause, rule and stream, so doing it again does nothing.
   * Undefined if the command was refused: the rule does not apply any more.
   */
  async executeSystem(command: SystemCommand): Promise<readonly Receipt[] | undefined> {
    const commandId = systemCommandIdOf(command.cause, command.rule, streamOf(command.category, command.id));
    if (this.#isThere(commandId)) return [];
    const causeIndex = this.store.indexOf(command.cause);
    const cause = causeIndex === undefined ? undefined : this.#entry(causeIndex);
    const decided = await this.#decideAndAppend({
      ...command,
      actor: { party: 'system', role: 'system' },
      commandId,
      commandDigest: digestOf({ actor: 'system', route: command.type, payload: command.payload }),
      causationId: command.cause,
      ...(cause ? { correlationId: cause.correlationid } : {}),
    });
    if (decided.outcome === 'before') return [];
    return decided.outcome === 'appended' ? this.#receipts(decided) : undefined;
  }

  /**
   * Carries out what the rules make follow from anything, until nothing does: at a start, and when time has passed. What it
   * does depends on the state only, so a crash between two steps loses nothing.
   */
  settle(): Promise<void> {
    return this.#inTurn((consequences) => {
      this.#unsettled = [];
      return [...this.#owedNow(true), ...consequences(this.view, this.#now())];
    });
  }

  /** The same of what the latest entries bear on: after each command, at the cost of what it touched. */
  #follow(): Promise<void> {
    return this.#inTurn((consequences) => {
      const since = this.#unsettled;
      this.#unsettled = [];
      return [...this.#owedNow(false), ...(since.length === 0 ? [] : consequences(this.view, this.#now(), since))];
    });
  }

  #now(): Instant {
    return (this.view.now = this.#time());
  }

  /** Never before what is recorded already, by whichever process: what one has written counts for all at once. */
  #time(): Instant {
    return Math.max(this.clock.now(), this.view.logTime);
  }

  #inTurn(due: (consequences: NonNullable<LedgerOptions['consequences']>) => readonly SystemCommand[]): Promise<void> {
    const { consequences } = this.#options;
    if (!consequences) return Promise.resolve();
    const run = async () => {
      const refused = new Set<string>();
      for (;;) {
        const todo = due(consequences).filter((each) => !refused.has(keyOf(each)));
        if (todo.length === 0 && this.#unsettled.length === 0) return;
        // A rule that does not apply any more, or that was carried out, is not tried again in this round.
        for (const command of todo) {
          const receipts = await this.executeSystem(command);
          this.#owed.delete(keyOf(command));
          if (receipts === undefined || receipts.length === 0) refused.add(keyOf(command));
        }
      }
    };
    const mine = this.#settling.then(run, run);
    this.#settling = mine;
    return mine;
  }

  /** The receipt of an entry, under the latest checkpoint: waits for one that covers it. */
  async receipt(index: number): Promise<Receipt | undefined> {
    const event = this.store.entry(index);
    if (event) await this.store.signed(index);
    return event && receiptOf(this.store, index, event.data, this.store.size, this.store.checkpoint());
  }

  #decideAndAppend(command: Command): Promise<Decided> {
    const stream = streamOf(command.category, command.id);
    return this.#queues.run(stream, async () => {
      for (let current = false; ;) {
        if (this.#isThere(command.commandId)) return { outcome: 'before' };
        const revision = this.view.revision(stream);
        const now = this.#time();
        const mismatch = command.ifMatch !== undefined && command.ifMatch !== revision;
        const decision = mismatch ? undefined : this.#decide(command, now);
        if (decision === undefined || isRefused(decision)) {
          const seen = this.view.index;
          if (!current) await this.store.synced();
          current = true;
          if (this.view.index !== seen) continue;
          return decision === undefined
            ? { outcome: 'revision-mismatch', actual: revision }
            : { outcome: 'refused', reasons: decision.refused, receipts: [] };
        }
        const events = this.#encode(command, decision, stream, revision === 'none' ? 0 : revision + 1, now);
        for (const { id } of events) this.#mine.add(id);
        const appended = await this.store.append(stream, events, revision).finally(() => {
          for (const { id } of events) this.#mine.delete(id);
        });
        if (appended.appended)
          return appended.duplicate ? { outcome: 'before' } : { outcome: 'appended', appended, events };
        // Someone else wrote to the stream: decided again, on a view that has it.
        await this.store.synced();
        if (appended.conflict === 'partial-duplicate' && !this.#isThere(command.commandId))
          throw new Error(`ids of ${command.commandId} are taken`);
      }
    });
  }

  #isThere(commandId: string): boolean {
    return this.store.indexOf(eventIdOf(commandId, 0)) !== undefined;
  }

  #decide(
    command: Command,
    now: Instant,
  ): readonly NewEvent[] | { readonly refused: readonly [Refusal, ...Refusal[]] } {
    const decider = this.view.decider(command.category);
    if (!decider) throw new Error(`no context ${command.category}`);
    this.view.now = now;
    const state: unknown = this.view.state(command.category, command.id) ?? decider.initial;
    const { occurredAt, effectiveAt, personal } = command;
    return decider.decide(
      {
        type: command.type,
        id: command.id,
        payload: command.payload,
        actor: command.actor,
        now,
        newId: (category: string) => streamIdOf(category, command.commandId),
        ...(occurredAt === undefined ? {} : { occurredAt }),
        ...(effectiveAt === undefined ? {} : { effectiveAt }),
        ...(personal === undefined ? {} : { personal: { ...personal, person: personal.person ?? command.id } }),
      },
      state,
      this.view,
    ) as readonly NewEvent[] | { readonly refused: readonly [Refusal, ...Refusal[]] };
  }

  #encode(command: Command, events: readonly NewEvent[], stream: string, first: number, now: Instant): EventData[] {
    const record = {
      actor: command.actor.party,
      commandId: command.commandId,
      commandDigest: command.commandDigest,
      correlationId: command.correlationId ?? command.commandId,
      ...(command.causationId === undefined ? {} : { causationId: command.causationId }),
      occurredAt: command.occurredAt ?? now,
      effectiveAt: command.effectiveAt ?? now,
      recordedAt: now,
      source: this.#options.source,
    };
    return events.map((event, n) => {
      const problems = this.#options.validate(event);
      if (problems.length > 0) throw new InvalidEventError(`${event.type}: ${problems.join('; ')}`);
      const sealed: Sealed[] = (event.personal ?? []).map((data) => seal(this.#options.persons, data));
      const id = eventIdOf(command.commandId, n);
      const entry = entryOf(event, sealed, { stream, revision: first + n, id }, record);
      return { id, type: entry.type, data: encodeEntry(entry) };
    });
  }

  async #refused(
    request: CommandRequest,
    reasons: readonly [Refusal, ...Refusal[]],
    commandId: string,
    commandDigest: string,
  ): Promise<Outcome> {
    const denial = this.#options.denialOf?.(request, reasons, this.view);
    if (!denial) return { outcome: 'refused', reasons, receipts: [] };
    if ('first' in denial) {
      const receipt = await this.receipt(denial.first);
      return { outcome: 'refused', reasons, receipts: receipt ? [receipt] : [] };
    }
    const decided = await this.#decideAndAppend({
      ...denial,
      actor: { party: 'system', role: 'system' },
      commandId,
      commandDigest,
    });
    if (decided.outcome === 'before') return (await this.#repeat(commandId, commandDigest)) as Outcome;
    return { outcome: 'refused', reasons, receipts: decided.outcome === 'appended' ? this.#receipts(decided) : [] };
  }

  #done(decided: AppendedNow): Outcome {
    const { stream, revisions, indices } = decided.appended;
    return {
      outcome: 'done',
      stream,
      revision: revisions.at(-1) as number,
      events: decided.events.map(({ id, type }, n) => ({
        id,
        type: typeNameOf(type),
        index: indices[n] as number,
        stream,
        revision: revisions[n] as number,
      })),
      receipts: this.#receipts(decided),
      repeated: false,
    };
  }

  #receipts({ appended, events }: AppendedNow): Receipt[] {
    return events.map(({ data }, n) =>
      receiptOf(this.store, appended.indices[n] as number, data, appended.size, appended.checkpoint),
    );
  }

  /** The original answer to a command that is in the log already, under the latest checkpoint. */
  async #repeat(commandId: string, commandDigest: string): Promise<Outcome | undefined> {
    if (!this.#isThere(commandId)) return undefined;
    // Another process may have written it this moment: then its first events can be here before its last.
    await this.store.synced();
    const indices: number[] = [];
    for (let n = 0; ; n++) {
      const index = this.store.indexOf(eventIdOf(commandId, n));
      if (index === undefined) break;
      indices.push(index);
    }
    const entries = indices.map((index) => this.#entry(index));
    const [first] = entries as [Entry];
    const last = entries.at(-1) as Entry;
    if (first.commanddigest !== commandDigest) return { outcome: 'key-reused' };
    const receipts = (await Promise.all(indices.map((index) => this.receipt(index)))) as Receipt[];
    const rules = first.data['reasons'];
    if (first.type === 'countersign.AccessDenied.v1' && Array.isArray(rules))
      return { outcome: 'refused', reasons: rules as [Refusal, ...Refusal[]], receipts };
    const events = entries.map(({ id, type, subject: stream, streamrevision: revision }, n) => ({
      id,
      type: typeNameOf(type),
      index: indices[n] as number,
      stream,
      revision,
    }));
    return { outcome: 'done', stream: first.subject, revision: last.streamrevision, events, receipts, repeated: true };
  }

  #entry(index: number): Entry {
    const event = this.store.entry(index);
    if (!event) throw new RangeError(`the log has no entry ${index}`);
    return decodeEntry(event.data);
  }
}

const keyOf = ({ cause, rule, category, id }: SystemCommand): string => [cause, rule, category, id].join(' ');

const digestOf = (value: unknown): string => hash('sha256', canonicalJson(value), 'base64url');
