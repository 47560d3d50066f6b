import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import { COMMANDS, type PartyId, type Role } from '@countersign/domain';
import { verifiers } from '@countersign/dossier';
import type { Entry } from '@countersign/ledger';
import { openCheckpoint, parsePolicy, parseProof, treeHasher, verifyInclusion } from '@countersign/log';
import { applicationOver } from '../src/application.ts';
import { COMMAND_ROUTES } from '../src/commands/routes.ts';
import { openLedger, policyFile, type OpenLedger } from '../src/ledger.ts';
import { settingsFrom } from '../src/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'server-'));
const settings = settingsFrom({ DATA_DIR: folder }, []);
let open: OpenLedger;
let app: NestFastifyApplication;
let key = 0;

async function start() {
  open = await openLedger(settings);
  app = await applicationOver(open, false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
}
async function stop() {
  await app.close();
  await open.close();
}
beforeAll(start);
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

const http = () => supertest(app.getHttpServer());
const bearer = async (party: string, role: Role) =>
  `Bearer ${await open.tokens.issue({ party: party as PartyId, role, subject: party }, 60)}`;
const authority = () => bearer('party-us-la', 'licensing-authority');
const custodian = () => bearer('party-custodian', 'custodian');

async function post(path: string, body: object, by?: string, idempotencyKey = `"key-${++key}"`) {
  return http()
    .post(path)
    .set('authorization', by ?? (await custodian()))
    .set('idempotency-key', idempotencyKey)
    .send(body);
}
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
/** The policy that the operator hands out: both of the log's signatures. */
const policy = () => readFileSync(policyFile(settings), 'utf8');
/** What a fresh receipt meets: the log's Ed25519 signature. */
const logOnly = () =>
  parsePolicy(
    sha256,
    `${
      policy()
        .split('\n')
        .find((line) => line.startsWith('log ')) ?? ''
    }\nquorum none\n`,
  );
const party = (id: string) => ({ id, name: `The party ${id}`, kind: 'allied-authority', country: 'GB' });

describe('a command', () => {
  test('is answered with receipts that prove its events are in the signed tree', async () => {
    const answer = await post('/v1/parties', party('party-gb')).then((response) => response);
    expect(answer.status).toBe(201);
    expect(answer.headers['etag']).toBe('"0"');
    const [receipt] = answer.body.receipts as { index: number; entry: string; proof: string }[];
    expect(answer.body).toMatchObject({
      stream: 'party-gb',
      revision: 0,
      repeated: false,
      events: [{ type: 'PartyRegistered', index: receipt?.index, stream: 'party-gb', revision: 0 }],
    });
    expect((answer.body.events as { id: string }[])[0]?.id).toBe((JSON.parse(receipt?.entry ?? '') as Entry).id);
    const { index, path, checkpoint } = parseProof(receipt?.proof ?? '');
    const { size, root } = openCheckpoint(verifiers, logOnly(), checkpoint);
    const hasher = treeHasher(sha256);
    const leafHash = hasher.leaf(Buffer.from(receipt?.entry ?? ''));
    expect(verifyInclusion(hasher, { leafIndex: index, treeSize: size, leafHash, proof: path, root })).toBe(true);
    expect(JSON.parse(receipt?.entry ?? '')).toMatchObject({
      actor: 'party-custodian',
      subject: 'party-gb',
      streamrevision: 0,
      type: 'countersign.PartyRegistered.v1',
      data: { country: 'GB', refs: { parties: ['party-custodian', 'party-gb'] } },
    });
  });

  test('that comes again has the same answer, also after a restart; another one under its key is refused', async () => {
    const first = await post('/v1/parties', party('party-fr'), undefined, '"once"');
    const again = await post('/v1/parties', party('party-fr'), undefined, '"once"');
    const entries = (response: supertest.Response) =>
      (response.body.receipts as { entry: string }[]).map(({ entry }) => entry);
    expect(entries(again)).toEqual(entries(first));
    expect(again.body.events).toEqual(first.body.events);
    expect(again.body.repeated).toBe(true);
    await stop();
    await start();
    const later = await post('/v1/parties', party('party-fr'), undefined, '"once"');
    expect(entries(later)).toEqual(entries(first));
    expect(later.body).toMatchObject({ repeated: true, events: first.body.events, revision: 0 });
    expect(later.headers['etag']).toBe('"0"');
    const other = await post('/v1/parties', party('party-de'), undefined, '"once"');
    expect(other).toMatchObject({ status: 422, body: { type: '/problems/idempotency-key-reused' } });
  });

  test('has its key for one caller only, and is judged anew where a refusal wrote nothing', async () => {
    await post('/v1/parties', party('party-one'));
    await post('/v1/parties', party('party-two'));
    const key = { kid: 'k', jwk: '{}' };
    const by = async (id: string) =>
      post(`/v1/parties/${id}/add-party-key`, key, await bearer(id, 'allied-authority'), '"the same"');
    expect([(await by('party-one')).status, (await by('party-two')).status]).toEqual([200, 200]);
    const early = await post('/v1/parties/party-late/suspend-party', { reason: 'x' }, await authority(), '"early"');
    expect(early.status).toBe(404);
    await post('/v1/parties', party('party-late'));
    const late = await post('/v1/parties/party-late/suspend-party', { reason: 'x' }, await authority(), '"early"');
    expect(late).toMatchObject({ status: 200, body: { repeated: false } });
  });

  test('that is still under way is not begun again', async () => {
    const by = await custodian();
    const answers = await Promise.all([1, 2, 3].map(() => post('/v1/parties', party('party-slow'), by, '"at once"')));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(201);
    for (const { status, body } of answers.filter(({ status }) => status !== 201))
      expect({ status, type: (body as { type: string }).type }).toEqual({
        status: 409,
        type: '/problems/command-under-way',
      });
    expect(statuses).toContain(409);
  });

  test('is JSON, of one meaning, and not too large', async () => {
    const send = async (type: string, text: string) =>
      http()
        .post('/v1/parties')
        .set('authorization', await custodian())
        .set('idempotency-key', `"key-${++key}"`)
        .set('content-type', type)
        .send(text);
    const { id, ...rest } = party('party-body');
    const twice = `{"id":"${id}","name":"A","\\u006eame":"B",${JSON.stringify(rest).slice(1)}`;
    const cases: readonly (readonly [string, string, number, string])[] = [
      ['application/json', twice, 400, 'bad-request'],
      ['application/json', '{"id":', 400, 'bad-request'],
      ['application/json', '{"__proto__":{"kind":"custodian"}}', 400, 'bad-request'],
      ['application/json', JSON.stringify({ ...rest, id, name: 'x'.repeat(70_000) }), 413, 'body-too-large'],
      ['application/x-www-form-urlencoded', 'id=x', 415, 'unsupported-media-type'],
      ['text/plain', '{}', 415, 'unsupported-media-type'],
    ];
    for (const [type, text, status, name] of cases)
      expect(await send(type, text)).toMatchObject({ status, body: { type: `/problems/${name}` } });
    expect((await send('application/json', '')).status).toBe(400);
  });

  test('from many at once, on one stream and on several, gives each stream its revisions without a gap', async () => {
    await post('/v1/parties', party('party-jp'));
    const by = await custodian();
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        i % 3 === 0
          ? post('/v1/parties', party(`party-many-${i}`), by)
          : post('/v1/parties/party-jp/add-party-key', { kid: `k${i}`, jwk: '{}' }, by),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array<number>(16).fill(200),
      ...Array<number>(8).fill(201),
    ]);
    const revisions = answers.filter(({ status }) => status === 200).map(({ body }) => body.revision as number);
    expect(revisions.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
  });

  test('is refused with every fault of its body, and where it is', async () => {
    const answer = await post('/v1/parties', { ...party('party-x'), kind: 'spy', country: 'XX', extra: 1 });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.type).toBe('/problems/invalid-body');
    expect((answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
      '/country',
      '/extra',
      '/kind',
    ]);
  });

  test('needs a token, and a key', async () => {
    expect((await http().post('/v1/parties').send(party('party-x'))).status).toBe(401);
    const keyless = await http()
      .post('/v1/parties')
      .set('authorization', await custodian())
      .send(party('party-x'));
    expect(keyless).toMatchObject({ status: 400, body: { type: '/problems/idempotency-key-missing' } });
    expect(await post('/v1/parties', party('party-x'), undefined, 'unquoted')).toMatchObject({ status: 400 });
  });

  test('is refused to whom it is not for, by a rule with a name', async () => {
    const answer = await post('/v1/parties', party('party-x'), await bearer('party-gb', 'allied-authority'));
    expect(answer).toMatchObject({
      status: 403,
      body: { type: '/problems/not-entitled', reasons: [{ rule: 'not-entitled' }] },
    });
  });

  test('on a stream that has moved on is refused, if it says which revision it saw', async () => {
    await post('/v1/parties', party('party-au'));
    const command = async (seen: string) =>
      http()
        .post('/v1/parties/party-au/add-party-key')
        .set('authorization', await custodian())
        .set('idempotency-key', `"key-${++key}"`)
        .set('if-match', seen)
        .send({ kid: `k${key}`, jwk: '{}' });
    expect(await command('"0"')).toMatchObject({ status: 200, headers: { etag: '"1"' } });
    expect(await command('"0"')).toMatchObject({ status: 412, body: { type: '/problems/revision-mismatch' } });
    expect(await command('*')).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect((await command('0')).status).toBe(400);
  });

  test('exists over HTTP for each command of the domain, and is for nobody but those whom its definition names', async () => {
    const roles: Role[] = [
      'licensing-authority',
      'allied-authority',
      'developer',
      'trusted-partner',
      'auditor',
      'regulator',
      'insurer',
      'custodian',
    ];
    expect(COMMAND_ROUTES.map(({ definition }) => definition.type)).toEqual(
      // Evidence has a route of its own: test/acceptance/evidence.test.ts.
      COMMANDS.filter(
        ({ type, roles }) =>
          type !== 'ReceiveEvidence' && type !== 'LinkEvidence' && roles.some((role) => role !== 'system'),
      ).map(({ type }) => type),
    );
    for (const { definition, path } of COMMAND_ROUTES) {
      for (const role of roles.filter((each) => !definition.roles.includes(each))) {
        const url = `/v1/${path.replace(':id', definition.category === 'custody' ? 'custody-ledger' : `${definition.category}-x`)}`;
        const answer = await post(url, sampleOf(definition.schema) as object, await bearer('party-other', role));
        expect({ command: definition.type, role, status: answer.status }).toEqual({
          command: definition.type,
          role,
          status: 403,
        });
      }
    }
  });
});

