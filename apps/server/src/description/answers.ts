import type { TSchema } from 'typebox';
import * as schemas from './schemas.ts';

/** What an operation answers with, and by which problems it refuses beside those that every one may have. */
export interface Answer {
  readonly operationId: string;
  readonly schema?: keyof typeof schemas;
  readonly mediaType?: string;
  readonly description: string;
  readonly problems: readonly number[];
}

/** The components of the description. */
export const SCHEMAS: Readonly<Record<string, TSchema>> = schemas;

const table = (operationId: string, schema: keyof typeof schemas): Answer => ({
  operationId,
  schema,
  description: 'What the caller may see, and the index that it was computed at.',
  problems: [400],
});
const file = (operationId: string, mediaType: string, description: string, problems: number[] = []): Answer => ({
  operationId,
  mediaType,
  description,
  problems,
});

/** By method and path; the routes of commands are all alike and stand in `describe.ts`. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  'get /v1/matrix': table('AskMatrix', 'Matrix'),
  'get /v1/in-force': table('AskInForce', 'InForce'),
  'get /v1/refusals': table('AskRefusals', 'Refusals'),
  'get /v1/usage': table('AskUsage', 'Usage'),
  'get /v1/streams/{stream}': { ...table('ReplayStream', 'Replay'), problems: [400, 404] },
  'get /v1/sessions/{id}': { ...table('AskSession', 'Session'), problems: [400, 404] },
  'get /v1/sessions/{id}/authority': { ...table('AskAuthority', 'Authority'), problems: [400, 404] },
  'get /v1/may': { ...table('AskMay', 'May'), problems: [400, 404] },
  'get /v1/export': file('ExportLog', 'application/zip', 'The bundle.', [403, 503]),
  'put /v1/evidence-files/{digest}': {
    operationId: 'PutEvidenceFile',
    schema: 'EvidenceFile',
    description: 'What the file is.',
    problems: [400, 403, 413, 415, 422],
  },
  'post /v1/evidence': {
    operationId: 'ReceiveEvidence',
    schema: 'Imported',
    description: 'Its status, what did not fit, and the receipts.',
    problems: [400, 403, 404, 409, 412, 413, 415, 422, 503],
  },
  'get /log/checkpoint': file('ReadCheckpoint', 'text/plain', 'A signed note (C2SP tlog-checkpoint).', [503]),
  'get /log/tile/entries/{path}': file('ReadEntryBundle', 'application/octet-stream', 'The bundle.', [403, 404]),
  'get /log/tile/{level}/{path}': file('ReadTile', 'application/octet-stream', 'The tile.', [404]),
  'get /v1/entries/{index}': {
    operationId: 'ReadEntry',
    schema: 'Receipt',
    description: 'The entry with its receipt.',
    problems: [403, 404],
  },
  'get /health/live': { operationId: 'AskLive', schema: 'Live', description: 'It is alive.', problems: [] },
  'get /health/ready': { operationId: 'AskReady', schema: 'Ready', description: 'It takes commands.', problems: [503] },
  'get /metrics': file('ReadMetrics', 'text/plain', 'Prometheus text format 0.0.4.'),
  'get /problems': {
    operationId: 'ListProblemTypes',
    schema: 'ProblemTypes',
    description: 'By name.',
    problems: [],
  },
  'get /problems/{name}': {
    operationId: 'ReadProblemType',
    schema: 'ProblemType',
    description: 'What the type means.',
    problems: [404],
  },
};
