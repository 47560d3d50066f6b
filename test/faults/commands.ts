/** Commands at the servers of one ledger that get in each other's way, and what each was answered. */
import { randomUUID } from 'node:crypto';
import {
  authorisation,
  authority,
  grant,
  HALYARD,
  HALYARD_5_0,
  partner,
  partnerParty,
  SEXTANT_5_0,
} from '@countersign/scenario';
import { entriesOf, type LogEntry } from './entries.ts';
import { pause } from './eventstoredb.ts';
import type { Answer, By, Servers } from './servers.ts';

export const DEVELOPER = 'party-northlight';
export const LA = 'party-us-la';
const INSURER = 'party-ins-1';
const PERIOD = { from: '2026-07-22T00:00:00.000Z', until: '2036-07-21T00:00:00.000Z' };
export const SERVERS = [0, 1, 2] as const;
/** The item that the contests are about, of one session each. */
export const ITEM = 'halyard-api';

/** What a tester of each country uses. */
const USES: Readonly<Record<string, readonly [version: string, modality: string, tester: string]>> = {
  GB: [HALYARD_5_0, 'weights', 'p-01'],
  FR: [SEXTANT_5_0, 'api', 'p-04'],
  DE: [HALYARD_5_0, 'api', 'p-05'],
  JP: [HALYARD_5_0, 'weights', 'p-06'],
  KR: [HALYARD_5_0, 'api', 'p-09'],
};

export const done = ({ status }: Answer): boolean => status < 300;
/** Each rule that a refusal names. */
export const rulesOf = ({ body }: Answer): readonly string[] =>
  ((body['reasons'] ?? []) as { rule: string }[]).map(({ rule }) => rule);
/** Whether two commands were under way at the same moment. */
export const atOnce = (one: Answer, other: Answer): boolean => one.sent < other.answered && other.sent < one.answered;
const one = <T>(of: readonly T[]): T => {
  if (of.length !== 1) throw new Error(`one was expected, and there are ${of.length}: ${JSON.stringify(of)}`);
  return of[0] as T;
};

export class Commands {
  readonly answers: Answer[] = [];
  readonly #servers: Servers;
  readonly #url: string;

  constructor(servers: Servers, url: string) {
    this.#servers = servers;
    this.#url = url;
  }

