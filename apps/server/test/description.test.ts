import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import supertest from 'supertest';
import { Errors } from 'typebox/schema';
import { HALYARD_5_0, grant } from '@countersign/scenario';
import { COMMAND_ROUTES } from '../src/commands/routes.ts';
import { remove, serveStory, type Served } from './serving.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: object }>> };
  readonly responses: Readonly<
    Record<string, { description?: string; content?: Record<string, { schema?: { $ref?: string } }> }>
  >;
}
interface Description {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let served: Served;
let description: Description;
let operations: readonly (readonly [method: string, path: string, Operation])[];
beforeAll(async () => {
  served = await serveStory();
  description = (await supertest(served.app.getHttpServer()).get('/docs-json')).body as Description;
  operations = Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => [method, path, operation] as const),
  );
});
afterAll(async () => {
  await served.stop();
  remove(served.folder);
});

/** Every object in it. */
function* objects(value: unknown): Iterable<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const each of Object.values(value)) yield* objects(each);
}
const conforms = (schema: string, value: unknown) =>
  Errors({ components: description.components, $ref: `#/components/schemas/${schema}` } as never, value)[1];

describe('the description of the API', () => {
  test('is OpenAPI 3.1, by its own schema, and finds a page that shows it', async () => {
    expect(description.openapi).toBe('3.1.0');
    const validator = new Validator();
    expect(await validator.validate(structuredClone(description) as never)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    expect((await supertest(served.app.getHttpServer()).get('/docs')).text).toContain('swagger-ui');
  });

  test('has nothing that is of OpenAPI 3.0 only, and no reference that leads nowhere', () => {
    for (const object of objects(description)) {
      if ('nullable' in object && 'type' in object) throw new Error(`nullable: ${JSON.stringify(object)}`);
      expect(typeof object['exclusiveMinimum']).not.toBe('boolean');
      expect(typeof object['exclusiveMaximum']).not.toBe('boolean');
      if (typeof object['$ref'] === 'string') {
        const [, name] = /^#\/components\/schemas\/(\w+)$/.exec(object['$ref']) ?? [];
        expect(Object.keys(description.components.schemas)).toContain(name);
      }
    }
  });

  test('describes every route that there is, and no other', () => {
    const described = operations.map(([method, path]) => `${method} ${path}`);
    const there = served.routes
      .filter((route) => !/^(head|options) | \/(docs|health\/no-op)/.test(route))
      .map((route) => route.replace('*', '{path}').replaceAll(/:(\w+)/g, '{$1}'));
    expect(described.toSorted()).toEqual(there.toSorted());
    for (const { path, definition } of COMMAND_ROUTES)
      expect(description.paths[`/v1/${path.replace(':id', '{id}')}`]?.['post']?.operationId).toBe(definition.type);
    const ids = operations.map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('says of each operation what it takes, what it answers, who may ask, and how it refuses', () => {
    for (const [method, path, { summary, tags, parameters = [], requestBody, responses, security }] of operations) {
      const where = `${method} ${path}`;
      expect({ where, summary: summary ?? '' }).toEqual({ where, summary: expect.stringMatching(/.{10,}/) });
      expect({ where, tags: tags?.length }).toEqual({ where, tags: 1 });
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      const declared = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
      expect({ where, declared: declared.sort() }).toEqual({ where, declared: inPath });
      for (const { name, schema } of parameters)
        expect({ where, name, typed: Object.keys(schema ?? {}).length > 0 }).toEqual({ where, name, typed: true });
      if (method === 'post' || method === 'put')
        expect({ where, body: Object.keys(requestBody?.content ?? {}).length }).toEqual({ where, body: 1 });
      const open = /^\/(log\/(checkpoint|tile\/\{level\})|health|metrics|problems)/.test(path);
      expect({ where, secured: security !== undefined, says401: '401' in responses }).toEqual({
        where,
        secured: !open,
        says401: !open,
      });
      for (const [status, { description: text, content }] of Object.entries(responses)) {
        expect({ where, status, text }).toEqual({ where, status, text: expect.stringMatching(/.{8,}/) });
        const media = Object.keys(content ?? {});
        if (Number(status) >= 400) {
          expect({ where, status, media }).toEqual({ where, status, media: ['application/problem+json'] });
        } else expect({ where, status, media: media.length }).toEqual({ where, status, media: 1 });
      }
      expect(Object.keys(responses).filter((status) => status.startsWith('2')).length).toBe(1);
    }
  });

  test('says of answers what they are', async () => {
    const asked: readonly (readonly [operationId: string, url: string])[] = [
      ['AskMatrix', '/v1/matrix'],
      ['AskInForce', '/v1/in-force'],
      ['AskRefusals', '/v1/refusals'],
      ['AskUsage', '/v1/usage'],
      ['ReplayStream', '/v1/streams/session-s9'],
      ['AskSession', '/v1/sessions/session-s9'],
      ['AskMay', `/v1/may?grant=${grant('GB')}&modelVersion=${HALYARD_5_0}&modality=api&tester=p-01&place=GB`],
      [
        'AskMay',
        `/v1/may?grant=${grant('GB')}&modelVersion=${HALYARD_5_0}&modality=api&tester=p-07&place=GB&policy=itar-all-held`,
      ],
      ['ReadEntry', '/v1/entries/0'],
      ['AskLive', '/health/live'],
      ['AskReady', '/health/ready'],
      ['ListProblemTypes', '/problems'],
      ['ReadProblemType', '/problems/not-entitled'],
    ];
    for (const [operationId, url] of asked) {
      const answer = await served.get(url, 'party-us-reg', 'regulator');
      const operation = operations.find(([, , each]) => each.operationId === operationId)?.[2];
      const schema = operation?.responses['200']?.content?.['application/json']?.schema?.$ref?.split('/').at(-1) ?? '';
      expect({ url, status: answer.status }).toEqual({ url, status: 200 });
      expect({ url, faults: conforms(schema, answer.body) }).toEqual({ url, faults: [] });
    }
    expect(conforms('Matrix', { index: 1, asOf: 'x' })).not.toEqual([]);
  });

  test('says of commands what they answer, done, refused by a rule, and refused for their form', async () => {
    const party = { id: 'party-described', name: 'Described', kind: 'insurer', country: 'CH' };
    const done = await served.post('/v1/parties', party, 'party-custodian', 'custodian');
    expect(done.status).toBe(201);
    expect(conforms('Accepted', done.body)).toEqual([]);
    expect(conforms('Accepted', { ...(done.body as object), events: [] })).not.toEqual([]);
    const taken = await served.post('/v1/parties', party, 'party-custodian', 'custodian');
    const other = await served.post('/v1/parties', { ...party, kind: 'x' }, 'party-custodian', 'custodian');
    const denied = await served.post(
      `/v1/grants/${grant('FR')}/open-session`,
      { modelVersion: HALYARD_5_0, modality: 'api', testers: ['p-11'], place: 'US', endUse: 'safety evaluation' },
      'party-fr-lab',
      'trusted-partner',
    );
    expect([taken.status, other.status, denied.status]).toEqual([409, 400, 403]);
    for (const problem of [taken, other, denied]) expect(conforms('Problem', problem.body)).toEqual([]);
    expect((denied.body as { receipts: unknown[] }).receipts.length).toBe(1);
  });
});

test('every problem that the server can answer with has a type that is documented', async () => {
  const source = join(import.meta.dirname, '../src');
  const names = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(join(source, file), 'utf8').matchAll(/(?:problem|plain)\(\s*\d{3},\s*'([a-z0-9-]+)'/g),
    ])
    .map(([, name]) => name as string);
  const documented = Object.keys(
    (await supertest(served.app.getHttpServer()).get('/problems')).body as Record<string, unknown>,
  );
  expect(names.length).toBeGreaterThan(25);
  expect([...new Set(names)].filter((name) => !documented.includes(name))).toEqual([]);
});
