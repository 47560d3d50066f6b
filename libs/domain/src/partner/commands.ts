import { Type } from 'typebox';
import { commandsOf, Digest, IdText, Name, oneOf, Period, Text, type CommandOf } from '../kernel/index.ts';
import { Hit } from './events.ts';

const command = commandsOf('partner');
const ALLY = ['allied-authority'] as const;
const PARTNER = ['trusted-partner'] as const;
const EITHER = ['licensing-authority', 'allied-authority'] as const;

export const PARTNER_COMMANDS = [
  command('NominatePartner', ALLY, { party: IdText, criteriaSet: IdText }, 'begins a stream'),
  command('SubmitEligibilityApplication', PARTNER, {}),
  command('ReturnEligibilityApplication', ALLY, { reason: Text }),
  command('RecordScreening', EITHER, {
    screening: IdText,
    list: Name,
    listDigest: Digest,
    threshold: Type.Integer({ minimum: 0, maximum: 100 }),
    hits: Type.Array(Hit),
  }),
  command('AdjudicateScreeningHit', EITHER, {
    screening: IdText,
    hit: IdText,
    outcome: oneOf('false-positive', 'true-match'),
    reason: Text,
  }),
  command('ConsentToOnSiteReview', PARTNER, {}),
  command('CompleteOnSiteReview', ALLY, {
    outcome: oneOf('satisfactory', 'unsatisfactory'),
    report: Type.Optional(Digest),
  }),
  command('AssessEligibilityCriterion', ALLY, {
    criterion: IdText,
    outcome: oneOf('met', 'not-met', 'waived'),
    waiver: Type.Optional(Type.Object({ by: IdText, reason: Text }, { additionalProperties: false })),
  }),
  command('AdmitPartner', ALLY, { period: Period, conditions: Type.Array(Text) }),
  command('RefusePartner', ALLY, { reason: Text }),
  command('RenewAdmission', ALLY, { period: Period }),
  command('ExpireAdmission', ['system'], {}),
  command('SuspendPartner', EITHER, { reason: Text }),
  command('ReinstatePartner', EITHER, { reason: Text }),
  command('RemovePartner', ALLY, { reason: Text }),
] as const;

export type PartnerCommand = CommandOf<(typeof PARTNER_COMMANDS)[number]>;
