import { describe, expect, test } from '@jest/globals';
import { at, cases, fold } from '../testing/specification.ts';
import {
  ALLY,
  cleared,
  fact,
  LA,
  LAB,
  NOW,
  OTHER_ALLY,
  OTHER_LAB,
  period,
  reason,
  rostered,
  SYSTEM,
  worldOf,
} from '../testing/world.ts';
import { testerAt, testerDecider, type TesterState } from './index.ts';

const left = (effectiveAt = NOW - 1) => fact('TesterWithdrawn', reason, { effectiveAt });
const ended = (effectiveAt = NOW - 1) => fact('ClearanceEnded', reason, { effectiveAt });
const statuses = {
  personal: { person: 'p-1', fields: { statuses: [{ kind: 'citizenship', country: 'GB', since: 'birth' }] } },
};
const clearance = { level: 'S', period };
const later = { level: 'S', period: { from: period.until, until: '2028-07-01T00:00:00.000Z' } };
const backwards = { level: 'S', period: { from: period.until, until: period.from } };
const gap = { level: 'S', period: { ...later.period, from: '2027-09-01T00:00:00.000Z' } };

describe('a tester', () =>
  cases(testerDecider, 'p-1', worldOf(), [
    ['is rostered by the partner', [], 'RosterTester', LAB, ['TesterRostered'], { partner: 'partner-gb' }],
    ['… its own', [], 'RosterTester', OTHER_LAB, ['not-entitled'], { partner: 'partner-gb' }],
    ['… that there is', [], 'RosterTester', LAB, ['not-found'], { partner: 'partner-xx' }],
    ['… once', [rostered], 'RosterTester', LAB, ['id-taken'], { partner: 'partner-gb' }],
    ['declares nationality', [rostered], 'DeclareNationality', LAB, ['NationalityDeclared'], {}, statuses],
    ['… in dated statuses', [rostered], 'DeclareNationality', LAB, ['invalid-statuses']],
    ['… on a roster', [], 'DeclareNationality', LAB, ['not-found'], {}, statuses],
    ['… of its own partner', [rostered], 'DeclareNationality', OTHER_LAB, ['not-entitled'], {}, statuses],
    ['has it verified', [rostered], 'VerifyNationality', ALLY, ['NationalityVerified'], {}, statuses],
    ['… not by its partner', [rostered], 'VerifyNationality', LAB, ['not-entitled'], {}, statuses],
    ['is cleared', [rostered], 'RecordClearance', ALLY, ['ClearanceRecorded'], clearance],
    ['… by its own authority', [rostered], 'RecordClearance', OTHER_ALLY, ['not-entitled'], clearance],
    ['… for a time that ends after it begins', [rostered], 'RecordClearance', ALLY, ['invalid-period'], backwards],
    ['… ahead of time', [rostered, cleared], 'RecordClearance', ALLY, ['ClearanceRecorded'], later],
    ['… without a gap', [rostered, cleared], 'RecordClearance', ALLY, ['invalid-period'], gap],
    ['has the clearance ended', [rostered, cleared], 'EndClearance', ALLY, ['ClearanceEnded'], reason],
    ['… by the ledger when it runs out', [rostered, cleared], 'EndClearance', SYSTEM, ['ClearanceEnded'], reason],
    ['… if there is one', [rostered], 'EndClearance', ALLY, ['wrong-state'], reason],
    ['… once', [rostered, cleared, ended()], 'EndClearance', ALLY, ['wrong-state'], reason],
    ['… sooner than was said', [rostered, cleared, ended(NOW + 9)], 'EndClearance', ALLY, ['ClearanceEnded'], reason],
    ['has a need to know', [rostered], 'ConfirmNeedToKnow', LAB, ['NeedToKnowConfirmed'], { families: ['model-1'] }],
    ['leaves', [rostered], 'WithdrawTester', LAB, ['TesterWithdrawn'], reason],
    ['… once', [rostered, left()], 'WithdrawTester', LAB, ['wrong-state'], reason],
    ['… for good', [rostered, left()], 'RecordClearance', ALLY, ['wrong-state'], clearance],
    ['… by nobody else', [rostered], 'WithdrawTester', LA, ['not-entitled'], reason],
  ]));

test('is cleared from when it counts until it ends, also when renewed ahead of time', () => {
  const state = (...facts: Parameters<typeof fold>[2]) => fold(testerDecider, 'tester-p-1', facts, NOW) as TesterState;
  const renewed = fact('ClearanceRecorded', later);
  expect([NOW, at(period.until)].map((when) => testerAt(state(rostered, cleared), when).holds)).toEqual([true, false]);
  expect([NOW, at(period.until)].map((when) => testerAt(state(rostered, cleared, renewed), when).holds)).toEqual([
    true,
    true,
  ]);
  expect([-1, 0].map((ms) => testerAt(state(rostered, cleared, ended(NOW)), NOW + ms).holds)).toEqual([true, false]);
  expect([-1, 0].map((ms) => testerAt(state(rostered, cleared, left(NOW)), NOW + ms).holds)).toEqual([true, false]);
});