  entries(): Promise<LogEntry[]> {
    return entriesOf(this.#url, this.#servers.namespace);
  }

  async give(server: number, by: By, path: string, body: object = {}, key?: string): Promise<Answer> {
    const answer = await this.#servers.post(server, by, path, body, key);
    this.answers.push(answer);
    return answer;
  }

  /** One that nothing gets in the way of. */
  async #must(server: number, by: By, path: string, body: object = {}): Promise<Answer> {
    const answer = await this.give(server, by, path, body);
    if (!done(answer)) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  openSession(
    server: number,
    country: string,
    session: string,
    { key, under = grant(country) }: { key?: string; under?: string } = {},
  ): Promise<Answer> {
    const [modelVersion, modality, tester] = USES[country] as readonly [string, string, string];
    const body = {
      session,
      modelVersion,
      modality,
      testers: [tester],
      place: country,
      facility: `facility-${country.toLowerCase()}-lab`,
      endUse: 'safety evaluation',
    };
    return this.give(server, partnerParty(country), `grants/${under}/open-session`, body, key);
  }

  approve(server: number, by: By, id: string): Promise<Answer> {
    return this.give(server, by, `grants/${id}/approve-grant`, { of: 'grant' });
  }

  /** A licence of its own for KR, of so many sessions. */
  async licence(amount: number): Promise<string> {
    const id = `authorisation-${randomUUID()}`;
    const item = { item: ITEM, family: HALYARD, modality: 'api', quantity: { unit: 'sessions', amount } };
    await this.#must(0, DEVELOPER, 'authorisations', {
      id,
      partner: partner('KR'),
      instrument: 'instrument-ins-1',
      reference: id,
      scope: {
        items: [{ ...item, countries: ['KR'] }],
        facilities: 'all',
        destinations: 'all',
        endUses: ['safety evaluation'],
        period: PERIOD,
      },
    });
    await this.#must(1, LA, `authorisations/${id}/issue-authorisation`, { conditions: [] });
    return id;
  }

  /** Asks for a grant under a licence of KR's, whose liability is in force: only the approvals are missing. */
  async askUnder(licence: string, amount: number): Promise<string> {
    const [version, , tester] = USES['KR'] as readonly [string, string, string];
    return await this.ask('KR', {
      authorisation: licence,
      items: [{ item: ITEM, amount, versions: [version] }],
      testers: [tester],
      facilities: ['facility-kr-lab'],
      places: ['KR'],
      endUses: ['safety evaluation'],
      period: PERIOD,
      criteriaSet: 'criteria-tpc-1',
    });
  }

  /** Asks for a grant, and has its liability countersigned by everyone, each on the next server. */
  async ask(country: string, scope: object, from = 0): Promise<string> {
    const [id, liability] = [`grant-${randomUUID()}`, `liability-${randomUUID()}`];
    const at = (n: number) => (from + n) % SERVERS.length;
    const mine = partnerParty(country);
    await this.#must(at(0), mine, 'grants', { id, partner: partner(country), scope });
    const share = (party: string, basisPoints: number) => ({ party, basisPoints });
    const proposed = await this.#must(at(1), DEVELOPER, 'liabilities', {
      id: liability,
      grant: id,
      terms: {
        modalities: ['api'],
        heads: [
          {
            head: 'data-breach',
            regime: 'several',
            shares: [share(DEVELOPER, 6000), share(mine, 4000)],
            layers: [{ kind: 'insurance', party: INSURER, limit: { amount: '100', currency: 'EUR' } }],
          },
        ],
        trigger: 'occurrence',
        noticeDays: 30,
        governingLaw: 'CH',
        period: PERIOD,
        insuranceRequired: false,
      },
    });
    const [{ entry }] = proposed.body['receipts'] as [{ entry: string }];
    const { digest } = (JSON.parse(entry) as { data: { digest: string } }).data;
    await Promise.all(
      [DEVELOPER, mine, INSURER].map((by, n) =>
        this.#must(at(n), by, `liabilities/${liability}/countersign-liability`, { digest }),
      ),
    );
    return id;
  }

  /** What nothing gets in the way of: an active grant under a licence of its own. */
  async granted(amount: number): Promise<{ licence: string; id: string }> {
    const licence = await this.licence(amount);
    const id = await this.askUnder(licence, amount);
    await this.#must(0, authority('KR'), `grants/${id}/approve-grant`, { of: 'grant' });
    await this.#must(1, DEVELOPER, `grants/${id}/approve-grant`, { of: 'grant' });
    return { licence, id };
  }

  suspend(server: number, licence: string, reason: string): Promise<Answer> {
    return this.give(server, LA, `authorisations/${licence}/suspend-authorisation`, { reason });
  }

  reinstate(server: number, licence: string, reason: string): Promise<Answer> {
    return this.give(server, LA, `authorisations/${licence}/reinstate-authorisation`, { reason });
  }

  /** The entries once they are as they should be, or after twelve seconds: what a rule makes follow takes a moment. */
  async entriesOnce(asTheyShould: (entries: readonly LogEntry[]) => boolean): Promise<LogEntry[]> {
    for (let tries = 0; ; tries++) {
      const entries = await this.entries();
      if (asTheyShould(entries) || tries > 24) return entries;
      await pause(500);
    }
  }
}

/** The one approval that was taken of those that one party gave at the same moment, and the ones that were too late. */
export interface Approval {
  readonly grant: string;
  readonly by: string;
  readonly taken: Answer;
  readonly late: readonly Answer[];
  /** Of the same party, or of who asked, with a token of the role that is missing. */
  readonly inAnotherRole: readonly Answer[];
}

/** More is asked for than there is, by grants that lack nothing else; every approval is given on every server at once. */
export async function contestQuantity(commands: Commands, quantity: number, each: number) {
  const licence = await commands.licence(quantity);
  const grants = await Promise.all(Array.from({ length: quantity / each + 2 }, () => commands.askUnder(licence, each)));
  const approvals: Approval[] = [];
  const everywhere = async (by: string, missing: 'developer' | 'allied-authority') => {
    const approved = await Promise.all(
      grants.map(async (id, n): Promise<Approval> => {
        const own = Promise.all(SERVERS.map((server) => commands.approve((server + n) % 3, by, id)));
        const other = Promise.all(
          [by, partnerParty('KR')].map((party, m) => commands.approve((n + m) % 3, { party, as: missing }, id)),
        );
        const answers = await own;
        const taken = one(answers.filter(done));
        return { grant: id, by, taken, late: answers.filter((a) => a !== taken), inAnotherRole: await other };
      }),
    );
    approvals.push(...approved);
  };
  await everywhere(authority('KR'), 'developer');
  // The same party on all servers, in either role, makes nothing active.
  const tooEarly = (await commands.entries()).filter(
    ({ type, subject }) => type === 'GrantActivated' && grants.includes(subject),
  );
  await everywhere(DEVELOPER, 'allied-authority');
  const activated = (entries: readonly LogEntry[]) =>
    entries.filter(({ type, subject }) => type === 'GrantActivated' && grants.includes(subject));
  const full = quantity / each;
  const first = activated(await commands.entriesOnce((entries) => activated(entries).length >= full));
  // What one gives back is all that the others wait for: one of them has it, and no more.
  const [gone] = first as [LogEntry];
  await commands.give(2, DEVELOPER, `grants/${gone.subject}/revoke-grant`, { reason: 'for another one' });
  const last = activated(await commands.entriesOnce((entries) => activated(entries).length >= full + 1));
  await pause(2500);
  return {
    licence,
    grants,
    approvals,
    tooEarly,
    first: first.length,
    active: last.map(({ subject }) => subject).filter((id) => id !== gone.subject),
  };
}

