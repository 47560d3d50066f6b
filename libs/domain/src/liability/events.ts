import { Type, type Static } from 'typebox';
import {
  Digest,
  event,
  IdText,
  Modality,
  Money,
  Name,
  oneOf,
  Period,
  Text,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

const closed = { additionalProperties: false };
const ABOUT = [
  'ally',
  'partner',
  'parties',
  'modelFamily',
  'modelVersion',
  'instrument',
  'authorisation',
  'grant',
  'liability',
] as const;

export const LiabilityHead = Type.Object(
  {
    head: oneOf(
      'loss-of-weights',
      'data-breach',
      'third-party-claim',
      'regulatory-penalty',
      'intellectual-property',
      'consequential',
    ),
    regime: oneOf('several', 'joint-and-several', 'cross-waiver', 'excluded'),
    /** What each bears, in basis points of the rest. */
    shares: Type.Array(
      Type.Object({ party: IdText, basisPoints: Type.Integer({ minimum: 0, maximum: 10_000 }) }, closed),
    ),
    deductible: Type.Optional(Money),
    cap: Type.Optional(Type.Object({ limit: Money, per: oneOf('claim', 'aggregate') }, closed)),
    layers: Type.Array(
      Type.Object({ kind: oneOf('insurance', 'indemnity', 'party'), party: IdText, limit: Money }, closed),
    ),
  },
  closed,
);
export type LiabilityHead = Static<typeof LiabilityHead>;

export const LiabilityTerms = Type.Object(
  {
    modalities: Type.Array(Modality, { minItems: 1 }),
    heads: Type.Array(LiabilityHead, { minItems: 1 }),
    trigger: oneOf('occurrence', 'claims-made'),
    noticeDays: Type.Integer({ minimum: 0, maximum: 3650 }),
    governingLaw: Name,
    period: Period,
    insuranceRequired: Type.Boolean(),
  },
  closed,
);
export type LiabilityTerms = Static<typeof LiabilityTerms>;

export const LIABILITY_EVENTS = [
  /** `digest`: SHA-256 of the terms' canonical form, which is what the parties countersign. */
  event('LiabilityProposed', { grant: IdText, terms: LiabilityTerms, digest: Digest }, ABOUT),
  event('LiabilityCountersigned', { digest: Digest }, ABOUT),
  event('LiabilityDeclined', { digest: Digest, reason: Text }, ABOUT),
  event('LiabilityInForce', { digest: Digest }, ABOUT),
  event('LiabilityAmendmentProposed', { terms: LiabilityTerms, digest: Digest }, ABOUT),
  event('LiabilityAmended', { digest: Digest }, ABOUT),
  event('InsuranceEvidenced', { policy: Name, period: Period, limit: Money }, ABOUT),
  event('InsuranceLapsed', { policy: Name, reason: Text }, ABOUT),
  event('LiabilityTerminated', { reason: Text }, ABOUT),
] as const;

export type LiabilityEvent = EventOf<(typeof LIABILITY_EVENTS)[number]>;
export type RecordedLiabilityEvent = RecordedEventOf<(typeof LIABILITY_EVENTS)[number]>;
