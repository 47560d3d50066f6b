import { describe } from '@jest/globals';
import { cases } from '../testing/specification.ts';
import { CUSTODIAN, LA, STREAMS, SYSTEM, worldOf } from '../testing/world.ts';
import { custodyDecider } from './index.ts';

const founded = STREAMS['custody-ledger'] ?? [];
const founding = founded[0]?.data ?? {};
const parameter = { name: 'release-assessment', value: 'itar-all-held' };

describe('the ledger', () =>
  cases(custodyDecider, 'custody-ledger', worldOf(), [
    ['is founded by itself: entry 0', [], 'FoundLedger', SYSTEM, ['LedgerFounded'], founding],
    ['… by nobody', [], 'FoundLedger', CUSTODIAN, ['not-entitled'], founding],
    ['… once', founded, 'FoundLedger', SYSTEM, ['wrong-state'], founding],
    [
      '… with parameters that there are',
      [],
      'FoundLedger',
      SYSTEM,
      ['unknown-policy-parameter'],
      { ...founding, parameters: { x: 'y' } },
    ],
    [
      'has a policy parameter set by its custodian',
      founded,
      'SetPolicyParameter',
      CUSTODIAN,
      ['PolicyParameterSet'],
      parameter,
    ],
    [
      '… that there is',
      founded,
      'SetPolicyParameter',
      CUSTODIAN,
      ['unknown-policy-parameter'],
      { ...parameter, value: 'any' },
    ],
    [
      '… by no other custodian',
      founded,
      'SetPolicyParameter',
      { ...CUSTODIAN, party: LA.party },
      ['not-entitled'],
      parameter,
    ],
    ['… by nobody else', founded, 'SetPolicyParameter', LA, ['not-entitled'], parameter],
    ['… once it is founded', [], 'SetPolicyParameter', CUSTODIAN, ['wrong-state'], parameter],
  ]));
