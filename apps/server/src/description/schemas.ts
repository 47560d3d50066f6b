import { Type, type TSchema } from 'typebox';
import { PROBLEM_TYPES } from '../problems.controller.ts';

/**
 * What answers hold, as JSON Schema 2020-12, which is what OpenAPI 3.1 speaks. Answers may have more members than these; a
 * test holds what the API says to them.
 */
const Id = Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$' });
const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, milliseconds' });
const Index = Type.Integer({ minimum: 0, description: 'log index, gapless from 0' });
const Revision = Type.Integer({ minimum: 0, description: 'counts from 0 in its stream, without gaps' });
const Texts = Type.Array(Type.String());
const text = (description: string) => Type.String({ description });

export const Receipt = Type.Object({
  index: Index,
  entry: text('the entry exactly as it is stored and hashed: RFC 8785 JSON of a CloudEvents 1.0 object'),
  proof: text('C2SP tlog-proof: inclusion of the entry under a signed checkpoint'),
});

export const Accepted = Type.Object({
  stream: Id,
  revision: Type.Integer({ minimum: 0, description: 'of the stream, after the command; the ETag too' }),
  repeated: Type.Boolean({ description: 'the same key and body came before: these are the original events' }),
  events: Type.Array(
    Type.Object({
      id: Type.String({ format: 'uuid' }),
      type: text('such as GrantApproved'),
      index: Index,
      stream: Id,
      revision: Revision,
    }),
    { minItems: 1 },
  ),
  receipts: Type.Array(Type.Ref('Receipt'), {
    minItems: 1,
    description: 'one for each event, in the same order; its entry is the event’s bytes',
  }),
});

const Reason = Type.Object({ rule: text('the name of the rule, as in /problems'), detail: Type.String() });

/** RFC 9457. */
export const Problem = Type.Object(
  {
    type: Type.Unsafe<string>({
      type: 'string',
      format: 'uri-reference',
      enum: Object.keys(PROBLEM_TYPES).map((name) => `/problems/${name}`),
    }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    reasons: Type.Optional(Type.Array(Reason, { description: 'every rule that failed; `type` is that of the first' })),
    errors: Type.Optional(
      Type.Array(Type.Object({ pointer: text('JSON Pointer (RFC 6901)'), detail: Type.String() }), {
        description: 'what is wrong in the body, and where',
      }),
    ),
    receipts: Type.Optional(
      Type.Array(Type.Ref('Receipt'), { description: 'of the entry that records the refusal of an access' }),
    ),
  },
  { additionalProperties: false },
);

/** Asked again with `known` = `index` and the same `asOf`, it gives the same bytes. */
const said = { index: Type.Integer({ minimum: -1, description: 'what it was computed at' }), asOf: Time };
const concerned = { ally: text('ISO 3166-1 alpha-2, or empty'), parties: Texts };
const table = <P extends Record<string, TSchema>>(row: P) =>
  Type.Object({ ...said, rows: Type.Array(Type.Object({ ...concerned, ...row })) });
const Outcomes = Type.Record(Type.String(), Type.String());
const Standing = Type.Unsafe<string>({ enum: ['in force', 'not in force'] });
const Modality = Type.Unsafe<string>({ enum: ['weights', 'api'] });
const Assessment = Type.Object({ tester: Id, outcome: Type.String(), countries: Texts });
const Event = Type.Object({ what: Type.String(), event: Type.String(), index: Type.Optional(Index) });

export const Matrix = table({
  grant: Id,
  partner: Id,
  modelFamily: Id,
  modelName: Type.String(),
  modality: Modality,
  granted: Type.Boolean(),
  tested: Type.Boolean({ description: 'a session opened, however it ended' }),
  sessions: Type.Array(
    Type.Object({
      session: Id,
      modelVersion: Id,
      criteria: text('set and version'),
      status: Type.String(),
      outcomes: Outcomes,
    }),
  ),
});
export const InForce = table({
  kind: Type.String(),
  id: Type.String(),
  name: Type.String(),
  status: Standing,
  because: Type.Optional(Type.String()),
});
export const Refusals = table({
  at: Time,
  index: Index,
  partner: Type.String(),
  testers: Texts,
  modelVersion: Id,
  modality: Modality,
  rules: Type.Array(Type.String(), { minItems: 1 }),
});
const Amount = Type.Integer({ minimum: 0 });
export const Usage = table({
  authorisation: Id,
  grant: Id,
  item: Id,
  unit: Type.Unsafe<string>({ enum: ['sessions', 'hours', 'calls', 'tokens'] }),
  authorised: Amount,
  leftToGrant: Amount,
  granted: Amount,
  used: Amount,
});
export const Replay = table({
  index: Index,
  revision: Revision,
  type: Type.String(),
  actor: Id,
  recordedAt: Time,
  effectiveAt: Time,
  data: Type.Object({}),
});
export const Session = Type.Object({
  ...said,
  ...concerned,
  session: Id,
  status: Type.String(),
  grant: Id,
  partner: Type.String(),
  modelVersion: Id,
  modality: Modality,
  testers: Texts,
  openedAt: Time,
  outcomes: Type.Record(Type.String(), Type.Object({ outcome: Type.String() })),
  calls: Amount,
  evidence: Type.Array(Type.Object({ evidence: Id, kind: Type.String(), status: Type.String() })),
  activityAfterEffect: Type.Optional(Type.Object({ effect: Time, cause: Type.String(), calls: Type.Array(Time) })),
  authority: Type.Object({ basis: Type.Array(Event), assessments: Type.Array(Assessment) }),
});
export const May = Type.Object({
  ...said,
  may: Type.Boolean(),
  reasons: Type.Optional(Type.Array(Reason, { minItems: 1 })),
  basis: Type.Optional(Type.Record(Type.String(), Type.String())),
  assessments: Type.Optional(Type.Array(Assessment)),
});
const RuleText = { title: Type.String(), rule: Type.Optional(Type.String()) };
export const ProblemType = Type.Object({ type: Type.String(), ...RuleText });
export const ProblemTypes = Type.Record(Type.String(), Type.Object(RuleText));
export const Live = Type.Object({ status: Type.Unsafe<string>({ const: 'live' }) });
export const Ready = Type.Object({ status: Type.Unsafe<string>({ const: 'ready' }), size: Amount });
export const EvidenceFile = Type.Object({
  file: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  bytes: Amount,
});
export const Imported = Type.Object({
  evidence: Id,
  status: Type.String(),
  recognised: Type.Boolean({ description: 'this very file was here before' }),
  sessions: Type.Array(Id),
  discrepancies: Type.Array(Type.Object({ kind: Type.String(), detail: Type.String() })),
  receipts: Type.Array(Type.Ref('Receipt')),
});
