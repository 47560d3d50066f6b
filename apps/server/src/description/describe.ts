import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ANSWERS, SCHEMAS, type Answer } from './answers.ts';

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** A command's answer, and all by which it may be refused. */
const COMMAND: Omit<Answer, 'operationId'> = {
  schema: 'Accepted',
  description: 'The events, durable and in a signed tree, with the stream’s revision and a receipt for each.',
  problems: [400, 403, 404, 409, 412, 413, 415, 422, 503],
};
/** What each status means here. The names of the problems are in `/problems`. */
const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is not what the route takes.',
  401: 'There is no valid bearer token.',
  403: 'Refused by a rule, or not for this caller: `reasons` has every rule that failed, and a refused access `receipts`.',
  404: 'It does not exist, or is not the caller’s to see.',
  409: 'The thing is not in a state in which this can be done, or a command with this key is under way.',
  412: 'The stream has another revision than If-Match says.',
  413: 'It is too large.',
  415: 'The body is of another media type.',
  422: 'The key came before with another command; or a file that cannot be read as what it is said to be.',
  500: 'The ledger failed. Nothing was acknowledged.',
  503: 'Nothing can be made durable or signed; reads go on.',
};

/** The API's description, generated from the routes: OpenAPI 3.1, whose schemas are JSON Schema 2020-12. */
export function describeApi(app: NestFastifyApplication): OpenAPIObject {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Countersign')
    .setDescription(
      'An audit ledger for trusted-partner testing of frontier AI models. Every answer to a command carries receipts; ' +
        'every refusal is a problem document (RFC 9457) whose `type` leads to what it means.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'names party and role' })
    .build();
  const document = SwaggerModule.createDocument(app, description);
  for (const [path, item] of Object.entries(document.paths))
    for (const method of METHODS) {
      const operation = item[method];
      if (operation) complete(operation, ANSWERS[`${method} ${path}`] ?? { ...COMMAND, operationId: '' });
    }
  document.components = {
    ...document.components,
    schemas: Object.fromEntries(
      Object.entries(SCHEMAS).map(([name, schema]) => [
        name,
        JSON.parse(inComponents(JSON.stringify(schema))) as object,
      ]),
    ),
  };
  return document;
}

/** `Receipt` → `#/components/schemas/Receipt`. */
const inComponents = (json: string): string => json.replaceAll(/"\$ref":"(\w+)"/g, '"$ref":"#/components/schemas/$1"');
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const HEADERS_OF_A_COMMAND = {
  ETag: { description: 'the revision, quoted', schema: { type: 'string' as const } },
  Position: {
    description: 'the last log index: send it as `If-Position-At-Least` to see this write on any server',
    schema: { type: 'string' as const },
  },
};

/** Says what an operation answers: nothing that the routes' own decorators know is said twice. */
function complete(operation: Operation, answer: Answer): void {
  if (answer.operationId !== '') operation.operationId = answer.operationId;
  for (const parameter of operation.parameters ?? [])
    if ('schema' in parameter && parameter.schema && Object.keys(parameter.schema).length === 0)
      parameter.schema = { type: 'string' };
  const success = Object.keys(operation.responses).find((status) => status.startsWith('2')) ?? '200';
  const { schema, mediaType = 'application/json', description } = answer;
  const isCommand = schema === 'Accepted';
  operation.responses = {
    [success]: {
      description,
      ...(isCommand ? { headers: HEADERS_OF_A_COMMAND } : {}),
      content: {
        [mediaType]: {
          ...(schema !== undefined
            ? { schema: ref(schema) }
            : mediaType.startsWith('text/')
              ? { schema: { type: 'string' } }
              : {}),
        },
      },
    },
    ...Object.fromEntries(
      [...answer.problems, ...(operation.security ? [401] : []), 500]
        .sort((a, b) => a - b)
        .map((status) => [
          status,
          {
            description: MEANINGS[status] ?? '',
            headers: { 'X-Request-ID': { description: 'the id of the log’s line', schema: { type: 'string' } } },
            content: { 'application/problem+json': { schema: ref('Problem') } },
          },
        ]),
    ),
  };
}
