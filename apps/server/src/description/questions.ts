import { Type, type TProperties, type TSchema } from 'typebox';

/**
 * What each question is answered with, for the API's description. A test holds real answers to these, so that nothing is
 * in an answer that is not described.
 */
const closed = { additionalProperties: false };
const object = <P extends TProperties>(properties: P) => Type.Object(properties, closed);
const text = Type.String();
const texts = Type.Array(text);
const count = Type.Integer({ minimum: 0 });
const time = Type.String({ format: 'date-time' });
const anything = Type.Unsafe<object>({ type: 'object' });
const modality = Type.Unsafe<string>({ enum: ['weights', 'api'] });
const optional = <S extends TSchema>(schema: S) => Type.Optional(schema);
const map = (of: TSchema) => Type.Unsafe<object>({ type: 'object', additionalProperties: of });

/** Who is concerned: what a caller may see is judged by it. */
const row = { ally: text, parties: texts, grant: optional(text) };
const said = {
  index: Type.Integer({ minimum: -1, description: 'of the last entry that was known: `known` with it gives the same' }),
  asOf: time,
};
const rows = (properties: TProperties) => object({ ...said, rows: Type.Array(object({ ...row, ...properties })) });
const described = { status: Type.Unsafe<string>({ enum: ['in force', 'not in force'] }), because: optional(text) };
const criteria = object({ set: text, version: text, by: text });
const misfits = optional(Type.Array(object({ rule: text, detail: text })));
const assessments = Type.Array(
  object({
    tester: text,
    policy: text,
    policyBy: text,
    statusesBy: text,
    outcome: Type.Unsafe<string>({ enum: ['release', 'no-release'] }),
    countries: texts,
  }),
);

export const Matrix = rows({
  partner: text,
  modelFamily: text,
  modelName: text,
  modality,
  granted: Type.Boolean(),
  tested: Type.Boolean({ description: 'a session opened, however it ended' }),
  sessions: Type.Array(
    object({
      session: text,
      modelVersion: text,
      versionName: text,
      criteria: text,
      status: text,
      outcomes: map(Type.Unsafe({ enum: ['met', 'not-met', 'inconclusive', 'not-applicable'] })),
    }),
  ),
});
export const InForce = rows({
  kind: text,
  id: text,
  name: text,
  ...described,
  from: optional(time),
  until: optional(time),
});
export const Refusals = rows({
  at: time,
  index: count,
  partner: text,
  testers: texts,
  modelVersion: text,
  modality,
  rules: texts,
  repeated: count,
});
export const Usage = rows({
  authorisation: text,
  item: text,
  unit: Type.Unsafe({ enum: ['sessions', 'hours', 'calls', 'tokens'] }),
  authorised: count,
  leftToGrant: Type.Integer(),
  granted: count,
  used: Type.Integer(),
  wouldStop: texts,
});
export const Replay = rows({
  index: count,
  revision: count,
  type: text,
  actor: text,
  occurredAt: time,
  recordedAt: time,
  effectiveAt: time,
  data: anything,
  state: anything,
});
export const Session = object({
  ...said,
  ...row,
  session: text,
  status: text,
  partner: text,
  modelVersion: text,
  modality,
  testers: texts,
  openedAt: time,
  endedAt: optional(time),
  misfits,
  terminationOrdered: optional(object({ at: time, cause: text })),
  criteria: optional(criteria),
  outcomes: map(object({ outcome: text, value: optional(text), evidence: optional(text), by: text })),
  findings: map(object({ severity: text, by: text })),
  calls: count,
  activityAfterEffect: optional(
    object({ effect: time, cause: text, calls: Type.Array(time), secondsToLastCall: optional(Type.Number()) }),
  ),
  evidence: Type.Array(
    object({
      evidence: text,
      kind: text,
      status: text,
      file: text,
      sample: optional(anything),
      log: optional(anything),
      discrepancies: Type.Array(object({ kind: text, detail: text, calls: optional(count) })),
    }),
  ),
  authority: object({
    basis: Type.Array(
      object({
        what: text,
        event: text,
        index: optional(count),
        type: optional(text),
        stream: optional(text),
        recordedAt: optional(time),
      }),
    ),
    assessments,
  }),
});
export const Authority = object({
  ...said,
  ...row,
  session: text,
  status: text,
  decidedAt: object({ index: count, event: text, recordedAt: time }),
  modelVersion: text,
  modality,
  testers: texts,
  criteria: optional(criteria),
  misfits,
  chain: Type.Array(
    object({
      what: text,
      name: text,
      stream: text,
      event: text,
      index: count,
      type: text,
      actor: text,
      recordedAt: time,
      effectiveAt: time,
      then: object(described),
      asked: object(described),
    }),
  ),
  assessments,
});
export const May = object({
  ...said,
  may: Type.Boolean(),
  reasons: optional(Type.Array(object({ rule: text, detail: text, countries: optional(texts) }))),
  basis: optional(map(text)),
  criteria: optional(criteria),
  assessments: optional(assessments),
});