/** Four times as many sessions as a grant has, all asked for at once, on all servers. */
export async function contestQuota(commands: Commands, id: string, quota: number): Promise<readonly Answer[]> {
  return await Promise.all(
    Array.from({ length: quota * 4 }, (_, n) =>
      commands.openSession(n % 3, 'KR', `session-${randomUUID()}`, { under: id }),
    ),
  );
}

export interface Round {
  readonly suspended: Answer;
  readonly opened: readonly Answer[];
  readonly lifted: Answer;
}

/**
 * A licence is suspended on one server while sessions under it are opened on the others, again and again until enough was
 * seen. It is reinstated once the suspension is answered, or, if at once, as soon as another server takes that.
 */
export async function contestBasis(
  commands: Commands,
  {
    atMost,
    lift,
    enough,
  }: { atMost: number; lift: 'at once' | 'later'; enough: (under: string, entries: readonly LogEntry[]) => boolean },
) {
  const { licence, id } = await commands.granted(2000);
  const rounds: Round[] = [];
  while (rounds.length < atMost) {
    const n = rounds.length;
    const at = n % 3;
    const opening = Array.from({ length: 8 }, async (_, m) => {
      await pause(m * 2);
      return await commands.openSession((at + 1 + (m % 2)) % 3, 'KR', `session-${randomUUID()}`, { under: id });
    });
    const suspending = pause(n % 12).then(() => commands.suspend(at, licence, `round ${n}`));
    const reinstate = () => commands.reinstate((at + 1 + (n % 2)) % 3, licence, `round ${n}`);
    if (lift === 'later') await suspending;
    let lifted = await reinstate();
    for (let tries = 0; !done(lifted) && tries < 100; tries++) lifted = await reinstate();
    rounds.push({ suspended: await suspending, opened: await Promise.all(opening), lifted });
    if (rounds.length % 5 === 0 && enough(id, await commands.entries())) break;
  }
  return { licence, id, rounds };
}

/** The sessions under a grant that were voided. */
export const voidedUnder = (entries: readonly LogEntry[], id: string): readonly string[] => {
  const under = new Set(
    entries
      .filter(({ type, subject }) => type === 'SessionAuthorised' && subject === id)
      .map(({ data }) => data['session'] as string),
  );
  return entries.filter(({ type, subject }) => type === 'SessionVoided' && under.has(subject)).map((e) => e.subject);
};

/** Of the story's grants and licences, whatever comes; and grants that are asked for in France, of six sessions each. */
export async function storm(commands: Commands, seed: number, scope: { items: readonly object[] }): Promise<string[]> {
  const random = generator(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const open: string[] = [];
  const asked: string[] = [];
  const items = scope.items.map((item) => ({ ...item, amount: 6 }));
  const step = async (n: number): Promise<void> => {
    const server = Math.floor(random() * 3);
    const dice = random();
    const country = pick(['DE', 'JP', 'KR']);
    const ofAuthority = (how: string) =>
      commands.give(server, authority(country), `grants/${grant(country)}/${how}`, { reason: `${n}` });
    if (dice < 0.5) {
      const session = `session-${randomUUID()}`;
      if (done(await commands.openSession(server, pick(['GB', 'DE', 'JP', 'KR']), session))) open.push(session);
    } else if (dice < 0.58) await commands.suspend(server, authorisation(country), `${n}`);
    else if (dice < 0.68) await commands.reinstate(server, authorisation(country), `${n}`);
    else if (dice < 0.72) await ofAuthority('suspend-grant');
    else if (dice < 0.77) await ofAuthority('reinstate-grant');
    else if (dice < 0.82) {
      const session = open.splice(Math.floor(random() * open.length), 1)[0];
      if (session !== undefined)
        await commands.give(server, partnerParty('GB'), `sessions/${session}/complete-session`);
    } else if (dice < 0.85 || asked.length === 0) asked.push(await commands.ask('FR', { ...scope, items }, server));
    else {
      // Both approvals, in any order, more than once, on any server; and by who must not.
      const by = pick([DEVELOPER, authority('FR'), authority('FR'), DEVELOPER, authority('GB')]);
      await commands.approve(server, by, pick(asked));
    }
  };
  let n = 0;
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      while (n < 600) await step(n++);
    }),
  );
  // Whatever is not approved yet is now, by both at once.
  await Promise.all(
    asked.flatMap((id, m) => [
      commands.approve(m % 3, DEVELOPER, id),
      commands.approve((m + 1) % 3, authority('FR'), id),
    ]),
  );
  return asked;
}

/** mulberry32: numbers in [0, 1), the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