describe('the log', () => {
  test('shows checkpoint and hash tiles to everyone, and entries to those who may read everything', async () => {
    const checkpoint = await http().get('/log/checkpoint');
    const published = openCheckpoint(verifiers, parsePolicy(sha256, policy()), checkpoint.text);
    expect([...published.witnesses.keys()]).toEqual(['log-ml-dsa-44']);
    expect((await http().get('/log/checkpoint')).text).toBe(checkpoint.text);
    const size = Number(checkpoint.text.split('\n')[1]);
    expect(size).toBe(open.ledger.store.size);
    const tile = await http().get(`/log/tile/0/000.p/${size}`).buffer(true).parse(binary);
    const tree = treeHasher((data) => createHash('sha256').update(data).digest());
    const bundle = await http()
      .get(`/log/tile/entries/000.p/${size}`)
      .set('authorization', await custodian())
      .buffer(true)
      .parse(binary);
    const leaves: Buffer[] = [];
    for (let at = 0, bytes = bundle.body as Buffer; at < bytes.length;) {
      const length = bytes.readUInt16BE(at);
      leaves.push(Buffer.from(tree.leaf(bytes.subarray(at + 2, at + 2 + length))));
      at += 2 + length;
    }
    expect(leaves.length).toBe(size);
    expect(Buffer.concat(leaves).equals(tile.body as Buffer)).toBe(true);
    expect(tile.headers['cache-control']).toBe('public, immutable');
    expect((await http().get(`/log/tile/entries/000.p/${size}`)).status).toBe(401);
    const insurer = await bearer('party-ins', 'insurer');
    expect((await http().get(`/log/tile/entries/000.p/${size}`).set('authorization', insurer)).status).toBe(403);
  });

  test('has no tile of a name that the specification does not give', async () => {
    for (const path of [
      '0/0',
      '0/000',
      '0/x000/001',
      '0/000.p/0',
      '0/000.p/256',
      '64/000.p/1',
      '0/000.p/01',
      '00/000.p/1',
    ])
      expect({ path, status: (await http().get(`/log/tile/${path}`)).status }).toEqual({ path, status: 404 });
  });
});

