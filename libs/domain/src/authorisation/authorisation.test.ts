import { describe, expect, test } from '@jest/globals';
import { at, cases, fold } from '../testing/specification.ts';
import {
  ALLY,
  application,
  asked,
  DEVELOPER,
  fact,
  issued,
  LA,
  LAB,
  NOW,
  OTHER_LAB,
  period,
  reason,
  recorded,
  reserved,
  scope,
  SYSTEM,
  worldOf,
} from '../testing/world.ts';
import { authorisationAt, authorisationDecider, type AuthorisationState } from './index.ts';

const conditions = { conditions: [] };
const reporting = { conditions: [{ condition: 'c-1', text: 't', reporting: { dueDay: 15, firstPeriod: '2026-07' } }] };
const report = { condition: 'c-1', period: '2026-07' };
const live = [application, issued()];
const status = (type: string, data: object = reason, effectiveAt = NOW - 1) => fact(type, data, { effectiveAt });
const FINAL = {
  denied: [application, status('AuthorisationDenied')],
  'returned without action': [application, status('ApplicationReturnedWithoutAction')],
  revoked: [...live, status('AuthorisationRevoked')],
  expired: [...live, status('AuthorisationExpired', {})],
  superseded: [...live, status('AuthorisationSuperseded', { successor: 'authorisation-2' })],
};
const later = NOW + 86_400_000;
const APPLICANT = { ...LA, party: DEVELOPER.party };
const item = scope.items[0];
const withItem = (change: object) => ({ ...asked, scope: { ...scope, items: [{ ...item, ...change }] } });
const listing = { ...asked, kind: 'annex-listing', holder: LAB.party, annexEntry: 'a-1', conditions: [] };
const annex = fact('AnnexEntryAdded', {
  entry: 'a-1',
  party: LAB.party,
  items: scope.items.map(({ family, modality }) => ({ family, modality, countries: ['GB'] })),
});
const listed = worldOf({ 'instrument-1': [recorded(), annex] });
const lifted = worldOf({ 'instrument-1': [recorded(), fact('InstrumentLifted', reason)] });
const superseded = worldOf({
  'instrument-1': [recorded(), fact('InstrumentSuperseded', { successor: 'instrument-2' })],
  'instrument-2': [recorded({ destinations: ['FR'] })],
});
const amended = (change: object) => ({ scope: { ...scope, ...change }, ...reason });
const two = { grant: 'grant-2', items: [{ item: 'api', amount: 9 }] };

