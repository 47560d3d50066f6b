import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Recorded } from '@countersign/domain';
import { decodeEntry, recordedOf, StoryClock } from '@countersign/ledger';
import {
  authority,
  History,
  inForce,
  inForceOn,
  matrix,
  ReadModels,
  refusals,
  replay,
  session,
  StatesAt,
  usage,
  type Entries,
  type EntrySource,
  type Moment,
  type States,
} from '@countersign/read-models';
import { grant, STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';

const folder = mkdtempSync(join(tmpdir(), 'read-models-'));
const history = new History();

beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  const opened = await openLedger(settingsFrom({ DATA_DIR: join(folder, 'story') }, []), clock);
  const app = await applicationOver(opened, false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  await tellStory(app, opened.ledger, opened.tokens, clock);
  for (const { data, index } of opened.ledger.store.entries(0, opened.ledger.store.size))
    history.add(recordedOf(decodeEntry(data), index));
  await app.close();
  await opened.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const sourceOf = (of: Entries): EntrySource => ({ get: (index) => of.get(index), indexOf: (id) => of.byId(id)?.index });
let files = 0;
const file = () => join(folder, `models-${files++}.sqlite`);

/** Every answer, as bytes. */
function answers(at: (moment: Moment) => States, entries: Entries, moment: Moment): string {
  const states = at(moment);
  const sessions = states
    .all('session')
    .flatMap((id) => [session(states, entries, id), authority(states, entries, at, id)]);
  const streams = ['session-s9', 'audit-aud-1', ...states.all('grant')].map((id) => replay(entries, moment, id));
  return JSON.stringify([matrix(states), inForce(states), usage(states), refusals(entries, moment), sessions, streams]);
}
const byFold = (moment: Moment) => answers((each) => new StatesAt(history, each), history, moment);
const byRows = (models: ReadModels, moment: Moment) => answers((each) => models.at(each), models, moment);

describe('the read models', () => {
  test('have a whole story to tell', () => expect(history.head).toBeGreaterThan(300));

  test('answer as folding the entries does, as of any moment and as known at any other', async () => {
    const models = ReadModels.open(file(), sourceOf(history));
    await models.catchUp(() => history.head);
    const begins = Date.parse(STORY_BEGINS);
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: history.head }),
        fc.integer({ min: begins - 60 * 86_400_000, max: begins + 200 * 86_400_000 }),
        (index, time) => {
          expect(byRows(models, { index, time })).toBe(byFold({ index, time }));
          expect(models.lastBy(time)).toBe(history.lastBy(time));
        },
      ),
      { numRuns: 60 },
    );
    models.close();
  });

  test('give the same bytes when they are made anew, and when they are rebuilt while they answer', async () => {
    const [one, two] = [file(), file()].map((path) => ReadModels.open(path, sourceOf(history))) as [
      ReadModels,
      ReadModels,
    ];
    const half = Math.floor(history.head / 2);
    await one.catchUp(() => half);
    const rebuilding = one.rebuild();
    for (let index = half + 1; index <= history.head; index++) one.apply(history.get(index) as Recorded);
    await rebuilding;
    await two.catchUp(() => history.head);
    const moment = { index: history.head, time: history.logTime(history.head) };
    expect(byRows(one, moment)).toBe(byRows(two, moment));
    expect(byRows(one, moment)).toBe(byFold(moment));
    one.close();
    two.close();
  });

  test('go on after a crash where their last commit was', async () => {
    const path = file();
    const models = ReadModels.open(path, sourceOf(history));
    await models.catchUp(() => 100);
    for (let index = 101; index <= 150; index++) models.apply(history.get(index) as Recorded); // not committed
    const after = ReadModels.open(path, sourceOf(history));
    expect(after.head).toBe(100);
    models.close();
    after.close();
    const again = ReadModels.open(path, sourceOf(history));
    await again.catchUp(() => history.head);
    const moment = { index: history.head, time: history.logTime(history.head) };
    expect(byRows(again, moment)).toBe(byFold(moment));
    again.close();
  });

  test('of another log are made anew', async () => {
    const path = file();
    const models = ReadModels.open(path, sourceOf(history));
    await models.catchUp(() => 100);
    models.close();
    const other = new History();
    for (let index = 0; index <= 100; index++) {
      const entry = history.get(index) as Recorded;
      other.add({ ...entry, id: `other-${index}` as Recorded['id'] });
    }
    expect(ReadModels.open(path, sourceOf(other)).head).toBe(-1);
  });

  test.each<readonly [string, (path: string) => void]>([
    ['is no database', (path) => writeFileSync(path, 'no database at all'.repeat(500))],
    [
      'is a database of something else',
      (path) => {
        rmSync(path);
        const db = new DatabaseSync(path);
        db.exec('CREATE TABLE meta (a, b, c)');
        db.close();
      },
    ],
    [
      'was not closed and has damaged pages',
      (path) => {
        const db = new DatabaseSync(path);
        db.exec("UPDATE meta SET value = 'no' WHERE key = 'closed'; PRAGMA wal_checkpoint(TRUNCATE)");
        db.close();
        const bytes = readFileSync(path);
        bytes.fill(0x5a, 8192 * 3, 8192 * 12);
        writeFileSync(path, bytes);
      },
    ],
  ])('are made anew from a file that %s', async (_, spoil) => {
    const path = file();
    const models = ReadModels.open(path, sourceOf(history));
    await models.catchUp(() => history.head);
    models.close();
    spoil(path);
    const again = ReadModels.open(path, sourceOf(history));
    expect(again.head).toBe(-1);
    await again.catchUp(() => history.head);
    const moment = { index: history.head, time: history.logTime(history.head) };
    expect(byRows(again, moment)).toBe(byFold(moment));
    again.close();
  });

  test('know the times at which a stream may change as the entries do', async () => {
    const models = ReadModels.open(file(), sourceOf(history));
    await models.catchUp(() => history.head);
    for (const [stream, index] of [
      ['instrument-ins-1', history.head],
      [grant('KR'), history.head],
      [grant('KR'), 250],
    ] as const) {
      const distinct = (times: Iterable<number>) => [...new Set(times)].sort();
      expect(distinct(models.timesOf(stream, index))).toEqual(distinct(history.timesOf(stream, index)));
    }
    models.close();
  });

  test('list every state that a day saw, as looking at each of its minutes does', async () => {
    const models = ReadModels.open(file(), sourceOf(history));
    await models.catchUp(() => history.head);
    const statusAt = (time: number, index: number) =>
      new Map(
        inForce(models.at({ index, time })).map(({ id, status, because, name }) => [
          id,
          JSON.stringify([name, status, because]),
        ]),
      );
    for (const asOf of [
      '2026-07-21',
      '2026-07-22',
      '2026-08-20',
      '2026-08-26',
      '2026-09-01',
      '2026-09-02',
      '2036-07-21',
    ])
      for (const known of ['then', 'now', '300']) {
        const position = models.moment({ asOf, known });
        if ('problem' in position || position.day === undefined) throw new Error('no day');
        const { day, knownAt } = position;
        const rows = inForceOn(models, (moment) => models.at(moment), day, knownAt);
        for (let time = day.from; time <= day.to; time += 300_000) {
          const told = rows.filter(
            ({ from = '', until }) => Date.parse(from) <= time && (until === undefined || time < Date.parse(until)),
          );
          expect([
            asOf,
            known,
            time,
            new Map(told.map(({ id, status, because, name }) => [id, JSON.stringify([name, status, because])])),
          ]).toEqual([asOf, known, time, statusAt(time, knownAt(time))]);
        }
      }
    models.close();
  });

  test('hold whatever the entries’ times are: in the past, in the future, twice the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            stream: fc.integer({ min: 0, max: 2 }),
            time: fc.integer({ min: 0, max: 8 }),
            suspend: fc.boolean(),
          }),
          {
            maxLength: 40,
          },
        ),
        async (facts) => {
          const log = new History();
          facts.forEach(({ stream, time, suspend }, index) => {
            const name = `party-${stream}`;
            const revision = log.entries.filter((entry) => entry.stream === name).length;
            log.add({
              type: revision === 0 ? 'PartyRegistered' : suspend ? 'PartySuspended' : 'PartyKeyAdded',
              data:
                revision === 0
                  ? { name, kind: 'developer', country: 'GB' }
                  : suspend
                    ? { reason: `at ${index}` }
                    : { kid: `k${index}`, jwk: 'x'.repeat(index % 3 === 0 ? 5000 : 5) },
              refs: { parties: [name, `other-${time}`] },
              id: `event-${index}` as Recorded['id'],
              stream: name,
              revision,
              index,
              actor: 'system',
              occurredAt: time,
              effectiveAt: time,
              recordedAt: index,
            });
          });
          const path = file();
          let models = ReadModels.open(path, sourceOf(log));
          await models.catchUp(() => Math.floor(log.head / 2));
          models.close();
          models = ReadModels.open(path, sourceOf(log)); // streams are read back
          await models.catchUp(() => log.head);
          for (let index = -1; index <= log.head; index++)
            for (let time = -1; time <= 9; time++) {
              const [rows, fold] = [models.at({ index, time }), new StatesAt(log, { index, time })];
              expect(rows.all('party')).toEqual(fold.all('party'));
              for (const stream of ['party-0', 'party-1', 'party-2'])
                expect(JSON.stringify(rows.state('party', stream))).toBe(JSON.stringify(fold.state('party', stream)));
              for (let other = 0; other <= 8; other += 4)
                expect(rows.related('party', 'parties', `other-${other}`)).toEqual(
                  fold.related('party', 'parties', `other-${other}`),
                );
            }
          models.close();
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});