test('every problem type leads to what it means', async () => {
  const refused = await post('/v1/parties', party('party-x'), await bearer('party-gb', 'allied-authority'));
  expect((await http().get(refused.body.type as string)).body).toMatchObject({ type: '/problems/not-entitled' });
  expect((await http().get('/problems/toString')).status).toBe(404);
});

function binary(response: supertest.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  const stream = response as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => done(null, Buffer.concat(chunks)));
}

/** The smallest value that a schema allows. */
function sampleOf(schema: unknown): unknown {
  const {
    type,
    enum: values,
    pattern,
    minimum,
    minItems,
    items,
    properties = {},
    required = [],
    anyOf,
    const: constant,
  } = schema as {
    type?: string;
    enum?: unknown[];
    pattern?: string;
    minimum?: number;
    minItems?: number;
    items?: unknown;
    properties?: Record<string, unknown>;
    required?: string[];
    anyOf?: unknown[];
    const?: unknown;
  };
  if (constant !== undefined) return constant;
  if (anyOf) return sampleOf(anyOf[0]);
  if (values) return values[0];
  if (type === 'integer') return minimum ?? 0;
  if (type === 'boolean') return false;
  if (type === 'array') return Array.from({ length: minItems ?? 0 }, () => sampleOf(items));
  if (type === 'object') return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name])]));
  const samples = ['x', 'GB', 'EUR', '0', '2026-07-06', '2026-07-06T09:00:00.000Z', 'a'.repeat(64), '2026-07'];
  return samples.find((sample) => pattern === undefined || new RegExp(pattern).test(sample));
}
