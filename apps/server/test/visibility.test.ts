import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import type { Role } from '@countersign/domain';
import { AUDIT, authorisation, grant, HALYARD_5_0, liability, partner } from '@countersign/scenario';
import { remove, serveStory, type Served } from './serving.ts';

/**
 * The second table of *Who commands, who sees* (domain.md): every route that reads, for each role, about its own and about
 * others' subjects. A subject that is not the caller's is not there for it: 404, so that nobody learns that it exists.
 */
type Caller = readonly [party: string, role: Role];
const CUSTODIAN: Caller = ['party-custodian', 'custodian'];
const LA: Caller = ['party-us-la', 'licensing-authority'];
const REGULATOR: Caller = ['party-eu-reg', 'regulator'];
const DEVELOPER: Caller = ['party-northlight', 'developer'];
const OTHER_DEVELOPER: Caller = ['party-elsewhere', 'developer'];
const GB: Caller = ['party-gb-aisi', 'allied-authority'];
const GB_LAB: Caller = ['party-gb-lab', 'trusted-partner'];
const FR: Caller = ['party-fr-aisi', 'allied-authority'];
const FR_LAB: Caller = ['party-fr-lab', 'trusted-partner'];
const AUDITOR: Caller = ['party-aud-1', 'auditor'];
const OTHER_AUDITOR: Caller = ['party-aud-2', 'auditor'];
const INSURER: Caller = ['party-ins-1', 'insurer'];
const ALL = [
  CUSTODIAN,
  LA,
  REGULATOR,
  DEVELOPER,
  OTHER_DEVELOPER,
  GB,
  GB_LAB,
  FR,
  FR_LAB,
  AUDITOR,
  OTHER_AUDITOR,
  INSURER,
];
const EVERYTHING = [CUSTODIAN, LA, REGULATOR];

let served: Served;
beforeAll(async () => {
  served = await serveStory();
}, 60_000);
afterAll(async () => {
  await served.stop();
  remove(served.folder);
});
const get = (path: string, [party, role]: Caller) => served.get(path, party, role);
const whoSees = async (path: string): Promise<string[]> => {
  const seen: string[] = [];
  for (const caller of ALL) {
    const { status } = await get(path, caller);
    if (status === 200) seen.push(caller[0]);
    else expect({ path, caller, status: [403, 404].includes(status) }).toEqual({ path, caller, status: true });
  }
  return seen;
};
const names = (...callers: readonly Caller[]): string[] =>
  ALL.filter((caller) => callers.includes(caller)).map(([party]) => party);

describe('one thing', () => {
  const cases: readonly (readonly [what: string, path: string, seers: readonly Caller[]])[] = [
    ['a session', '/v1/sessions/session-s1', [...EVERYTHING, DEVELOPER, GB, GB_LAB, AUDITOR]],
    ['its replay', '/v1/streams/session-s1', [...EVERYTHING, DEVELOPER, GB, GB_LAB, AUDITOR]],
    [
      'a session outside the audit',
      '/v1/sessions/session-s11',
      // The audit has its grant in scope.
      [...EVERYTHING, DEVELOPER, FR, FR_LAB, AUDITOR],
    ],
    ['a grant', `/v1/streams/${grant('GB')}`, [...EVERYTHING, DEVELOPER, GB, GB_LAB, AUDITOR]],
    ['an admission', `/v1/streams/${partner('GB')}`, [...EVERYTHING, GB, GB_LAB]],
    ['a tester', '/v1/streams/tester-p-01', [...EVERYTHING, GB, GB_LAB]],
    [
      'a liability assignment',
      `/v1/streams/${liability('GB')}`,
      [...EVERYTHING, DEVELOPER, GB, GB_LAB, AUDITOR, INSURER],
    ],
    ['an authorisation', `/v1/streams/${authorisation('GB')}`, [...EVERYTHING, GB, GB_LAB, AUDITOR]],
    ['an audit', `/v1/streams/${AUDIT}`, [...EVERYTHING, DEVELOPER, GB, GB_LAB, FR, FR_LAB, AUDITOR]],
    ['the ledger’s own stream', '/v1/streams/custody-ledger', EVERYTHING],
    [
      'a question whether one may start',
      `/v1/may?grant=${grant('GB')}&modelVersion=${HALYARD_5_0}&modality=api&tester=p-01&place=GB`,
      [...EVERYTHING, DEVELOPER, GB, GB_LAB, AUDITOR],
    ],
    ['an entry by its index', '/v1/entries/1', EVERYTHING],
    ['entry bundles', '/log/tile/entries/000', EVERYTHING],
    ['the whole log, exported', '/v1/export', EVERYTHING],
  ];
  test.each(cases)('%s', async (_, path, seers) => {
    expect({ path, seen: await whoSees(path) }).toEqual({ path, seen: names(...seers) });
  });
});

