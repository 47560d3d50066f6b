import { describe, expect, test } from '@jest/globals';
import { actor, at, fold, given } from '../testing/specification.ts';
import { partyAt, partyDecider, type PartyState } from './index.ts';

const custodian = actor('party-custodian', 'custodian');
const authority = actor('party-us-la', 'licensing-authority');
const id = 'party-gb-aisi';
const registered = { type: 'PartyRegistered', data: { name: 'AISI', kind: 'allied-authority', country: 'GB' } };
const suspended = { type: 'PartySuspended', data: { reason: 'under inquiry' } };

describe('a party', () => {
  test('is registered by the custodian', () =>
    given(partyDecider, { id }).when('RegisterParty', registered.data, custodian).then([registered]));

  test('is registered once', () =>
    given(partyDecider, { id, history: [registered] })
      .when('RegisterParty', registered.data, custodian)
      .refused('wrong-state'));

  test('is registered by nobody else', () =>
    given(partyDecider, { id }).when('RegisterParty', registered.data, authority).refused('not-entitled'));

  test('adds its own keys, and not those of others', () => {
    const key = { kid: 'k1', jwk: '{}' };
    given(partyDecider, { id, history: [registered] })
      .when('AddPartyKey', key, actor(id, 'allied-authority'))
      .then([{ type: 'PartyKeyAdded', data: key }]);
    given(partyDecider, { id, history: [registered] })
      .when('AddPartyKey', key, actor('party-fr', 'allied-authority'))
      .refused('not-entitled');
  });

  test('is suspended and reinstated by the licensing authority', () => {
    given(partyDecider, { id, history: [registered] })
      .when('SuspendParty', suspended.data, authority)
      .then([suspended]);
    given(partyDecider, { id, history: [registered, suspended] })
      .when('ReinstateParty', { reason: 'cleared' }, authority)
      .then([{ type: 'PartyReinstated', data: { reason: 'cleared' } }]);
    given(partyDecider, { id, history: [registered] })
      .when('SuspendParty', suspended.data, custodian)
      .refused('not-entitled');
  });

  test('has standing until a suspension counts', () => {
    const from = at('2026-08-03T00:00:00Z');
    const state = fold(partyDecider, id, [registered, { ...suspended, effectiveAt: from }]) as PartyState;
    expect(partyAt(state, from - 1).holds).toBe(true);
    expect(partyAt(state, from).holds).toBe(false);
    expect(partyAt(undefined, from).holds).toBe(false);
  });
});
