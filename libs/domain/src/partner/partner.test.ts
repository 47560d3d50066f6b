import { describe, expect, test } from '@jest/globals';
import { at, cases, fold } from '../testing/specification.ts';
import {
  admitted,
  ALLY,
  applied,
  consented,
  DEVELOPER,
  fact,
  LA,
  LAB,
  met,
  nominated,
  NOW,
  OTHER_ALLY,
  OTHER_LAB,
  period,
  reason,
  SYSTEM,
  worldOf,
} from '../testing/world.ts';
import { partnerAt, partnerDecider, type PartnerState } from './index.ts';

const body = { party: LAB.party, criteriaSet: 'criteria-elig' };
const screening = {
  screening: 's-1',
  list: 'l',
  listDigest: 'a'.repeat(64),
  threshold: 85,
  hits: [{ hit: 'h-1', score: 90 }],
};
const hit = fact('ScreeningPerformed', screening);
const adjudicated = { screening: 's-1', hit: 'h-1', outcome: 'false-positive', ...reason };
const ready = [nominated, applied, consented, met];
const admission = { period, conditions: [] };
const inOffice = [...ready, admitted];
const suspended = fact('PartnerSuspended', reason);
const removed = (effectiveAt = NOW - 1) => fact('PartnerRemoved', reason, { effectiveAt });
const expired = fact('AdmissionExpired');
const renewal = { period: { from: period.until, until: '2028-07-01T00:00:00.000Z' } };
const assess = (outcome: string, more: object = {}) => ({ criterion: 'C-1', outcome, ...more });
const waiver = (by: string) => assess('waived', { waiver: { by, reason: 'r' } });
const due = { now: at(period.until) };

