import { jsonText } from './bundle.ts';

/** As much of an entry as keys are told by. */
export interface KeyEntry {
  readonly type: string;
  readonly subject: string;
  readonly data: unknown;
}

/** A JWK with whose it is and what the log says of it: `purpose` for the ledger's own, else `party` and `kid`. */
type Listed = object & { history: { entry: number; event: string }[] };

const PARTY_KEY = 'countersign.PartyKey';
const eventOf = (type: string): string => type.split('.')[1] ?? type;
const PARTY_EVENTS: ReadonlySet<string> = new Set(['PartyKeyAdded', 'PartyKeyRetired', 'PartyKeyCompromised']);

/** The JWK set of a log: each key that an entry brought, with every entry that says something of it. A fold. */
export class KeyHistory {
  readonly #ofLedger: Listed[] = [];
  readonly #ofParties = new Map<string, Listed>();

  add({ type, subject, data }: KeyEntry, index: number): void {
    if (index === 0)
      for (const { purpose, jwk } of foundingKeys(data))
        this.#ofLedger.push({ ...jwkOf(jwk), purpose, history: [{ entry: index, event: eventOf(type) }] } as Listed);
    if (!type.startsWith(PARTY_KEY) || !PARTY_EVENTS.has(eventOf(type))) return;
    const { kid, jwk } = data as { kid: string; jwk?: string };
    const key = `${subject} ${kid}`;
    const said = { entry: index, event: eventOf(type) };
    const held = this.#ofParties.get(key);
    if (held) held.history.push(said);
    else if (said.event === 'PartyKeyAdded' && jwk !== undefined)
      this.#ofParties.set(key, { ...jwkOf(jwk), kid, party: subject, history: [said] } as Listed);
  }

  /** `keys.json` */
  text(): string {
    return jsonText({ keys: [...this.#ofLedger, ...this.#ofParties.values()] });
  }
}

/** The ledger's own keys as entry 0 names them. */
export function foundingKeys(data: unknown): readonly { readonly purpose: string; readonly jwk: string }[] {
  const { keys } = data as { keys?: unknown };
  return Array.isArray(keys) ? (keys as { purpose: string; jwk: string }[]) : [];
}

/** A key that a party gave is its own word: what is no JWK stands in the set as it was given. */
function jwkOf(text: string): object {
  try {
    const jwk: unknown = JSON.parse(text);
    if (typeof jwk === 'object' && jwk !== null && !Array.isArray(jwk)) return jwk;
  } catch {
    // Said below.
  }
  return { unreadable: text };
}
