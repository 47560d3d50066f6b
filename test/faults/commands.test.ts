import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseProof } from '@countersign/log';
import { authorisation, grant } from '@countersign/scenario';
import {
  atOnce,
  Commands,
  contestBasis,
  contestQuantity,
  contestQuota,
  DEVELOPER,
  done,
  ITEM,
  LA,
  rulesOf,
  storm,
  type Round,
  voidedUnder,
} from './commands.ts';
import { broken, held, type LogEntry } from './entries.ts';
import { EventStoreDb, onRealServer } from './eventstoredb.ts';
import { judgeCheckpoints } from './judge.ts';
import { Servers, type Answer } from './servers.ts';

/** Of the storm: the same commands in each run; how they meet is up to the machine. */
const SEED = Number(process.env['FAULTS_SEED'] ?? 20_261_124);
const [QUANTITY, QUOTA] = [20, 5];

onRealServer('any process, any command', () => {
  let db: EventStoreDb;
  beforeAll(async () => {
    execFileSync(process.execPath, ['--conditions=development', 'scripts/build.ts'], {
      cwd: resolve(import.meta.dirname, '../..'),
      stdio: 'ignore',
    });
    db = await EventStoreDb.start(1, 5113);
  }, 120_000);
  afterAll(() => db?.stop());

  describe.each([
    ['with one time', [0, 0, 0]],
    ['with clocks 90 s apart', [-90_000, 0, 90_000]],
  ])('%s', (what, skewsMs) => {
    let servers: Servers;
    let commands: Commands;
    /** Of the entries: the story and what founds the ledger. */
    let told: number;

    beforeAll(async () => {
      servers = new Servers(db.url, skewsMs);
      await servers.start();
      await Promise.all([servers.start(), servers.start()]);
      commands = new Commands(servers, db.url);
      told = (await commands.entries()).length;
    }, 120_000);
    afterAll(() => servers?.stop(), 60_000);

    test('a retry on another process is answered as the first one was', async () => {
      const [key, session] = [randomUUID(), `session-${randomUUID()}`];
      const first = await commands.openSession(0, 'DE', session, { key });
      expect(first.status).toBe(200);
      for (const other of [1, 2, 0]) {
        const again = await commands.openSession(other, 'DE', session, { key });
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

    describe('amid conflicting commands', () => {
      let asked: readonly string[];
      let quantity: Awaited<ReturnType<typeof contestQuantity>>;
      let quotas: (readonly [string, readonly Answer[]])[];
      let basis: Awaited<ReturnType<typeof contestBasis>>;
      let entries: readonly LogEntry[];
      let amounts: ReadonlyMap<string, number>;
      /** What was written after the story. */
      const of = (type: string) => entries.filter((entry) => entry.type === type && entry.index >= told);
      const brokenRules = (...rules: string[]) =>
        broken(entries).filter((each) => rules.some((rule) => each.startsWith(rule)));

      beforeAll(async () => {
        const revoked = await commands.give(0, DEVELOPER, `grants/${grant('FR')}/revoke-grant`, {
          reason: 'for others',
        });
        expect(revoked.status).toBe(200);
        const [model] = (await commands.entries()).filter(
          ({ type, subject }) => type === 'GrantRequested' && subject === grant('FR'),
        ) as [LogEntry];
        [asked, , basis] = await Promise.all([
          storm(commands, SEED, model.data['scope'] as { items: object[] }),
          (async () => {
            quantity = await contestQuantity(commands, QUANTITY, QUOTA);
            quotas = [];
            for (const id of quantity.active) quotas.push([id, await contestQuota(commands, id, QUOTA)]);
          })(),
          contestBasis(commands, {
            atMost: 200,
            lift: 'later',
            enough: (under, all) => voidedUnder(all, under).length > 0,
          }),
        ]);
        entries = await commands.entriesOnce((all) => broken(all).length === 0);
        amounts = held(entries);
        console.log(`${what}: ${figures(commands.answers, entries.slice(told))}`);
      }, 300_000);

      test('no command fails, and each answer is what is stored, byte for byte, where it says', () => {
        expect(commands.answers.filter(({ status }) => status >= 500)).toEqual([]);
        expect(receiptsIn(commands.answers).filter(({ index, entry }) => entries[index]?.text !== entry)).toEqual([]);
        expect(brokenRules('log')).toEqual([]);
      });

      test('nothing forks', async () => {
        const shown = receiptsIn(commands.answers).map(({ proof }) => parseProof(proof).checkpoint);
        const judged = await judgeCheckpoints(db.url, servers.namespace, shown, servers.logKey);
        expect(judged.forked).toEqual([]);
        expect(judged.checkpoints).toBeGreaterThan(100);
        console.log(`${what}: ${judged.checkpoints} checkpoints compared, ${judged.forked.length} forks`);
      });

      test('R5: a quantity is used to the last session, and who gets none waits for that alone', () => {
        expect(brokenRules('R5')).toEqual([]);
        expect(quantity.first).toBe(QUANTITY / QUOTA);
        expect(quantity.grants).toHaveLength(QUANTITY / QUOTA + 2);
        // When one gave its quantity back, one of the two that wait had it, and not the other.
        expect(quantity.active).toHaveLength(QUANTITY / QUOTA);
        expect(amounts.get(`${quantity.licence} ${ITEM}`)).toBe(QUANTITY);
        // In the storm, of France's 20 the story used 2, so there are six for three.
        expect(asked.length).toBeGreaterThan(3);
        expect(of('GrantActivated').filter(({ subject }) => asked.includes(subject))).toHaveLength(3);
        expect(amounts.get(`${authorisation('FR')} sextant-api`)).toBe(20);
      });

      test('R6: who approves on three processes at once has one voice, and in another role none', () => {
        expect(brokenRules('R6')).toEqual([]);
        expect(quantity.tooEarly).toEqual([]);
        expect(quantity.approvals).toHaveLength(2 * (QUANTITY / QUOTA + 2));
        for (const { grant: id, by, taken, late, inAnotherRole } of quantity.approvals) {
          // Too late: approved already, and maybe no longer asked for.
          expect(late.filter((each) => atOnce(each, taken))).toHaveLength(2);
          for (const each of late) expect(new Set(rulesOf(each))).toEqual(new Set(['wrong-state']));
          expect(inAnotherRole.filter(done)).toEqual([]);
          const [own, whoAsked] = inAnotherRole as [Answer, Answer];
          expect(rulesOf(own)).toContain('not-entitled');
          expect(rulesOf(whoAsked)).toContain('four-eyes');
          expect(of('GrantApproved').filter(({ subject, actor }) => subject === id && actor === by)).toHaveLength(1);
        }
        const attacked = quantity.approvals.filter(({ taken, inAnotherRole }) =>
          inAnotherRole.some((each) => atOnce(each, taken)),
        );
        expect(attacked).not.toEqual([]);
      });

      test('R9: a quota is used to the last session, and everyone else is refused for that alone', () => {
        expect(brokenRules('R9')).toEqual([]);
        expect(quotas.length).toBe(QUANTITY / QUOTA);
        for (const [id, asking] of quotas) {
          expect(asking.filter(done).length).toBe(QUOTA);
          const refused = asking.filter((each) => !done(each)).map(rulesOf);
          expect(refused).toEqual(Array.from({ length: 3 * QUOTA }, () => ['quota-exhausted']));
          expect(amounts.get(`${id} ${ITEM}`)).toBe(QUOTA);
          const last = of('SessionAuthorised').findLast(({ subject }) => subject === id) as LogEntry;
          const recorded = of('AccessDenied').filter(({ data }) => data['grant'] === id);
          expect(recorded).not.toEqual([]);
          expect(recorded.filter(({ index }) => index < last.index)).toEqual([]);
        }
        // More than one process gave them away.
        const givers = quotas.map(([, asking]) => new Set(asking.filter(done).map(({ server }) => server)).size);
        expect(Math.max(...givers)).toBeGreaterThan(1);
      });

      test('R12, R13: what was authorised after its basis ended elsewhere is voided, what was before is ended', () => {
        expect(of('SessionTerminationOrdered')).not.toEqual([]);
        const voided = voidedUnder(entries, basis.id);
        if (voided.length === 0) throw new Error(`no session was voided in ${basis.rounds.length} rounds`);
        for (const session of voided) {
          const voiding = of('SessionVoided').find(({ subject }) => subject === session) as LogEntry;
          const authorised = of('SessionAuthorised').find(({ data }) => data['session'] === session) as LogEntry;
          const cause = of('AuthorisationSuspended').find(({ id }) => id === voiding.data['cause']) as LogEntry;
          expect(cause).toMatchObject({ subject: basis.licence });
          expect(cause.index).toBeLessThan(authorised.index);
          // Its tester was told that it is open, while the licence was suspended on another process.
          const round = basis.rounds.find(({ opened }) => opened.some((each) => isOf(each, authorised))) as Round;
          const opened = round.opened.find((each) => isOf(each, authorised)) as Answer;
          expect(opened.status).toBe(200);
          expect(isOf(round.suspended, cause)).toBe(true);
          expect(atOnce(opened, round.suspended)).toBe(true);
          expect(opened.server).not.toBe(round.suspended.server);
        }
        expect(brokenRules('R12', 'R13')).toEqual([]);
      });
    });

    test('R12, R13: a suspension that is lifted at once has ended what rested on it all the same', async () => {
      const before = new Set(broken(await commands.entries()));
      const sessionsIn = (rounds: readonly Round[]) => rounds.flatMap(({ opened }) => opened.filter(done));
      const { rounds } = await contestBasis(commands, { atMost: 20, lift: 'at once', enough: () => false });
      expect(rounds.filter(({ lifted, suspended }) => done(lifted) && atOnce(lifted, suspended))).not.toEqual([]);
      expect(sessionsIn(rounds)).not.toEqual([]);
      const entries = await commands.entriesOnce((all) => broken(all).every((each) => before.has(each)));
      expect(broken(entries).filter((each) => !before.has(each))).toEqual([]);
    }, 120_000);
  });
});

const receiptsIn = (answers: readonly Answer[]) =>
  answers.flatMap(({ body }) => (body['receipts'] ?? []) as { index: number; entry: string; proof: string }[]);

/** Whether an answer tells of an entry. */
const isOf = ({ body }: Answer, { id }: LogEntry): boolean =>
  ((body['events'] ?? []) as { id: string }[]).some((event) => event.id === id);

/** What was asked and answered, and what was written meanwhile. */
function figures(answers: readonly Answer[], since: readonly LogEntry[]): string {
  const counted = (of: readonly string[]) =>
    Object.entries(Object.groupBy(of, (each) => each))
      .map(([each, all]) => `${all?.length} ${each}`)
      .join(', ');
  const refused = answers.filter((answer) => !done(answer));
  const rules = refused.map((answer) => [...new Set(rulesOf(answer))].join(' + ') || `status ${answer.status}`);
  return [
    `${answers.length} commands, ${answers.length - refused.length} done, ${refused.length} refused`,
    `refused by ${counted(rules)}`,
    `${since.length} entries: ${counted(since.map(({ type }) => type))}`,
  ].join('\n');
}
