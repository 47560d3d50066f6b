import { describe, expect, test } from '@jest/globals';
import { at, type Fact } from './testing/specification.ts';
import {
  activated,
  application,
  admitted,
  applied,
  cleared,
  fact,
  grantScope,
  granted,
  issued,
  nominated,
  NOW,
  period,
  proposed,
  published,
  reason,
  recorded,
  released,
  requested,
  reserved,
  rostered,
  scope,
  STREAMS,
  terms,
  verified,
  worldOf,
} from './testing/world.ts';
import { authorise, type AccessRequest } from './authorise.ts';

const request: AccessRequest = {
  grant: 'grant-1',
  party: 'party-gb-lab',
  modelVersion: 'v-1',
  modality: 'api',
  testers: ['p-1'],
  facility: 'facility-1',
  place: 'GB',
  endUse: 'evaluation',
};
const rulesOf = (change: Record<string, readonly Fact[] | undefined>, ask: object = {}, now = NOW) => {
  const decision = authorise(worldOf(change), { ...request, ...ask }, now);
  return 'deny' in decision ? decision.deny.map(({ rule }) => rule) : [];
};
const after = (stream: string, ...facts: Fact[]) => ({ [stream]: [...(STREAMS[stream] ?? []), ...facts] });
const ahead = { effectiveAt: NOW + 1 };
const used = (session: string, item = 'api', amount = 1) =>
  fact('SessionAuthorised', { session, item, modality: item, reserved: amount, testers: ['p-1'], modelVersion: 'v-1' });

test('R10: where everything holds, access is permitted, and the permit carries what it rests on', () => {
  const decision = authorise(worldOf(), request, NOW);
  expect('permit' in decision && decision.permit).toMatchObject({
    item: 'api',
    reserved: 1,
    liability: 'liability-1',
    criteria: { set: 'criteria-test', version: '1' },
    assessments: [{ tester: 'p-1', policy: 'ear-most-recent', outcome: 'release', countries: ['GB'] }],
  });
  expect(Object.keys('permit' in decision ? decision.permit.basis : {})).toEqual([
    ...['party', 'partner', 'modelVersion', 'grant', 'authorisation', 'instrument', 'liability', 'tester:p-1'],
  ]);
});

