import { Type } from 'typebox';
import {
  Digest,
  event,
  IdText,
  Name,
  oneOf,
  Period,
  Text,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

const closed = { additionalProperties: false };
const ABOUT = ['ally', 'partner', 'parties'] as const;
export const Hit = Type.Object({ hit: IdText, score: Type.Integer({ minimum: 0, maximum: 100 }) }, closed);

export const PARTNER_EVENTS = [
  /** A party is proposed as a trusted partner by the authority of its country, under a set of eligibility criteria. */
  event('PartnerNominated', { party: IdText, criteriaSet: IdText }, ABOUT),
  /** The criteria version in force when it applied is the one that it is assessed by. */
  event('EligibilityApplicationSubmitted', { version: IdText }, ABOUT),
  event('EligibilityApplicationReturned', { reason: Text }, ABOUT),
  /** A search of a list: its name and digest, the threshold (0 to 100) and the hits; the query is personal. */
  event(
    'ScreeningPerformed',
    {
      screening: IdText,
      list: Name,
      listDigest: Digest,
      threshold: Type.Integer({ minimum: 0, maximum: 100 }),
      hits: Type.Array(Hit),
    },
    ABOUT,
  ),
  event(
    'ScreeningHitAdjudicated',
    { screening: IdText, hit: IdText, outcome: oneOf('false-positive', 'true-match'), reason: Text },
    ABOUT,
  ),
  event('OnSiteReviewConsented', {}, ABOUT),
  event(
    'OnSiteReviewCompleted',
    { outcome: oneOf('satisfactory', 'unsatisfactory'), report: Type.Optional(Digest) },
    ABOUT,
  ),
  /** `waived` says who waived it and why. */
  event(
    'EligibilityCriterionAssessed',
    {
      criterion: IdText,
      outcome: oneOf('met', 'not-met', 'waived'),
      waiver: Type.Optional(Type.Object({ by: IdText, reason: Text }, closed)),
    },
    ABOUT,
  ),
  event('PartnerAdmitted', { period: Period, conditions: Type.Array(Text) }, ABOUT),
  event('PartnerRefused', { reason: Text }, ABOUT),
  event('AdmissionRenewed', { period: Period }, ABOUT),
  event('AdmissionExpired', {}, ABOUT),
  event('PartnerSuspended', { reason: Text }, ABOUT),
  event('PartnerReinstated', { reason: Text }, ABOUT),
  event('PartnerRemoved', { reason: Text }, ABOUT),
] as const;

export type PartnerEvent = EventOf<(typeof PARTNER_EVENTS)[number]>;
export type RecordedPartnerEvent = RecordedEventOf<(typeof PARTNER_EVENTS)[number]>;