describe('an authorisation', () =>
  cases(authorisationDecider, 'authorisation-1', worldOf({ 'authorisation-2': [issued()] }), [
    ['is applied for by a developer', [], 'ApplyForAuthorisation', DEVELOPER, ['AuthorisationApplied'], asked],
    ['… or by the partner', [], 'ApplyForAuthorisation', LAB, ['AuthorisationApplied'], asked],
    ['… for itself', [], 'ApplyForAuthorisation', OTHER_LAB, ['not-entitled'], asked],
    ['… not by who decides (R3)', [], 'ApplyForAuthorisation', LA, ['not-entitled'], asked],
    ['… once', live, 'ApplyForAuthorisation', DEVELOPER, ['id-taken'], asked],
    [
      '… for a partner that there is',
      [],
      'ApplyForAuthorisation',
      DEVELOPER,
      ['not-found'],
      { ...asked, partner: 'partner-xx' },
    ],
    [
      '… under an instrument that there is',
      [],
      'ApplyForAuthorisation',
      DEVELOPER,
      ['not-found'],
      { ...asked, instrument: 'instrument-9' },
    ],
    [
      '… for a time that ends after it begins',
      [],
      'ApplyForAuthorisation',
      DEVELOPER,
      ['invalid-period'],
      { ...asked, scope: { ...scope, period: { from: period.until, until: period.from } } },
    ],
    [
      '… each item once',
      [],
      'ApplyForAuthorisation',
      DEVELOPER,
      ['item-twice', 'item-twice'],
      { ...asked, scope: { ...scope, items: [item, item] } },
    ],
    [
      '… within the families of its instrument (R7)',
      [],
      'ApplyForAuthorisation',
      DEVELOPER,
      ['scope-exceeds-instrument'],
      withItem({ family: 'model-2' }),
    ],
    [
      '… and its destinations (R7)',
      [],
      'ApplyForAuthorisation',
      DEVELOPER,
      ['scope-exceeds-instrument'],
      { ...asked, scope: { ...scope, destinations: 'all' } },
    ],
    ['is referred', [application], 'ReferApplication', LA, ['ApplicationReferred'], { agency: 'Defence' }],
    ['is held', [application], 'HoldApplication', LA, ['ApplicationHeld'], reason],
    [
      'has a position recorded, by any authority',
      [application],
      'RecordAgencyPosition',
      ALLY,
      ['AgencyPositionRecorded'],
      { agency: 'a', position: 'approve' },
    ],
    [
      '… while it is decided',
      live,
      'RecordAgencyPosition',
      ALLY,
      ['wrong-state'],
      { agency: 'a', position: 'approve' },
    ],
    ['is meant to be denied', [application], 'IssueIntentToDeny', LA, ['IntentToDenyIssued'], reason],
    [
      'is returned without action',
      [application],
      'ReturnApplicationWithoutAction',
      LA,
      ['ApplicationReturnedWithoutAction'],
      reason,
    ],
    ['is denied', [application], 'DenyAuthorisation', LA, ['AuthorisationDenied'], reason],
    ['… only by a licensing authority (R3)', [application], 'DenyAuthorisation', ALLY, ['not-entitled'], reason],
    ['… never by who applied (R3)', [application], 'DenyAuthorisation', APPLICANT, ['no-self-authorisation'], reason],
    ['is issued', [application], 'IssueAuthorisation', LA, ['AuthorisationIssued'], conditions],
    [
      '… never by who applied (R3)',
      [application],
      'IssueAuthorisation',
      APPLICANT,
      ['no-self-authorisation'],
      conditions,
    ],
    ['… once', live, 'IssueAuthorisation', LA, ['wrong-state'], conditions],
    ['… if it was applied for', [], 'IssueAuthorisation', LA, ['not-found'], conditions],
    [
      '… also under an instrument that was lifted (R7)',
      [application],
      'IssueAuthorisation',
      LA,
      ['AuthorisationIssued'],
      conditions,
      { view: lifted },
    ],
    [
      '… not under one that was replaced (R7)',
      [application],
      'IssueAuthorisation',
      LA,
      ['instrument-not-in-force'],
      conditions,
      { view: superseded },
    ],
    ['begins with a listing', [], 'ListAuthorisation', LA, ['AuthorisationIssued'], listing, { view: listed }],
    [
      '… that the annex has',
      [],
      'ListAuthorisation',
      LA,
      ['scope-exceeds-annex', 'scope-exceeds-annex', 'annex-entry-not-in-force', 'holder-not-listed'],
      listing,
    ],
    [
      '… of the party that is listed',
      [],
      'ListAuthorisation',
      LA,
      ['holder-not-listed'],
      { ...listing, holder: OTHER_LAB.party },
      { view: listed },
    ],
    [
      '… within what is listed (R7)',
      [],
      'ListAuthorisation',
      LA,
      ['scope-exceeds-annex'],
      { ...listing, ...withItem({ countries: ['FR'] }) },
      { view: listed },
    ],
    [
      '… not for who decides (R3)',
      [],
      'ListAuthorisation',
      LA,
      ['no-self-authorisation'],
      { ...asked, kind: 'exception', holder: LA.party, conditions: [] },
    ],
    ['has its conditions communicated', live, 'CommunicateConditions', LA, ['ConditionsCommunicated']],
    ['… acknowledged', live, 'AcknowledgeConditions', DEVELOPER, ['ConditionsAcknowledged']],
    ['… by its holder', live, 'AcknowledgeConditions', LAB, ['not-entitled']],
    ['… once', [...live, fact('ConditionsAcknowledged')], 'AcknowledgeConditions', DEVELOPER, ['wrong-state']],
    ['… reported on', [application, issued(reporting)], 'ReportOnCondition', DEVELOPER, ['ConditionReported'], report],
    [
      '… also again, since a report is never refused (R14)',
      [application, issued(reporting), fact('ConditionReported', report)],
      'ReportOnCondition',
      DEVELOPER,
      ['ConditionReported'],
      report,
    ],
    [
      '… also after its end (R14)',
      [application, issued(reporting), status('AuthorisationRevoked')],
      'ReportOnCondition',
      DEVELOPER,
      ['ConditionReported'],
      report,
    ],
    ['… a condition that there is', live, 'ReportOnCondition', DEVELOPER, ['not-found'], report],
    ['… overdue', [application, issued(reporting)], 'MarkConditionOverdue', SYSTEM, ['ConditionOverdue'], report],
    [
      '… not before it is due',
      [application, issued(reporting)],
      'MarkConditionOverdue',
      SYSTEM,
      ['wrong-state'],
      { ...report, period: '2026-08' },
    ],
    ['reserves what a grant is for', live, 'DecrementAuthorisation', SYSTEM, ['AuthorisationDecremented'], two],
    [
      '… not more than is left (R5)',
      [...live, reserved],
      'DecrementAuthorisation',
      SYSTEM,
      ['quantity-exhausted'],
      two,
    ],
    [
      '… once',
      [...live, fact('AuthorisationDecremented', two)],
      'DecrementAuthorisation',
      SYSTEM,
      ['wrong-state', 'quantity-exhausted'],
      two,
    ],
    [
      'takes back what a grant has not used',
      [...live, fact('AuthorisationDecremented', two)],
      'ReplenishAuthorisation',
      SYSTEM,
      ['AuthorisationReplenished'],
      two,
    ],
    [
      '… not more (R5)',
      [...live, fact('AuthorisationDecremented', { ...two, items: [{ item: 'api', amount: 1 }] })],
      'ReplenishAuthorisation',
      SYSTEM,
      ['quantity-exceeded'],
      two,
    ],
    [
      '… once',
      [...live, fact('AuthorisationDecremented', two), fact('AuthorisationReplenished', two)],
      'ReplenishAuthorisation',
      SYSTEM,
      ['wrong-state', 'quantity-exceeded'],
      two,
    ],
    ['is amended', live, 'AmendAuthorisation', LA, ['AuthorisationAmended'], amended({})],
    ['… at once', live, 'AmendAuthorisation', LA, ['counts-at-once'], amended({}), { effectiveAt: later }],
    [
      '… within its instrument (R7)',
      live,
      'AmendAuthorisation',
      LA,
      ['scope-exceeds-instrument'],
      amended({ destinations: ['JP'] }),
    ],
    [
      '… within the one that replaced it (R7)',
      live,
      'AmendAuthorisation',
      LA,
      ['scope-exceeds-instrument'],
      amended({}),
      { view: superseded },
    ],
    [
      '… not below what grants have reserved (R5)',
      [...live, reserved],
      'AmendAuthorisation',
      LA,
      ['quantity-exhausted'],
      amended({ items: [{ ...item, quantity: { unit: 'sessions', amount: 1 } }] }),
    ],
    ['is suspended', live, 'SuspendAuthorisation', LA, ['AuthorisationSuspended'], reason],
    ['… once', [...live, status('AuthorisationSuspended')], 'SuspendAuthorisation', LA, ['wrong-state'], reason],
    [
      '… also while it is to be revoked',
      [...live, status('AuthorisationRevoked', reason, later)],
      'SuspendAuthorisation',
      LA,
      ['AuthorisationSuspended'],
      reason,
    ],
    ['… never by its holder (R3)', live, 'SuspendAuthorisation', APPLICANT, ['no-self-authorisation'], reason],
    [
      'is reinstated',
      [...live, status('AuthorisationSuspended')],
      'ReinstateAuthorisation',
      LA,
      ['AuthorisationReinstated'],
      reason,
    ],
    [
      '… at once',
      [...live, status('AuthorisationSuspended')],
      'ReinstateAuthorisation',
      LA,
      ['counts-at-once'],
      reason,
      { effectiveAt: later },
    ],
    ['… if it is suspended', live, 'ReinstateAuthorisation', LA, ['wrong-state'], reason],
    ['is revoked', live, 'RevokeAuthorisation', LA, ['AuthorisationRevoked'], reason],
    [
      '… sooner than was said',
      [...live, status('AuthorisationRevoked', reason, later)],
      'RevokeAuthorisation',
      LA,
      ['AuthorisationRevoked'],
      reason,
    ],
    [
      '… not later',
      [...live, status('AuthorisationRevoked', reason, later)],
      'RevokeAuthorisation',
      LA,
      ['wrong-state'],
      reason,
      { effectiveAt: later + 1 },
    ],
    ['… item by item', live, 'RevokeAuthorisation', LA, ['AuthorisationRevoked'], { items: ['api'], ...reason }],
    ['… that it has', live, 'RevokeAuthorisation', LA, ['not-found'], { items: ['nothing'], ...reason }],
    [
      '… each once',
      [...live, status('AuthorisationRevoked', { items: ['api'], ...reason })],
      'RevokeAuthorisation',
      LA,
      ['wrong-state'],
      { items: ['api'], ...reason },
    ],
    [
      'is superseded',
      live,
      'SupersedeAuthorisation',
      LA,
      ['AuthorisationSuperseded'],
      { successor: 'authorisation-2' },
    ],
    [
      '… by another that was issued',
      live,
      'SupersedeAuthorisation',
      LA,
      ['not-found'],
      { successor: 'authorisation-9' },
    ],
    [
      'expires at its time',
      live,
      'ExpireAuthorisation',
      SYSTEM,
      ['AuthorisationExpired'],
      {},
      { now: at(period.until) },
    ],
    ['… not before', live, 'ExpireAuthorisation', SYSTEM, ['wrong-state']],
  ]));