describe('a trusted partner', () =>
  cases(partnerDecider, 'partner-gb', worldOf(), [
    ['is nominated by the authority of its country', [], 'NominatePartner', ALLY, ['PartnerNominated'], body],
    ['… of no other', [], 'NominatePartner', OTHER_ALLY, ['not-entitled'], body],
    ['… not by itself (R2)', [], 'NominatePartner', { ...ALLY, party: LAB.party }, ['no-self-assessment'], body],
    ['… once', [nominated], 'NominatePartner', ALLY, ['id-taken'], body],
    [
      '… if it is registered',
      [],
      'NominatePartner',
      ALLY,
      ['not-found', 'not-entitled'],
      { ...body, party: 'party-nobody' },
    ],
    [
      '… by eligibility criteria',
      [],
      'NominatePartner',
      ALLY,
      ['not-found'],
      { ...body, criteriaSet: 'criteria-test' },
    ],
    ['applies', [nominated], 'SubmitEligibilityApplication', LAB, ['EligibilityApplicationSubmitted']],
    ['… itself', [nominated], 'SubmitEligibilityApplication', OTHER_LAB, ['not-entitled']],
    ['… once', [nominated, applied], 'SubmitEligibilityApplication', LAB, ['wrong-state']],
    ['… if it is nominated', [], 'SubmitEligibilityApplication', LAB, ['not-found']],
    [
      '… while criteria are in force',
      [nominated],
      'SubmitEligibilityApplication',
      LAB,
      ['no-criteria-in-force'],
      {},
      { view: worldOf({ 'criteria-elig': [] }) },
    ],
    [
      'has its application returned',
      [nominated, applied],
      'ReturnEligibilityApplication',
      ALLY,
      ['EligibilityApplicationReturned'],
      reason,
    ],
    ['… if there is one', [nominated], 'ReturnEligibilityApplication', ALLY, ['wrong-state'], reason],
    ['is screened', [nominated], 'RecordScreening', LA, ['ScreeningPerformed'], screening],
    ['… once by one id', [nominated, hit], 'RecordScreening', ALLY, ['id-taken'], screening],
    [
      '… not by itself (R2)',
      [nominated],
      'RecordScreening',
      { ...LA, party: LAB.party },
      ['no-self-assessment'],
      screening,
    ],
    ['has a hit adjudicated', [nominated, hit], 'AdjudicateScreeningHit', LA, ['ScreeningHitAdjudicated'], adjudicated],
    ['… that there is', [nominated], 'AdjudicateScreeningHit', LA, ['not-found'], adjudicated],
    [
      '… once',
      [nominated, hit, fact('ScreeningHitAdjudicated', adjudicated)],
      'AdjudicateScreeningHit',
      LA,
      ['wrong-state'],
      adjudicated,
    ],
    ['consents to a review', [nominated], 'ConsentToOnSiteReview', LAB, ['OnSiteReviewConsented']],
    ['… once', [nominated, consented], 'ConsentToOnSiteReview', LAB, ['wrong-state']],
    [
      'is reviewed',
      [nominated, consented],
      'CompleteOnSiteReview',
      ALLY,
      ['OnSiteReviewCompleted'],
      { outcome: 'satisfactory' },
    ],
    [
      '… with its consent',
      [nominated],
      'CompleteOnSiteReview',
      ALLY,
      ['no-consent-to-review'],
      { outcome: 'satisfactory' },
    ],
    [
      'is assessed',
      [nominated, applied],
      'AssessEligibilityCriterion',
      ALLY,
      ['EligibilityCriterionAssessed'],
      assess('met'),
    ],
    ['… once it has applied', [nominated], 'AssessEligibilityCriterion', ALLY, ['wrong-state'], assess('met')],
    [
      '… by a criterion that there is',
      [nominated, applied],
      'AssessEligibilityCriterion',
      ALLY,
      ['not-found'],
      { ...assess('met'), criterion: 'C-9' },
    ],
    [
      '… by its own authority',
      [nominated, applied],
      'AssessEligibilityCriterion',
      OTHER_ALLY,
      ['not-entitled'],
      assess('met'),
    ],
    [
      'has a criterion waived by someone who says why (R1)',
      [nominated, applied],
      'AssessEligibilityCriterion',
      ALLY,
      ['EligibilityCriterionAssessed'],
      waiver(LA.party),
    ],
    [
      '… not by nobody',
      [nominated, applied],
      'AssessEligibilityCriterion',
      ALLY,
      ['waiver-incomplete'],
      assess('waived'),
    ],
    [
      '… not by someone unknown',
      [nominated, applied],
      'AssessEligibilityCriterion',
      ALLY,
      ['not-found'],
      waiver('party-nobody'),
    ],
    [
      '… not by itself (R2)',
      [nominated, applied],
      'AssessEligibilityCriterion',
      ALLY,
      ['no-self-assessment'],
      waiver(LAB.party),
    ],
    ['is admitted', ready, 'AdmitPartner', ALLY, ['PartnerAdmitted'], admission],
    [
      '… with what is waived',
      [nominated, applied, consented, fact('EligibilityCriterionAssessed', waiver(LA.party))],
      'AdmitPartner',
      ALLY,
      ['PartnerAdmitted'],
      admission,
    ],
    [
      '… not while a mandatory criterion is unassessed (R1)',
      [nominated, applied, consented],
      'AdmitPartner',
      ALLY,
      ['criterion-unassessed'],
      admission,
    ],
    [
      '… not met (R1)',
      [...ready, fact('EligibilityCriterionAssessed', assess('not-met'))],
      'AdmitPartner',
      ALLY,
      ['criterion-not-met'],
      admission,
    ],
    [
      '… assessed by another version (R1)',
      [
        ...ready,
        fact('EligibilityApplicationReturned', reason),
        fact('EligibilityApplicationSubmitted', { version: '2' }),
      ],
      'AdmitPartner',
      ALLY,
      ['criterion-unassessed'],
      admission,
    ],
    ['… while a hit is open (R1)', [...ready, hit], 'AdmitPartner', ALLY, ['screening-hit-open'], admission],
    [
      '… a true match (R1)',
      [...ready, hit, fact('ScreeningHitAdjudicated', { ...adjudicated, outcome: 'true-match' })],
      'AdmitPartner',
      ALLY,
      ['screening-match'],
      admission,
    ],
    [
      '… without consent to review (R1)',
      [nominated, applied, met],
      'AdmitPartner',
      ALLY,
      ['no-consent-to-review'],
      admission,
    ],
    [
      '… for a time that ends before it begins',
      ready,
      'AdmitPartner',
      ALLY,
      ['invalid-period'],
      { ...admission, period: { from: period.until, until: period.from } },
    ],
    ['… by nobody else', ready, 'AdmitPartner', LA, ['not-entitled'], admission],
    ['is refused', ready, 'RefusePartner', ALLY, ['PartnerRefused'], reason],
    ['… unless it is admitted', inOffice, 'RefusePartner', ALLY, ['wrong-state'], reason],
    ['is renewed', inOffice, 'RenewAdmission', ALLY, ['AdmissionRenewed'], renewal],
    [
      '… without a gap',
      inOffice,
      'RenewAdmission',
      ALLY,
      ['invalid-period'],
      { period: { ...renewal.period, from: '2027-09-01T00:00:00.000Z' } },
    ],
    ['… also when expired', [...inOffice, expired], 'RenewAdmission', ALLY, ['AdmissionRenewed'], renewal],
    ['… unless it is removed', [...inOffice, removed()], 'RenewAdmission', ALLY, ['wrong-state'], renewal],
    ['expires at its time', inOffice, 'ExpireAdmission', SYSTEM, ['AdmissionExpired'], {}, due],
    ['… not before', inOffice, 'ExpireAdmission', SYSTEM, ['wrong-state']],
    ['is suspended by either authority', inOffice, 'SuspendPartner', LA, ['PartnerSuspended'], reason],
    ['… once', [...inOffice, suspended], 'SuspendPartner', ALLY, ['wrong-state'], reason],
    [
      '… while it is to be removed',
      [...inOffice, removed(NOW + 9)],
      'SuspendPartner',
      LA,
      ['PartnerSuspended'],
      reason,
    ],
    ['… by nobody else', inOffice, 'SuspendPartner', DEVELOPER, ['not-entitled'], reason],
    ['is reinstated', [...inOffice, suspended], 'ReinstatePartner', ALLY, ['PartnerReinstated'], reason],
    [
      '… at once',
      [...inOffice, suspended],
      'ReinstatePartner',
      ALLY,
      ['counts-at-once'],
      reason,
      { effectiveAt: NOW + 1 },
    ],
    ['… if it is suspended', inOffice, 'ReinstatePartner', ALLY, ['wrong-state'], reason],
    ['is removed', inOffice, 'RemovePartner', ALLY, ['PartnerRemoved'], reason],
    ['… once', [...inOffice, removed()], 'RemovePartner', ALLY, ['wrong-state'], reason],
    ['… sooner than was said', [...inOffice, removed(NOW + 9)], 'RemovePartner', ALLY, ['PartnerRemoved'], reason],
  ]));

test('a renewal ahead of time leaves no gap, and lifts no suspension', () => {
  const state = (...facts: Parameters<typeof fold>[2]) => fold(partnerDecider, 'partner-gb', facts) as PartnerState;
  const renewed = fact('AdmissionRenewed', renewal);
  expect(partnerAt(state(...inOffice, renewed), NOW).holds).toBe(true);
  expect(partnerAt(state(...inOffice, renewed), at(period.until)).holds).toBe(true);
  expect(partnerAt(state(...inOffice, suspended, renewed), NOW).holds).toBe(false);
  expect(partnerAt(state(...inOffice, suspended, expired, renewed), at(period.until)).holds).toBe(false);
  expect([-1, 0].map((ms) => partnerAt(state(...inOffice, removed(NOW)), NOW + ms).holds)).toEqual([true, false]);
});