describe('R10: access is refused by the rule that fails', () => {
  test.each<[string, string[], Record<string, readonly Fact[] | undefined>, object?, number?]>([
    ['another partner asks', ['not-entitled'], {}, { party: 'party-fr-lab' }],
    ['there is no such grant', ['not-found'], { 'grant-1': undefined }],
    ['the party is suspended', ['party-suspended'], after('party-gb-lab', fact('PartySuspended', reason))],
    ['… but not yet', [], after('party-gb-lab', fact('PartySuspended', reason, ahead))],
    ['the partner is not admitted', ['partner-not-admitted'], { 'partner-gb': [nominated, applied] }],
    ['… suspended', ['partner-not-admitted'], after('partner-gb', fact('PartnerSuspended', reason))],
    ['… removed', ['partner-not-admitted'], after('partner-gb', fact('PartnerRemoved', reason))],
    ['… removed, but not yet', [], after('partner-gb', fact('PartnerRemoved', reason, ahead))],
    [
      '… suspended, and to be removed',
      ['partner-not-admitted'],
      after('partner-gb', fact('PartnerSuspended', reason), fact('PartnerRemoved', reason, ahead)),
    ],
    [
      '… admitted until a day before, whatever is recorded',
      ['partner-not-admitted'],
      {
        'partner-gb': [
          nominated,
          { ...admitted, data: { period: { ...period, until: '2026-08-17T00:00:00.000Z' }, conditions: [] } },
        ],
      },
    ],
    [
      'the model version is withdrawn',
      ['model-version-not-available'],
      after('model-1', fact('ModelVersionWithdrawn', { version: 'v-1', ...reason })),
    ],
    [
      'the model version is not released so',
      ['modality-not-covered'],
      { 'model-1': [STREAMS['model-1']?.[0] as Fact, released('v-1', ['weights'])] },
    ],
    ['the grant is not active', ['grant-not-active'], { 'grant-1': granted.slice(0, 3) }],
    [
      '… suspended',
      ['grant-not-active'],
      after('grant-1', fact('GrantSuspended', { causes: [{ key: 'k', event: 'e' }], ...reason })),
    ],
    ['… revoked', ['grant-not-active'], after('grant-1', fact('GrantRevoked', reason))],
    ['… revoked, but not yet', [], after('grant-1', fact('GrantRevoked', reason, ahead))],
    [
      '… suspended, and to be revoked',
      ['grant-not-active'],
      after(
        'grant-1',
        fact('GrantSuspended', { causes: [{ key: 'k', event: 'e' }], ...reason }),
        fact('GrantRevoked', reason, ahead),
      ),
    ],
    [
      'the authorisation is only applied for',
      ['authorisation-not-in-force', 'modality-not-covered', 'model-version-not-covered', 'release-not-permitted'],
      { 'authorisation-1': [application] },
    ],
    ['… suspended', ['authorisation-not-in-force'], after('authorisation-1', fact('AuthorisationSuspended', reason))],
    [
      '… suspended, and to be revoked',
      ['authorisation-not-in-force'],
      after('authorisation-1', fact('AuthorisationSuspended', reason), fact('AuthorisationRevoked', reason, ahead)),
    ],
    ['… revoked', ['authorisation-not-in-force'], after('authorisation-1', fact('AuthorisationRevoked', reason))],
    [
      '… its item revoked',
      ['authorisation-not-in-force'],
      after('authorisation-1', fact('AuthorisationRevoked', { items: ['api'], ...reason })),
    ],
    [
      '… another item revoked',
      [],
      after('authorisation-1', fact('AuthorisationRevoked', { items: ['weights'], ...reason })),
    ],
    [
      '… superseded',
      ['authorisation-not-in-force'],
      after('authorisation-1', fact('AuthorisationSuperseded', { successor: 'authorisation-2' })),
    ],
    [
      '… and all else expired, whatever is recorded',
      [
        'partner-not-admitted',
        'grant-not-active',
        'authorisation-not-in-force',
        'liability-not-in-force',
        'tester-not-cleared',
      ],
      {},
      {},
      at(period.until),
    ],
    [
      'the instrument was replaced by one that covers less',
      ['instrument-not-in-force'],
      {
        'instrument-1': [recorded(), fact('InstrumentSuperseded', { successor: 'instrument-2' })],
        'instrument-2': [recorded({ families: ['model-2'] })],
      },
    ],
    [
      '… by one that still covers it',
      [],
      {
        'instrument-1': [recorded(), fact('InstrumentSuperseded', { successor: 'instrument-2' })],
        'instrument-2': [recorded()],
      },
    ],
    ['… lifted', [], after('instrument-1', fact('InstrumentLifted', reason))],
    [
      'the annex does not list it',
      ['annex-entry-not-in-force'],
      { 'authorisation-1': [issued({ kind: 'annex-listing', annexEntry: 'a-1' }), reserved] },
    ],
    ['there is no liability', ['liability-not-in-force'], { 'liability-1': undefined }],
    ['… not in force', ['liability-not-in-force'], { 'liability-1': [proposed()] }],
    ['… terminated', ['liability-not-in-force'], after('liability-1', fact('LiabilityTerminated', reason))],
    [
      '… for another modality',
      ['liability-not-in-force'],
      { 'liability-1': [proposed(terms({ modalities: ['weights'] })), fact('LiabilityInForce', {})] },
    ],
    [
      '… without the insurance that it requires',
      ['liability-not-in-force'],
      { 'liability-1': [proposed(terms({ insuranceRequired: true })), fact('LiabilityInForce', {})] },
    ],
    ['the tester is not on the grant', ['tester-not-on-grant'], { 'grant-1': [requested({ testers: [] }), activated] }],
    [
      '… on no roster',
      ['tester-not-rostered', 'tester-not-cleared', 'nationality-unknown'],
      { 'tester-p-1': undefined },
    ],
    ['… not cleared', ['tester-not-cleared'], { 'tester-p-1': [rostered, verified] }],
    ['… no longer cleared', ['tester-not-cleared'], after('tester-p-1', fact('ClearanceEnded', reason))],
    ['… has left', ['tester-not-cleared'], after('tester-p-1', fact('TesterWithdrawn', reason))],
    [
      '… of a country that is not covered',
      ['release-not-permitted'],
      { 'tester-p-1': [rostered, { ...verified, personal: [{ person: 'p-1', digest: 'd', jwe: 'AE' }] }, cleared] },
    ],
    [
      '… of two countries at once',
      ['release-undecided'],
      { 'tester-p-1': [rostered, { ...verified, personal: [{ person: 'p-1', digest: 'd', jwe: 'GB,AE' }] }, cleared] },
    ],
    [
      '… a US person: no release',
      [],
      { 'tester-p-1': [rostered, { ...verified, personal: [{ person: 'p-1', digest: 'd', jwe: 'AE,US' }] }, cleared] },
    ],
    ['… who has stated no nationality', ['nationality-unknown'], { 'tester-p-1': [rostered, cleared] }],
    [
      'the grant is for another modality',
      ['modality-not-covered', 'model-version-not-covered'],
      { 'grant-1': [requested({ items: [grantScope.items[1]] }), activated] },
    ],
    [
      'the model version is not on the grant',
      ['model-version-not-covered'],
      after('model-1', released('v-2')),
      { modelVersion: 'v-2' },
    ],
    ['the place is not covered', ['place-not-covered', 'scope-exceeds-authorisation'], {}, { place: 'FR' }],
    [
      'the facility is not covered',
      ['facility-not-covered', 'scope-exceeds-authorisation'],
      {},
      { facility: 'facility-2' },
    ],
    ['the end use is not covered', ['end-use-not-covered', 'scope-exceeds-authorisation'], {}, { endUse: 'training' }],
    [
      'the authorisation was amended to cover less',
      ['scope-exceeds-authorisation'],
      after('authorisation-1', fact('AuthorisationAmended', { scope: { ...scope, destinations: ['FR'] }, ...reason })),
    ],
    [
      'no testing criteria are in force',
      ['no-criteria-in-force'],
      { 'criteria-test': [published('testing', '1', {})] },
    ],
    ['it does not say how many hours', ['reserve-missing'], {}, { modality: 'weights' }],
    ['the quota is used up', ['quota-exhausted'], after('grant-1', used('s-1'), used('s-2'))],
    [
      '… but some came back',
      [],
      after(
        'grant-1',
        used('s-1'),
        used('s-2'),
        fact('SessionQuotaReturned', { session: 's-1', item: 'api', amount: 1 }),
      ),
    ],
    [
      '… fewer hours are left than it asks for',
      ['quota-exhausted'],
      after('grant-1', used('s-1', 'weights', 3)),
      { modality: 'weights', reserve: 3 },
    ],
  ])('%s', (...[, rules, change, ask, now]) => expect(rulesOf(change, ask, now)).toEqual(rules));
});
