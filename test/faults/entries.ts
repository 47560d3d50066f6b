/** The rules that concurrent commands could break, checked over the entries alone: no decider, no state of the ledger's. */
import { storedEvents } from './stored.ts';

export interface LogEntry {
  readonly index: number;
  readonly id: string;
  readonly text: string;
  readonly type: string;
  readonly subject: string;
  readonly streamrevision: number;
  readonly actor: string;
  readonly recordedtime: string;
  readonly effectiveat: string;
  // What is in there depends on the type; these are checks of what was written, not code that relies on it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: Readonly<Record<string, any>>;
}

/** In the order of the server. */
export async function entriesOf(url: string, namespace: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const { stream, data } of storedEvents(url, namespace)) {
    if (stream.startsWith('$')) continue;
    const text = Buffer.from(data).toString();
    const entry = JSON.parse(text) as Omit<LogEntry, 'index' | 'text'>;
    entries.push({ ...entry, type: entry.type.split('.')[1] as string, text, index: entries.length });
  }
  return entries;
}

type Amounts = Map<string, number>;
const add = (amounts: Amounts, key: string, amount: number): number => {
  const sum = (amounts.get(key) ?? 0) + amount;
  amounts.set(key, sum);
  return sum;
};
interface Item {
  readonly item: string;
  readonly amount: number;
}

/** Each way in which the entries break a rule; empty if they keep them all. */
export function broken(entries: readonly LogEntry[]): string[] {
  const found: string[] = [];
  const revisions: Amounts = new Map();
  const ids = new Set<string>();
  for (const { id, subject, streamrevision, index } of entries) {
    if (ids.has(id)) found.push(`log: entry ${index}: ${id} twice`);
    ids.add(id);
    if (streamrevision !== add(revisions, subject, 1) - 1) found.push(`log: entry ${index}: revision of ${subject}`);
  }
  return [...found, ...quotas(entries), ...quantities(entries), ...fourEyes(entries), ...bases(entries)];
}

/** R9: at no index are more sessions authorised under a grant's item than it has. */
function* quotas(entries: readonly LogEntry[]): Iterable<string> {
  const granted: Amounts = new Map();
  const used: Amounts = new Map();
  for (const { type, subject, data, index } of entries) {
    if (type === 'GrantRequested')
      for (const { item, amount } of (data['scope'] as { items: Item[] }).items)
        granted.set(`${subject} ${item}`, amount);
    const key = `${subject} ${data['item'] as string}`;
    if (type === 'SessionQuotaReturned') add(used, key, -data['amount']);
    if (type === 'SessionAuthorised' && add(used, key, 1) > (granted.get(key) ?? 0))
      yield `R9: entry ${index}: ${used.get(key)} sessions under ${key}, which has ${granted.get(key)}`;
  }
}

/** R5: at no index is more of an authorisation's item reserved than it has. */
function* quantities(entries: readonly LogEntry[]): Iterable<string> {
  const issued: Amounts = new Map();
  const reserved: Amounts = new Map();
  for (const { type, subject, data, index } of entries) {
    if (type === 'AuthorisationIssued')
      for (const item of (data['scope'] as { items: { item: string; quantity: { amount: number } }[] }).items)
        issued.set(`${subject} ${item.item}`, item.quantity.amount);
    const sign = type === 'AuthorisationDecremented' ? 1 : type === 'AuthorisationReplenished' ? -1 : 0;
    if (sign === 0) continue;
    for (const { item, amount } of data['items'] as Item[]) {
      const key = `${subject} ${item}`;
      if (!(add(reserved, key, sign * amount) <= (issued.get(key) ?? -1)))
        yield `R5: entry ${index}: ${reserved.get(key)} reserved of ${key}, which has ${issued.get(key)}`;
    }
  }
}

/** R6: a grant becomes active after two approvals, of the developer and the allied authority, neither of who asked. */
function* fourEyes(entries: readonly LogEntry[]): Iterable<string> {
  const asked = new Map<string, { party: string; authority: string; developer: string }>();
  const approved = new Map<string, string[]>();
  for (const { type, subject, data, actor, index } of entries) {
    if (type === 'GrantRequested') asked.set(subject, data as never);
    if (type === 'GrantApproved') {
      if (actor === asked.get(subject)?.party) yield `R6: entry ${index}: ${actor} approves what it asked for`;
      if (approved.get(subject)?.includes(actor)) yield `R6: entry ${index}: ${actor} approves ${subject} twice`;
      approved.set(subject, [...(approved.get(subject) ?? []), actor]);
    }
    if (type !== 'GrantActivated') continue;
    const { authority, developer } = asked.get(subject) ?? {};
    const by = new Set(approved.get(subject));
    if (!by.has(authority as string) || !by.has(developer as string))
      yield `R6: entry ${index}: ${subject} is active by ${[...by].join(', ')}`;
  }
}

