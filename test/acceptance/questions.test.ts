import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { Errors } from 'typebox/value';
import type { PartyId, Role } from '@countersign/domain';
import { StoryClock } from '@countersign/ledger';
import { authorisation, grant, HALYARD_5_0, partnerParty, STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger, type OpenLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';

const folder = mkdtempSync(join(tmpdir(), 'questions-'));
let opened: OpenLedger;
let app: NestFastifyApplication;
const clock = new StoryClock();

async function start() {
  opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
  app = await applicationOver(opened, false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
}
async function stop() {
  await app.close();
  await opened.close();
}
beforeAll(async () => {
  clock.set(Date.parse(STORY_BEGINS));
  await start();
  await tellStory(app, opened.ledger, opened.tokens, clock);
  clock.release();
}, 60_000);
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

async function ask(path: string, party = 'party-us-reg', role: Role = 'regulator') {
  const token = await opened.tokens.issue({ party: party as PartyId, role, subject: party }, 60);
  return supertest(app.getHttpServer()).get(`/v1/${path}`).set('authorization', `Bearer ${token}`);
}
const MAY = `may?grant=${grant('GB')}&modelVersion=${HALYARD_5_0}&modality=api&tester=p-01&place=GB`;
const QUESTIONS = [
  'matrix',
  'in-force',
  'refusals',
  'usage',
  `streams/${grant('KR')}`,
  'sessions/session-s9',
  'sessions/session-s9/authority',
  MAY,
];
const and = (path: string, more: string) => `${path}${path.includes('?') ? '&' : '?'}${more}`;
const allAnswers = async (more: string) =>
  Promise.all(QUESTIONS.map(async (path) => (await ask(more === '' ? path : and(path, more))).text));
let names = 0;
async function write() {
  const token = await opened.tokens.issue(
    { party: 'party-custodian' as PartyId, role: 'custodian', subject: 'custodian' },
    60,
  );
  const answer = await supertest(app.getHttpServer())
    .post('/v1/parties')
    .set('authorization', `Bearer ${token}`)
    .set('idempotency-key', `"later-${++names}"`)
    .send({ id: `party-later-${names}`, name: 'A later one', kind: 'auditor', country: 'CH' });
  expect(answer.status).toBe(201);
}

describe('an answer', () => {
  test('names its index, and asked again with it is the same to the byte, also when the log has gone on', async () => {
    const before = await allAnswers('');
    const index = opened.ledger.store.size - 1;
    for (const text of before) expect((JSON.parse(text) as { index: number }).index).toBe(index);
    expect(await allAnswers('')).toEqual(before);
    expect(await allAnswers(`known=${index}`)).toEqual(before);
    const past = await allAnswers(`asOf=2026-09-05&known=now`);
    await write();
    expect(await allAnswers(`known=${index}`)).toEqual(before);
    expect(await allAnswers(`asOf=${index}`)).toEqual(before);
    expect(await allAnswers(`asOf=2026-09-05&known=${index}`)).toEqual(past);
  });

  test('holds what the API describes of it, and nothing else', async () => {
    const { paths, components } = (await supertest(app.getHttpServer()).get('/docs-json')).body as {
      components: { schemas: Record<string, object> };
      paths: Record<
        string,
        {
          get: {
            parameters: { name: string; in: string; required: boolean; schema: { type?: string; enum?: unknown[] } }[];
            responses: Record<string, { content: Record<string, { schema: { $ref: string } }> }>;
          };
        }
      >;
    };
    const described = (path: string) =>
      `/v1/${path.replace(/\?.*/, '')}`
        .replace(/streams\/[^/]*/, 'streams/{stream}')
        .replace(/sessions\/[^/]*/, 'sessions/{id}');
    for (const path of [...QUESTIONS, 'in-force?asOf=2026-08-20', and(MAY, 'policy=itar-all-held&asOf=2026-07-05')]) {
      const route = paths[described(path)]?.get;
      const { $ref = '' } = route?.responses['200']?.content['application/json']?.schema ?? {};
      const schema = components.schemas[$ref.replace('#/components/schemas/', '')];
      expect([path, typeof schema]).toEqual([path, 'object']);
      expect(route?.parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(['asOf', 'known']));
      expect(route?.parameters.every(({ schema }) => schema.type !== undefined || schema.enum !== undefined)).toBe(
        true,
      );
      const answer = await ask(path);
      if (path.includes('2026-07-05')) expect(answer.status).toBe(404);
      else {
        const { body } = answer as { body: object };
        expect([path, [...Errors(schema as never, body)]]).toEqual([path, []]);
        expect([...Errors(schema as never, { ...body, more: 1 })].length).toBeGreaterThan(0);
      }
    }
    const may = paths['/v1/may']?.get.parameters ?? [];
    expect(may.filter(({ required }) => required).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['grant', 'modelVersion', 'modality', 'tester', 'place']),
    );
  });

  test('is the same from read models that are made anew, in place or from nothing, or over a spoilt file', async () => {
    const index = opened.ledger.store.size - 1;
    const more = `asOf=${index}`;
    const before = await allAnswers(more);
    await opened.answers.rebuild();
    expect(await allAnswers(more)).toEqual(before);
    for (const spoil of [
      () => rmSync(join(folder, 'read-models.sqlite')),
      () => writeFileSync(join(folder, 'read-models.sqlite'), 'spoilt'.repeat(2000)),
    ]) {
      await stop();
      spoil();
      await start();
      expect(await allAnswers(more)).toEqual(before);
    }
  });
});

describe('a question that is not put as it must be is told what is wrong and where', () => {
  test.each<readonly [string, string, string]>([
    ['matrix?asOf=foo', '/asOf', 'not "foo"'],
    ['matrix?asOf=', '/asOf', 'not ""'],
    ['in-force?asOf=2026-02-31', '/asOf', 'not "2026-02-31"'],
    ['in-force?asOf=2026-02-31T10:00:00Z', '/asOf', 'asOf is a log index'],
    ['usage?asOf=99999', '/asOf', 'the log ends at'],
    ['usage?asOf=-1', '/asOf', 'asOf is a log index'],
    ['refusals?known=99999', '/known', 'an index up to'],
    ['refusals?known=later', '/known', 'then, now'],
    ['matrix?asof=3', '/asof', 'there is no parameter asof'],
    ['matrix?asOf=1&asOf=2', '/asOf', 'must be a string'],
    ['sessions/session-s9?deep=1', '/deep', 'there is no parameter deep'],
    ['sessions/session-s9/authority?known=x', '/known', 'then, now'],
    ['streams/session-s9?limit=1', '/limit', 'there is no parameter limit'],
    [MAY.replace('modality=api', 'modality=telepathy'), '/modality', 'modality'],
    [MAY.replace('place=GB', 'place=XX'), '/place', 'ISO 3166-1'],
    [MAY.replace('tester=p-01', 'tester=p-01,,p-02'), '/tester', 'comma'],
    [and(MAY, 'policy=mine'), '/policy', 'ear-most-recent'],
    [MAY.replace(/grant=[^&]*&/, ''), '/grant', 'grant'],
  ])('%s', async (path, pointer, detail) => {
    const answer = await ask(path);
    expect([answer.status, answer.type]).toEqual([400, 'application/problem+json']);
    expect(answer.body).toMatchObject({
      type: '/problems/invalid-query',
      detail: expect.stringContaining(detail) as unknown,
      errors: [{ pointer }],
    });
  });

  test('a time may have an offset', async () => {
    const zoned = await ask(`in-force?asOf=${encodeURIComponent('2026-08-22T02:00:00+02:00')}`);
    expect(zoned.text).toBe((await ask('in-force?asOf=2026-08-22T00:00:00Z')).text);
  });
});

interface State {
  id: string;
  status: string;
  because?: string;
  from: string;
  until?: string;
}
const statesOf = async (id: string, query: string) =>
  ((await ask(`in-force?${query}`)).body as { rows: State[] }).rows
    .filter((row) => row.id === id)
    .map(({ status, from, until }) => [status, from, until]);

describe('what was in force on a day', () => {
  test('is every state that the day saw', async () => {
    const suspended = await statesOf(authorisation('KR'), 'asOf=2026-08-20');
    expect(suspended.map(([status]) => status)).toEqual(['in force', 'not in force']);
    expect(suspended[0]?.[1]).toBe('2026-08-20T00:00:00.000Z');
    expect(suspended[0]?.[2]).toBe(suspended[1]?.[1]);
    expect((await statesOf(grant('KR'), 'asOf=2026-08-20')).map(([status]) => status)).toEqual([
      'in force',
      'not in force',
    ]);
    expect((await statesOf(authorisation('KR'), 'asOf=2026-08-22')).map(([status]) => status)).toEqual([
      'not in force',
    ]);
  });

  test('differs by what was known: a revocation counts from its effect, and was believed from its recording', async () => {
    expect(await statesOf(authorisation('AU'), 'asOf=2026-09-02&known=then')).toEqual([
      ['in force', '2026-09-02T00:00:00.000Z', '2026-09-02T03:14:02.000Z'],
      ['not in force', '2026-09-02T03:14:02.000Z', undefined],
    ]);
    expect(await statesOf(authorisation('AU'), 'asOf=2026-09-02&known=now')).toEqual([
      ['in force', '2026-09-02T00:00:00.000Z', '2026-09-02T03:14:00.000Z'],
      ['not in force', '2026-09-02T03:14:00.000Z', undefined],
    ]);
  });
});

describe('the matrix', () => {
  test('shows outcomes, versions of models and of criteria, and what was granted and never tested', async () => {
    const { rows } = (await ask('matrix')).body as {
      rows: { ally: string; modelName: string; modality: string; tested: boolean; sessions: object[] }[];
    };
    expect(rows.find(({ ally }) => ally === 'AU')).toMatchObject({
      modelName: 'Sextant 5',
      modality: 'api',
      sessions: [
        {
          session: 'session-s9',
          versionName: 'sextant-5.0',
          criteria: 'criteria-tpc-1 1.1',
          status: 'terminated',
          outcomes: { 'TP-13': 'not-met' },
        },
      ],
    });
    expect(rows.filter(({ tested }) => !tested).map(({ ally, sessions }) => [ally, sessions])).toEqual([
      ['FR', []],
      ['GB', []],
      ['JP', []],
    ]);
  });
});

describe('the authority of a session', () => {
  test('is the chain it rested on, as known when it was authorised, and what became of it since', async () => {
    const { chain, assessments, decidedAt } = (await ask('sessions/session-s9/authority')).body as {
      chain: { what: string; name: string; index: number; then: { status: string }; asked: { status: string } }[];
      assessments: object[];
      decidedAt: { index: number };
    };
    expect(chain.map(({ what }) => what)).toEqual([
      'instrument',
      'annexEntry',
      'authorisation',
      'partner',
      'grant',
      'liability',
      'party',
      'modelVersion',
      'tester:p-08',
    ]);
    expect(chain.every(({ then, index }) => then.status === 'in force' && index < decidedAt.index)).toBe(true);
    const ended = chain.filter(({ asked }) => asked.status !== 'in force').map(({ what }) => what);
    expect(ended).toEqual(expect.arrayContaining(['annexEntry', 'authorisation', 'grant']));
    expect(assessments).toMatchObject([{ tester: 'p-08', countries: ['AU'], policy: 'ear-most-recent' }]);
  });

  test('is shown to whom it concerns, and to no one else', async () => {
    expect((await ask('sessions/session-s9/authority', partnerParty('AU'), 'trusted-partner')).status).toBe(200);
    expect((await ask('sessions/session-s9/authority', partnerParty('GB'), 'trusted-partner')).status).toBe(404);
    expect((await ask('sessions/session-nowhere/authority')).status).toBe(404);
  });
});

test('a replay has the state after each event, and who did it', async () => {
  const { rows } = (await ask(`streams/${grant('KR')}`)).body as {
    rows: { type: string; actor: string; state: { status: string } }[];
  };
  const step = (type: string) => rows.find((row) => row.type === type);
  expect(step('GrantRequested')?.state.status).toBe('requested');
  expect(step('GrantActivated')?.state.status).toBe('active');
  expect(step('GrantSuspended')).toMatchObject({ actor: 'system', state: { status: 'suspended' } });
  expect(step('GrantReinstated')?.state.status).toBe('active');
});

test('a question answers by the clock where something fell due since the last entry', async () => {
  const late = async (now: string) => {
    clock.set(Date.parse(now));
    try {
      return (await ask(MAY)).body as { may: boolean; asOf: string };
    } finally {
      clock.release();
    }
  };
  expect((await late('2036-07-20T00:00:00.000Z')).may).toBe(true);
  expect(await late('2036-07-22T00:00:00.000Z')).toMatchObject({ may: false, asOf: '2036-07-22T00:00:00.000Z' });
});
