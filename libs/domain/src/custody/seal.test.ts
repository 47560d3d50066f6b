import { describe, expect, test } from '@jest/globals';
import { COMMANDS } from '../contexts.ts';
import { actor, fold, given } from '../testing/specification.ts';
import { custodyDecider, LEDGER_STREAM, type CustodyState } from './index.ts';

const system = actor('system', 'system');
const id = LEDGER_STREAM;
const founded = {
  type: 'LedgerFounded',
  data: {
    origin: 'ledger.example/log',
    mode: 'operational',
    keys: [],
    parameters: { 'release-assessment': 'ear-most-recent' },
    facetFunction: '0'.repeat(64),
    custodian: 'party-custodian',
  },
};
const seal = (move: string) => ({ target: 'esdb', move });
const sealed = (move: string) => ({ type: 'LedgerSealed', data: seal(move) });

describe('a ledger that is moved', () => {
  test('is sealed by itself, once for each move', () => {
    given(custodyDecider, { id, history: [founded] })
      .when('SealLedger', seal('m1'), system)
      .then([sealed('m1')]);
    given(custodyDecider, { id, history: [founded, sealed('m1')] })
      .when('SealLedger', seal('m1'), system)
      .refused('wrong-state');
    given(custodyDecider, { id, history: [founded, sealed('m1')] })
      .when('SealLedger', seal('m2'), system)
      .then([sealed('m2')]);
  });

  test('is sealed by no party, over no route, and not before it is founded', () => {
    given(custodyDecider, { id, history: [founded] })
      .when('SealLedger', seal('m1'), actor('party-custodian', 'custodian'))
      .refused('not-entitled');
    given(custodyDecider, { id }).when('SealLedger', seal('m1'), system).refused('wrong-state');
    expect(COMMANDS.map(({ type }) => type)).not.toContain('SealLedger');
  });

  test('knows its last seal, whatever was set since', () => {
    const parameter = { type: 'PolicyParameterSet', data: { name: 'release-assessment', value: 'itar-all-held' } };
    const state = fold(custodyDecider, id, [founded, sealed('m1'), sealed('m2'), parameter]) as CustodyState;
    expect(state).toMatchObject({ status: 'founded', seal: { target: 'esdb', move: 'm2' } });
  });
});
