import { describe, expect, test } from '@jest/globals';
import { at, cases, fold } from '../testing/specification.ts';
import { DEVELOPER, fact, LA, period, published, REGULATOR, SYSTEM, worldOf } from '../testing/world.ts';
import { criteriaDecider, criteriaInForceAt, type CriteriaState } from './index.ts';

const body = published('testing').data as { kind: string; reference: string };
const { kind: _, reference: __, ...version } = body;
const next = { ...version, version: '2', inForceFrom: '2026-09-01T00:00:00.000Z' };
const v1 = fact('CriteriaSetCameIntoForce', { version: '1' }, { effectiveAt: at(period.from) });
const undated = published('testing', '1', {});

describe('a criteria set', () =>
  cases(criteriaDecider, 'criteria-1', worldOf(), [
    ['is published by a licensing authority', [], 'PublishCriteriaSet', LA, ['CriteriaSetPublished'], body],
    [
      '… for audits also by a regulator',
      [],
      'PublishCriteriaSet',
      REGULATOR,
      ['CriteriaSetPublished'],
      { ...body, kind: 'audit' },
    ],
    ['… who publishes no other', [], 'PublishCriteriaSet', REGULATOR, ['not-entitled'], body],
    ['… by nobody else', [], 'PublishCriteriaSet', DEVELOPER, ['not-entitled'], body],
    ['… once', [undated], 'PublishCriteriaSet', LA, ['id-taken'], body],
    ['has a further version', [undated], 'PublishCriteriaVersion', LA, ['CriteriaSetPublished'], next],
    ['… which never changes', [undated], 'PublishCriteriaVersion', LA, ['id-taken'], version],
    ['… by its publisher', [undated], 'PublishCriteriaVersion', REGULATOR, ['not-entitled'], next],
    ['… of a set that there is', [], 'PublishCriteriaVersion', LA, ['not-found'], next],
    [
      'comes into force by the ledger at its date',
      [published('testing')],
      'BringCriteriaSetIntoForce',
      SYSTEM,
      ['CriteriaSetCameIntoForce'],
      { version: '1' },
    ],
    [
      '… by its publisher where it has none',
      [undated],
      'BringCriteriaSetIntoForce',
      LA,
      ['CriteriaSetCameIntoForce'],
      { version: '1' },
    ],
    [
      '… not before',
      [fact('CriteriaSetPublished', { ...body, ...next })],
      'BringCriteriaSetIntoForce',
      SYSTEM,
      ['wrong-state'],
      { version: '2' },
    ],
    ['… once', [undated, v1], 'BringCriteriaSetIntoForce', LA, ['wrong-state'], { version: '1' }],
    ['… a version that there is', [undated], 'BringCriteriaSetIntoForce', LA, ['not-found'], { version: '9' }],
    [
      'supersedes the version before it',
      [undated, v1, published('testing', '2', {})],
      'BringCriteriaSetIntoForce',
      LA,
      ['CriteriaSetCameIntoForce', 'CriteriaSetSuperseded'],
      { version: '2' },
    ],
  ]));

test('the version in force is that of the day, whether its coming into force is recorded or not', () => {
  const state = fold(criteriaDecider, 'criteria-1', [
    published('testing'),
    fact('CriteriaSetPublished', { ...body, ...next }),
  ]);
  const on = (day: string) => criteriaInForceAt(state as CriteriaState, at(day))?.version;
  expect(['2026-06-30', '2026-07-01', '2026-08-31', '2026-09-01'].map(on)).toEqual([undefined, '1', '1', '2']);
});
