import { Type, type Static } from 'typebox';
import {
  Decimal,
  event,
  IdText,
  Name,
  oneOf,
  Text,
  Time,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

const closed = { additionalProperties: false };
export const CriteriaKind = oneOf('eligibility', 'testing', 'audit');

/** One criterion: what is required, what shows it, and, where a number decides, which metric and threshold. */
export const Criterion = Type.Object(
  {
    criterion: IdText,
    requirement: Text,
    evidence: Text,
    mandatory: Type.Boolean(),
    /** Name of the metric in an evaluation log: `scorer/metric`, or the metric alone. */
    metric: Type.Optional(Name),
    threshold: Type.Optional(Type.Object({ comparator: oneOf('>=', '>', '<=', '<', '='), value: Decimal }, closed)),
  },
  closed,
);
export type Criterion = Static<typeof Criterion>;

/** Version names never contain what an id must not. */
export const Version = IdText;

export const CRITERIA_EVENTS = [
  /** A version that never changes. `inForceFrom`: when it comes into force by itself. */
  event(
    'CriteriaSetPublished',
    {
      kind: CriteriaKind,
      reference: Name,
      version: Version,
      criteria: Type.Array(Criterion, { minItems: 1 }),
      inForceFrom: Type.Optional(Time),
    },
    ['parties'],
  ),
  event('CriteriaSetCameIntoForce', { version: Version }, ['parties']),
  event('CriteriaSetSuperseded', { version: Version, successor: Version }, ['parties']),
] as const;

export type CriteriaEvent = EventOf<(typeof CRITERIA_EVENTS)[number]>;
export type RecordedCriteriaEvent = RecordedEventOf<(typeof CRITERIA_EVENTS)[number]>;
