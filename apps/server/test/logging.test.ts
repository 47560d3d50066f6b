import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import supertest from 'supertest';
import { newFolder, remove, serve, type Served } from './serving.ts';

let served: Served;
const lines: string[] = [];
beforeAll(async () => {
  const log = pino({ level: 'info', messageKey: 'message' }, { write: (line: string) => void lines.push(line) });
  served = await serve(newFolder(), log);
});
afterAll(async () => {
  await served.stop();
  remove(served.folder);
});
/** What was logged since, once the response is out. */
async function logged(work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  lines.length = 0;
  await work();
  await new Promise((turn) => setTimeout(turn, 20));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a request is one line: route, outcome, time and party, and nothing of what was said', async () => {
  const token = await served.bearer('party-custodian', 'custodian');
  const entries = await logged(() =>
    supertest(served.app.getHttpServer())
      .post('/v1/parties?secret=in-the-url')
      .set('authorization', token)
      .set('idempotency-key', '"a-key-of-mine"')
      .send({ id: 'party-quiet', name: 'Jane Roe', kind: 'insurer', country: 'CH' }),
  );
  expect(entries).toEqual([
    expect.objectContaining({
      method: 'POST',
      route: '/v1/parties',
      status: 201,
      party: 'party-custodian',
      role: 'custodian',
      request: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ms: expect.any(Number),
    }),
  ]);
  const text = lines.join('');
  for (const secret of [token.split(' ')[1] as string, 'Jane Roe', 'in-the-url', 'a-key-of-mine', 'party-quiet'])
    expect(text).not.toContain(secret);
});

test('a refusal has the id of its line, and no stack', async () => {
  let id: unknown;
  const entries = await logged(async () => {
    const answer = await served.get('/v1/entries/7000', 'party-custodian', 'custodian');
    id = answer.headers['x-request-id'];
    expect(answer.text).not.toContain('.ts:');
  });
  expect(entries.map(({ request }) => request)).toEqual([id]);
});

test('who asks without a token is nobody, and polls are not told', async () => {
  const http = () => supertest(served.app.getHttpServer());
  const entries = await logged(async () => {
    await http().get('/v1/matrix');
    await http().get('/health/ready');
    await http().get('/metrics');
  });
  expect(entries.map(({ route, status, party }) => [route, status, party])).toEqual([['/v1/matrix', 401, undefined]]);
});

test('a fault is logged with its stack, and answered without', async () => {
  const { ledger } = served.opened;
  const { receipt } = ledger;
  ledger.receipt = () => {
    throw new Error('the disk is on fire');
  };
  try {
    let text = '';
    const entries = await logged(async () => {
      const answer = await served.get('/v1/entries/0', 'party-custodian', 'custodian');
      expect(answer).toMatchObject({ status: 500, body: { type: '/problems/internal-error' } });
      ({ text } = answer);
    });
    expect(text).not.toContain('fire');
    expect(text).not.toContain('stack');
    expect(entries[0]).toMatchObject({
      err: { message: 'the disk is on fire', stack: expect.stringContaining('at ') },
    });
    expect(entries[1]?.['request']).toBe(entries[0]?.['about']);
  } finally {
    ledger.receipt = receipt;
  }
});