interface Use {
  readonly index: number;
  readonly recordedtime: string;
  readonly rests: readonly string[];
  /** What of its basis was suspended or over when it was authorised. */
  readonly afterEnding: readonly string[];
  endedBasis: boolean;
  ended?: string;
  voided: boolean;
  returned: boolean;
}

/**
 * R12, R13: a session that was authorised after its basis ended is voided and its quota given back, and no other is; none is
 * left open on a basis that ended. Log order decides, not clocks.
 */
function* bases(entries: readonly LogEntry[]): Iterable<string> {
  for (const [id, { index, recordedtime, afterEnding, endedBasis, ended, voided, returned }] of usesOf(entries)) {
    const what = `entry ${index} (${recordedtime}): ${id}`;
    if (endedBasis && ended === undefined) yield `R12: ${what} was left open on a basis that ended`;
    if (afterEnding.length > 0 && !voided)
      yield `R13: ${what} was authorised after ${afterEnding.join(', ')}, and not voided: ${ended ?? 'open'}`;
    if (afterEnding.length === 0 && voided) yield `R13: ${what} was voided, and its basis held`;
    if (voided !== returned)
      yield `R13: ${what} was ${voided ? '' : 'not '}voided, its quota ${returned ? '' : 'not '}given back`;
  }
}

/** What became of each session that rests on authorisations and grants. */
function usesOf(entries: readonly LogEntry[]): ReadonlyMap<string, Use> {
  /** Stream → what bars it now: each cause → the entry that brought it. */
  const barred = new Map<string, Map<string, string>>();
  const authorisationOf = new Map<string, string>();
  const sessions = new Map<string, Use>();
  for (const { type, subject, data, index, recordedtime } of entries) {
    if (type === 'GrantRequested')
      authorisationOf.set(subject, (data['scope'] as { authorisation: string }).authorisation);
    if (/^(Authorisation|Grant)(Suspended|Revoked)$/.test(type)) {
      const causes = barred.get(subject) ?? new Map<string, string>();
      for (const key of keysOf(data['causes'], type)) causes.set(key, `${type} at ${index} (${recordedtime})`);
      barred.set(subject, causes);
      for (const session of sessions.values()) if (session.rests.includes(subject)) session.endedBasis = true;
    }
    if (/^(Authorisation|Grant)Reinstated$/.test(type))
      for (const key of keysOf(data['lifted'], 'AuthorisationSuspended')) barred.get(subject)?.delete(key);
    if (type === 'SessionAuthorised') {
      const rests = [subject, authorisationOf.get(subject) as string];
      const afterEnding = rests.flatMap((each) => [...(barred.get(each)?.values() ?? [])]);
      sessions.set(data['session'], {
        index,
        recordedtime,
        rests,
        afterEnding,
        endedBasis: afterEnding.length > 0,
        voided: false,
        returned: false,
      });
    }
    if (type === 'SessionQuotaReturned') {
      const use = sessions.get(data['session']);
      if (use) use.returned = true;
    }
    const session = sessions.get(subject);
    if (session && /^Session(TerminationOrdered|Terminated|Completed|Cancelled|Failed|Voided)$/.test(type)) {
      session.ended ??= type;
      session.voided ||= type === 'SessionVoided';
    }
  }
  return sessions;
}

/** Of a grant, what brought or lifted a suspension; all else has one cause. */
const keysOf = (causes: readonly { readonly key: string }[] | undefined, type: string): readonly string[] =>
  causes?.map(({ key }) => key) ?? [type];

/** How much of a grant's item its sessions use in the end, and how much of an authorisation's item grants have reserved. */
export function held(entries: readonly LogEntry[]): Amounts {
  const amounts: Amounts = new Map();
  for (const { type, subject, data } of entries) {
    if (type === 'SessionAuthorised') add(amounts, `${subject} ${data['item']}`, data['reserved']);
    if (type === 'SessionQuotaReturned') add(amounts, `${subject} ${data['item']}`, -data['amount']);
    const sign = type === 'AuthorisationDecremented' ? 1 : type === 'AuthorisationReplenished' ? -1 : 0;
    if (sign !== 0)
      for (const { item, amount } of data['items'] as Item[]) add(amounts, `${subject} ${item}`, sign * amount);
  }
  return amounts;
}
