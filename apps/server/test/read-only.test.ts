import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { newFolder, remove, serve, type Served } from './serving.ts';

const party = (id: string) => ({ id, name: 'A party', kind: 'insurer', country: 'CH' });

describe('a ledger that was restored from an old copy', () => {
  const folder = newFolder();
  let served: Served;
  beforeAll(async () => {
    const copy = newFolder();
    let before = await serve(folder);
    await before.post('/v1/parties', party('party-old'), 'party-custodian', 'custodian', 'old');
    await before.stop();
    cpSync(join(folder, 'ledger.sqlite'), join(copy, 'ledger.sqlite'));
    before = await serve(folder);
    await before.post('/v1/parties', party('party-lost'), 'party-custodian', 'custodian');
    await before.stop();
    // The data file is brought back; the high-water mark beside it is ahead.
    cpSync(join(copy, 'ledger.sqlite'), join(folder, 'ledger.sqlite'));
    remove(copy);
    served = await serve(folder);
  });
  afterAll(async () => {
    await served.stop();
    remove(folder);
  });
  const http = () => supertest(served.app.getHttpServer());

  test('refuses commands with 503 and why, and signs nothing', async () => {
    const { size } = served.opened.ledger.store;
    const answer = await served.post('/v1/parties', party('party-new'), 'party-custodian', 'custodian');
    expect(answer).toMatchObject({
      status: 503,
      body: { type: '/problems/store-unavailable', detail: expect.stringMatching(/.{20,}/) },
    });
    expect(served.opened.ledger.store.size).toBe(size);
  });

  test('goes on to answer, and repeats what it acknowledged', async () => {
    expect((await served.get('/v1/streams/party-old', 'party-custodian', 'custodian')).status).toBe(200);
    expect((await served.get('/v1/entries/1', 'party-custodian', 'custodian')).status).toBe(200);
    expect((await http().get('/log/checkpoint')).status).toBe(200);
    const again = await served.post('/v1/parties', party('party-old'), 'party-custodian', 'custodian', 'old');
    expect(again).toMatchObject({ status: 201, body: { repeated: true } });
  });

  test('says so to those who run it', async () => {
    expect((await http().get('/health/live')).status).toBe(200);
    const ready = await http().get('/health/ready');
    expect(ready).toMatchObject({ status: 503, body: { type: '/problems/store-unavailable' } });
    expect((ready.body as { detail: string }).detail).toContain('old copy');
    const metrics = (await http().get('/metrics')).text;
    expect(metrics).toContain('countersign_read_only 1');
    expect(metrics).toContain('countersign_commands_total{command="RegisterParty",outcome="fault"} 1');
  });
});

test.each(['log', 'log-ml-dsa-44', 'export', 'export-ml-dsa-44'])(
  'a ledger whose %s key is not in the vault signs nothing by another, and goes on to answer',
  async (purpose) => {
    const folder = newFolder();
    try {
      await (await serve(folder)).stop();
      const policy = readFileSync(join(folder, 'policy'), 'utf8');
      remove(join(folder, 'vault', 'keys', `${purpose}.pem`));
      const served = await serve(folder);
      const answer = await served.post('/v1/parties', party('party-new'), 'party-custodian', 'custodian');
      expect(answer).toMatchObject({ status: 503, body: { type: '/problems/store-unavailable' } });
      expect((answer.body as { detail: string }).detail).toContain(purpose);
      expect((await served.get('/health/ready', 'party-custodian', 'custodian')).status).toBe(503);
      expect((await served.get('/v1/entries/0', 'party-custodian', 'custodian')).status).toBe(200);
      expect(served.opened.ledger.store.size).toBe(1);
      await served.stop();
      expect(readFileSync(join(folder, 'policy'), 'utf8')).toBe(policy);
    } finally {
      remove(folder);
    }
  },
);

test('metrics count commands by what came of them, and how long a receipt took', async () => {
  const served = await serve(newFolder());
  try {
    await served.post('/v1/parties', party('party-a'), 'party-custodian', 'custodian');
    await served.post('/v1/parties', party('party-a'), 'party-custodian', 'custodian');
    const answer = await supertest(served.app.getHttpServer()).get('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4');
    for (const line of [
      'countersign_commands_total{command="RegisterParty",outcome="done"} 1',
      'countersign_commands_total{command="RegisterParty",outcome="refused"} 1',
      'countersign_receipt_seconds_count 1',
      'countersign_log_size 2',
      'countersign_view_lag 0',
      'countersign_read_only 0',
    ])
      expect(answer.text.split('\n')).toContain(line);
  } finally {
    await served.stop();
    remove(served.folder);
  }
});
