import { Type } from 'typebox';
import { PROBLEM_TYPES } from '../problems.controller.ts';

export * from './questions.ts';

/**
 * What answers hold, as JSON Schema 2020-12, which is what OpenAPI 3.1 speaks. Answers may have more members than these,
 * but for those to questions; a test holds what the API says to them.
 */
const Id = Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$' });
const Index = Type.Integer({ minimum: 0, description: 'log index, gapless from 0' });
const Revision = Type.Integer({ minimum: 0, description: 'counts from 0 in its stream, without gaps' });
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

const Amount = Type.Integer({ minimum: 0 });
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
