import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  authorisation,
  authority,
  grant,
  HALYARD_5_0,
  partner,
  partnerParty,
  SEXTANT_5_0,
} from '@countersign/scenario';
import { broken, entriesOf, type LogEntry } from './entries.ts';
import { cannotStart, EventStoreDb } from './eventstoredb.ts';
import { Servers, type Answer } from './servers.ts';

const DEVELOPER = 'party-northlight';
const LA = 'party-us-la';
/** Of the generator: the same commands in each run; how they meet is up to the machine. */
const SEED = Number(process.env['FAULTS_SEED'] ?? 20_261_124);

(cannotStart === undefined ? describe : describe.skip)(
  `any process, any command, on a real server${cannotStart === undefined ? '' : ` (${cannotStart})`}`,
  () => {
    let db: EventStoreDb;
    let servers: Servers;

    beforeAll(async () => {
      execFileSync(process.execPath, ['--conditions=development', 'scripts/build.ts'], {
        cwd: resolve(import.meta.dirname, '../..'),
        stdio: 'ignore',
      });
      db = await EventStoreDb.start(1, 5113);
      servers = new Servers(db.url);
      await servers.start();
      await Promise.all([servers.start(), servers.start()]);
    }, 180_000);
    afterAll(async () => {
      await servers?.stop();
      await db?.stop();
    }, 60_000);

    const openSession = (server: number, country: string, session: string, key?: string) => {
      const [version, modality, tester] = (
        {
          GB: [HALYARD_5_0, 'weights', 'p-01'],
          FR: [SEXTANT_5_0, 'api', 'p-04'],
          DE: [HALYARD_5_0, 'api', 'p-05'],
          JP: [HALYARD_5_0, 'weights', 'p-06'],
          KR: [HALYARD_5_0, 'api', 'p-09'],
        } as Record<string, string[]>
      )[country] as [string, string, string];
      return servers.post(
        server,
        partnerParty(country),
        `grants/${grant(country)}/open-session`,
        {
          session,
          modelVersion: version,
          modality,
          testers: [tester],
          place: country,
          facility: `facility-${country.toLowerCase()}-lab`,
          endUse: 'safety evaluation',
        },
        key,
      );
    };

    test('a retry on another process is answered as the first one was', async () => {
      const [key, session] = [randomUUID(), `session-${randomUUID()}`];
      const first = await openSession(0, 'DE', session, key);
      expect(first.status).toBe(200);
      for (const other of [1, 2, 0]) {
        const again = await openSession(other, 'DE', session, key);
        expect(again.status).toBe(200);
        expect(again.body).toMatchObject({
          stream: first.body['stream'],
          repeated: true,
          events: first.body['events'],
        });
        const entries = (answer: Answer) => (answer.body['receipts'] as { entry: string }[]).map(({ entry }) => entry);
        expect(entries(again)).toEqual(entries(first));
      }
      // The same at the same time everywhere: one of them is the first, and nobody sees half of it.
      for (let round = 0; round < 10; round++) {
        const [same, id] = [randomUUID(), `party-${randomUUID()}`];
        const body = { id, name: 'A party', kind: 'allied-authority', country: 'GB' };
        const answers = await Promise.all(
          [0, 1, 2].map((n) => servers.post(n, 'party-custodian', 'parties', body, same)),
        );
        expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
        expect(new Set(answers.map(({ body: { events } }) => JSON.stringify(events))).size).toBe(1);
        expect(answers.filter(({ body: { repeated } }) => !repeated)).toHaveLength(1);
      }
    });

    test('a caller sees its own writes on every process, and no refusal is made on what is not known yet', async () => {
      for (let round = 0; round < 20; round++) {
        const id = `party-${randomUUID()}`;
        const [here, there] = [round % 3, (round + 1) % 3];
        const made = await servers.post(here, 'party-custodian', 'parties', {
          id,
          name: 'A party',
          kind: 'allied-authority',
          country: 'GB',
        });
        expect(made.status).toBe(201);
        // At once, on another process: it would refuse what it has not heard of.
        const suspended = await servers.post(there, LA, `parties/${id}/suspend-party`, { reason: 'a test' });
        expect(suspended).toMatchObject({ status: 200 });
        const at = (suspended.body['events'] as { index: number }[])[0]?.index as number;
        const third = (round + 2) % 3;
        const seen = await servers.get(third, 'party-custodian', `entries/${at}`, { 'if-position-at-least': `${at}` });
        expect(seen.status).toBe(200);
        expect(JSON.parse(seen.body['entry'])).toMatchObject({ subject: id, type: 'countersign.PartySuspended.v1' });
      }
    });

    test('conflicting commands on three processes keep quota, quantity, four eyes and basis', async () => {
      const random = generator(SEED);
      const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
      const answers: Answer[] = [];
      const open: string[] = [];
      const asked: { id: string; country: string }[] = [];
      const countries = ['GB', 'FR', 'DE', 'JP', 'KR'];
      // Its whole quantity is free again, for the grants that are asked for here to fight over.
      await servers.post(0, DEVELOPER, `grants/${grant('FR')}/revoke-grant`, { reason: 'to be asked for anew' });
      const [model] = (await entriesOf(db.url, servers.namespace)).filter(
        ({ type, subject }) => type === 'GrantRequested' && subject === grant('FR'),
      ) as [LogEntry];
      const scope = model.data['scope'] as { items: { amount: number }[] };
      const one = async (n: number): Promise<void> => {
        const server = Math.floor(random() * 3);
        const dice = random();
        const country = pick(countries.slice(2));
        const to = async (asking: Promise<Answer>) => {
          const answer = await asking;
          answers.push(answer);
          return answer;
        };
        if (dice < 0.5) {
          const session = `session-${randomUUID()}`;
          const answer = await to(openSession(server, pick(['GB', 'DE', 'JP', 'KR']), session));
          if (answer.status === 200) open.push(session);
        } else if (dice < 0.58)
          await to(
            servers.post(server, LA, `authorisations/${authorisation(country)}/suspend-authorisation`, {
              reason: `${n}`,
            }),
          );
        else if (dice < 0.68)
          await to(
            servers.post(server, LA, `authorisations/${authorisation(country)}/reinstate-authorisation`, {
              reason: `${n}`,
            }),
          );
        else if (dice < 0.72)
          await to(
            servers.post(server, authority(country), `grants/${grant(country)}/suspend-grant`, { reason: `${n}` }),
          );
        else if (dice < 0.77)
          await to(
            servers.post(server, authority(country), `grants/${grant(country)}/reinstate-grant`, { reason: `${n}` }),
          );
        else if (dice < 0.82) {
          const session = open.splice(Math.floor(random() * open.length), 1)[0];
          if (session !== undefined)
            await to(servers.post(server, partnerParty('GB'), `sessions/${session}/complete-session`, {}));
        } else if (dice < 0.88 || asked.length === 0) {
          const id = `grant-${randomUUID()}`;
          asked.push({ id, country: 'FR' });
          await to(
            servers.post(server, partnerParty('FR'), 'grants', {
              id,
              partner: partner('FR'),
              scope: { ...scope, items: scope.items.map((item) => ({ ...item, amount: 7 })) },
            }),
          );
        } else {
          // Both approvals, in any order, more than once, on any process; and by who must not.
          const { id } = pick(asked);
          const by = pick([DEVELOPER, authority('FR'), authority('FR'), DEVELOPER, authority('GB')]);
          await to(servers.post(server, by, `grants/${id}/approve-grant`, { of: 'grant' }));
        }
      };
      let n = 0;
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          while (n < 600) await one(n++);
        }),
      );
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      // What follows from the last ones is recorded within the time in which any process looks.
      const settled = async (): Promise<LogEntry[]> => {
        for (let tries = 0; ; tries++) {
          const entries = await entriesOf(db.url, servers.namespace);
          if (broken(entries).length === 0 || tries > 24) return entries;
          await new Promise((done) => setTimeout(done, 500));
        }
      };
      const entries = await settled();
      expect(broken(entries)).toEqual([]);
      const count = (type: string) => entries.filter((entry) => entry.type === type).length;
      // It was a test: there was something to fight over, and someone lost.
      expect(answers.filter(({ status }) => status < 300).length).toBeGreaterThan(50);
      expect(answers.filter(({ status }) => status === 403).length).toBeGreaterThan(20);
      for (const type of ['AuthorisationSuspended', 'SessionTerminationOrdered', 'AuthorisationDecremented'])
        expect(count(type)).toBeGreaterThan(0);
      // Each answer is what is stored, byte for byte, where it says.
      const wrong = answers
        .filter(({ status }) => status < 300)
        .flatMap(({ body }) => body['receipts'] as { index: number; entry: string }[])
        .filter(({ index, entry }) => entries[index]?.text !== entry);
      expect(wrong).toEqual([]);
      console.log(
        `${answers.length} commands on three processes: ${JSON.stringify(
          Object.fromEntries(
            Object.entries(Object.groupBy(answers, ({ status }) => status)).map(([s, a]) => [s, a?.length]),
          ),
        )}; ${entries.length} entries; ${count('SessionVoided')} sessions voided, ${count('SessionTerminationOrdered')} ordered to end`,
      );
    }, 180_000);
  },
);

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