describe('a table', () => {
  interface Row {
    readonly ally: string;
    readonly parties: readonly string[];
    readonly kind?: string;
  }
  const rows = async (path: string, caller: Caller): Promise<readonly Row[]> => {
    const answer = await get(`/v1/${path}`, caller);
    expect({ path, caller, status: answer.status }).toEqual({ path, caller, status: 200 });
    return (answer.body as { rows: Row[] }).rows;
  };
  const allies = (of: readonly Row[]) => [...new Set(of.map(({ ally }) => ally))].filter((ally) => ally !== '').sort();
  const EVERY = ['AU', 'DE', 'FR', 'GB', 'JP', 'KR'];

  test.each([
    ['matrix', EVERY, EVERY],
    ['usage', EVERY, EVERY],
    ['refusals', ['AU', 'FR', 'KR'], ['AU', 'FR', 'KR']],
  ])('%s shows each role its own', async (path, whole, developers) => {
    for (const caller of EVERYTHING) expect(allies(await rows(path, caller))).toEqual(whole);
    expect(allies(await rows(path, DEVELOPER))).toEqual(developers);
    expect(allies(await rows(path, AUDITOR))).toEqual(whole);
    for (const [caller, ally] of [
      [GB, 'GB'],
      [GB_LAB, 'GB'],
      [FR, 'FR'],
      [FR_LAB, 'FR'],
    ] as const)
      expect(allies(await rows(path, caller))).toEqual(whole.includes(ally) ? [ally] : []);
    for (const caller of [OTHER_DEVELOPER, OTHER_AUDITOR, INSURER]) expect(await rows(path, caller)).toEqual([]);
  });

  test('what is in force: rules and criteria are everyone’s, the rest is for whom it concerns', async () => {
    const kinds = async (caller: Caller) =>
      [...new Set((await rows('in-force', caller)).map(({ kind }) => kind))].sort();
    const common = ['criteria', 'instrument'];
    const own = ['admission', 'annex entry', 'authorisation', 'grant', 'liability'];
    for (const caller of EVERYTHING) expect(await kinds(caller)).toEqual([...common, ...own].sort());
    expect(await kinds(GB_LAB)).toEqual([...common, ...own].sort());
    expect(await kinds(GB)).toEqual([...common, 'admission', 'authorisation', 'grant', 'liability'].sort());
    expect(allies(await rows('in-force', GB))).toEqual(['GB']);
    expect(allies(await rows('in-force', GB_LAB))).toEqual(['GB']);
    expect(await kinds(INSURER)).toEqual([...common, 'liability'].sort());
    expect(allies(await rows('in-force', INSURER))).toEqual(EVERY);
    for (const caller of [OTHER_DEVELOPER, OTHER_AUDITOR]) expect(await kinds(caller)).toEqual(common);
  });
});

test('without a token there is nothing but checkpoint, hash tiles, health and what problems mean', async () => {
  const open = new Set([
    '/health/live',
    '/health/ready',
    '/log/checkpoint',
    '/log/tile/:level/*',
    '/metrics',
    '/problems',
    '/problems/:name',
  ]);
  for (const route of served.routes) {
    const [method, path] = route.split(' ') as ['get' | 'post' | 'put' | 'head', string];
    if (path.startsWith('/docs') || method === 'head') continue;
    const url = path
      .replace(':level/*', '0/000')
      .replace('*', '000')
      .replace(':name', 'not-found')
      .replaceAll(/:\w+/g, 'x');
    const answer = await supertest(served.app.getHttpServer())[method](url);
    expect({ route, open: answer.status !== 401 }).toEqual({ route, open: open.has(path) });
  }
});
