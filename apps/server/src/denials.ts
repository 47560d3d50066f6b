import {
  denialKeyOf,
  partnerOfParty,
  SAME_REFUSAL_MS,
  type DomainView,
  type Instant,
  type Recorded,
  type Refusal,
} from '@countersign/domain';
import type { SequencedStore } from '@countersign/event-store';
import {
  eventIdOf,
  systemCommandIdOf,
  type CommandRequest,
  type LedgerView,
  type SystemCommand,
} from '@countersign/ledger';

interface Repeated {
  readonly grant: string;
  readonly stream: string;
  readonly until: Instant;
  count: number;
}

/** Where counts are kept until they are recorded: the store's bookkeeping, which is no entry. */
export type DenialCounts = Pick<SequencedStore, 'getMeta' | 'metaKeys' | 'setMeta'>;
const KEYS = 'repeated-refusals/';

/**
 * How refusals of access are recorded (R15): each with every rule that failed; the same again within ten minutes is
 * answered with the first one's receipt and counted, and the count is recorded when the ten minutes end.
 */
export class Denials {
  readonly #kept: DenialCounts;
  /** Each process counts what it answered; a count of one that ended is recorded by another. */
  readonly #node: string;
  #keeping = false;
  #changed = false;
  /** First refusal's event id → how often it came again. */
  readonly #repeated: Map<string, Repeated>;

  constructor(kept: DenialCounts, node: string) {
    this.#kept = kept;
    this.#node = node;
    this.#repeated = new Map(countsIn(kept.getMeta(KEYS + node)));
  }

  /** The command that records a refusal; the log index of the first one, if it is the same again; else undefined. */
  denialOf(
    request: CommandRequest,
    reasons: readonly Refusal[],
    view: LedgerView,
  ): SystemCommand | { readonly first: number } | undefined {
    if (request.type !== 'OpenSession' || request.id === undefined) return undefined;
    const domain = view as unknown as DomainView;
    const grant = domain.state('grant', request.id);
    const { party, role } = request.actor;
    if (grant === undefined || grant.status === 'unknown' || role !== 'trusted-partner') return undefined;
    const { session: _, reserve: __, ...payload } = request.payload as Record<string, unknown>;
    const own = grant.party === party;
    const asked = { grant: request.id, ...payload, ...(own ? {} : { askedBy: party }) };
    const stream = `denial-${own ? grant.partner : (partnerOfParty(domain, party)?.id ?? grant.partner)}`;
    const first = domain.state('denial', stream)?.latest[denialKeyOf(asked, reasons)];
    if (first && view.now - first.at < SAME_REFUSAL_MS) {
      const repeated = this.#repeated.get(first.by) ?? {
        grant: request.id,
        stream,
        until: first.at + SAME_REFUSAL_MS,
        count: 0,
      };
      repeated.count++;
      this.#repeated.set(first.by, repeated);
      this.#keep();
      return { first: first.index };
    }
    return {
      type: 'DenyAccess',
      category: 'denial',
      id: stream,
      payload: { ...asked, reasons },
      cause: grant.scope.authorisation,
      rule: 'R15',
    };
  }

  /** The counts whose ten minutes have ended. */
  due(now: Instant): readonly SystemCommand[] {
    const others = this.#kept
      .metaKeys(KEYS)
      .filter((key) => key !== KEYS + this.#node)
      // Their own process has had ten minutes more to record them.
      .flatMap((key) => due(key.slice(KEYS.length), countsIn(this.#kept.getMeta(key)), now - SAME_REFUSAL_MS));
    return [...due(this.#node, this.#repeated, now), ...others];
  }

  /** Told of each entry: a count of this process that is recorded needs no keeping. Others count the same refusal too. */
  recorded({ type, data, id, stream }: Recorded): void {
    if (type !== 'AccessDenialsCounted') return;
    const { first } = data as { first: string };
    const own = eventIdOf(systemCommandIdOf(first, ruleOf(this.#node), stream), 0);
    if (id === own && this.#repeated.delete(first)) this.#keep();
  }

  /** Not waited for: what a crash takes is the last few milliseconds of a count, never a refusal. */
  #keep(): void {
    this.#changed = true;
    if (!this.#keeping) void this.#keepAll();
  }

  /** One writing at a time, of what there is by then. */
  async #keepAll(): Promise<void> {
    this.#keeping = true;
    while (this.#changed) {
      this.#changed = false;
      await this.#kept
        .setMeta(KEYS + this.#node, Buffer.from(JSON.stringify([...this.#repeated])))
        .catch(() => undefined);
    }
    this.#keeping = false;
  }
}

const countsIn = (kept: Uint8Array | undefined): [string, Repeated][] =>
  kept === undefined ? [] : (JSON.parse(Buffer.from(kept).toString('utf8')) as [string, Repeated][]);

const ruleOf = (node: string): string => `R15 count ${node}`;

/** What records a process's counts whose ten minutes ended by then. */
const due = (node: string, counts: Iterable<[string, Repeated]>, ended: Instant): SystemCommand[] =>
  [...counts]
    .filter(([, { until }]) => until <= ended)
    .map(([first, { grant, stream, count }]) => ({
      type: 'CountDenials',
      category: 'denial',
      id: stream,
      payload: { first, count, grant },
      cause: first,
      rule: ruleOf(node),
    }));