describe.each(Object.entries(FINAL))('R4: %s is final', (_, history) =>
  cases(authorisationDecider, 'authorisation-1', worldOf({ 'authorisation-2': [issued()] }), [
    ['it is not denied', history, 'DenyAuthorisation', LA, ['wrong-state'], reason],
    ['not issued', history, 'IssueAuthorisation', LA, ['wrong-state'], conditions],
    ['not suspended', history, 'SuspendAuthorisation', LA, ['wrong-state'], reason],
    ['not reinstated', history, 'ReinstateAuthorisation', LA, ['wrong-state', 'wrong-state'], reason],
    ['not amended', history, 'AmendAuthorisation', LA, ['wrong-state'], amended({})],
    [
      'not drawn from',
      history,
      'DecrementAuthorisation',
      SYSTEM,
      expect.arrayContaining(['wrong-state']) as never,
      two,
    ],
  ]),
);

test('it is in force from when it counts until it ends; item by item, when the last of them does', () => {
  const state = (...facts: Parameters<typeof fold>[2]) =>
    fold(authorisationDecider, 'authorisation-1', [...live, ...facts], NOW) as AuthorisationState;
  const holds = (of: AuthorisationState) => [NOW, later].map((when) => authorisationAt(of, when).holds);
  expect(holds(state())).toEqual([true, true]);
  expect(holds(state(status('AuthorisationRevoked', reason, later)))).toEqual([true, false]);
  expect(holds(state(status('AuthorisationSuspended'), status('AuthorisationRevoked', reason, later)))).toEqual([
    false,
    false,
  ]);
  const byItem = (name: string, when: number) => status('AuthorisationRevoked', { items: [name], ...reason }, when);
  expect(holds(state(byItem('api', later), byItem('weights', NOW - 1)))).toEqual([true, false]);
});
