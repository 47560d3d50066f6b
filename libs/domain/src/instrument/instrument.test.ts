import { describe, expect, test } from '@jest/globals';
import { at, cases, fold } from '../testing/specification.ts';
import {
  DEVELOPER,
  fact,
  instrumentScope,
  LA,
  LAB,
  NOW,
  period,
  reason,
  recorded,
  REGULATOR,
  worldOf,
} from '../testing/world.ts';
import { annexEntryAt, bearsAt, instrumentAt, instrumentDecider, type InstrumentState } from './index.ts';

const body = { reference: 'INS-1', title: 't', kind: 'rule', issuedOn: '2026-07-01', scope: instrumentScope };
const backwards = { ...body, scope: { ...instrumentScope, time: { from: period.until, until: period.from } } };
const items = [{ family: 'model-1', modality: 'api', countries: ['GB'] }];
const entry = { entry: 'a-1', party: LAB.party, items };
const listed = [recorded(), fact('AnnexEntryAdded', entry)];
const out = { entry: 'a-1', ...reason };
const lifted = (effectiveAt = NOW - 1) => fact('InstrumentLifted', reason, { effectiveAt });
const view = worldOf({ 'instrument-2': [recorded()] });

describe('a control instrument', () =>
  cases(instrumentDecider, 'instrument-1', view, [
    ['is recorded by a licensing authority', [], 'RecordInstrument', LA, ['InstrumentRecorded'], body],
    ['… once', listed, 'RecordInstrument', LA, ['id-taken'], body],
    ['… by nobody else', [], 'RecordInstrument', REGULATOR, ['not-entitled'], body],
    ['… for a time that ends after it begins', [], 'RecordInstrument', LA, ['invalid-period'], backwards],
    ['lists a party in its annex', [recorded()], 'AddAnnexEntry', LA, ['AnnexEntryAdded'], entry],
    ['… once', listed, 'AddAnnexEntry', LA, ['id-taken'], entry],
    ['… that is registered', [recorded()], 'AddAnnexEntry', LA, ['not-found'], { ...entry, party: 'party-nobody' }],
    ['… while it is in force', [recorded(), lifted()], 'AddAnnexEntry', LA, ['wrong-state'], entry],
    ['takes it out', listed, 'RemoveAnnexEntry', LA, ['AnnexEntryRemoved'], { ...out, under: 'instrument-2' }],
    ['… if it is there', [recorded()], 'RemoveAnnexEntry', LA, ['not-found'], out],
    ['… once', [...listed, fact('AnnexEntryRemoved', out)], 'RemoveAnnexEntry', LA, ['wrong-state'], out],
    [
      '… under an instrument that there is',
      listed,
      'RemoveAnnexEntry',
      LA,
      ['not-found'],
      { ...out, under: 'instrument-9' },
    ],
    ['is superseded', listed, 'SupersedeInstrument', LA, ['InstrumentSuperseded'], { successor: 'instrument-2' }],
    ['… by another one', listed, 'SupersedeInstrument', LA, ['not-found'], { successor: 'instrument-1' }],
    [
      '… unless it is lifted',
      [...listed, lifted()],
      'SupersedeInstrument',
      LA,
      ['wrong-state'],
      { successor: 'instrument-2' },
    ],
    [
      '… though it is to be lifted',
      [...listed, lifted(NOW + 9)],
      'SupersedeInstrument',
      LA,
      ['InstrumentSuperseded'],
      { successor: 'instrument-2' },
    ],
    ['is lifted', listed, 'LiftInstrument', LA, ['InstrumentLifted'], reason],
    ['… once', [...listed, lifted()], 'LiftInstrument', LA, ['wrong-state'], reason],
    ['… by nobody else', listed, 'LiftInstrument', DEVELOPER, ['not-entitled'], reason],
    [
      'has a legal status asserted, with a source',
      listed,
      'AssertInstrumentLegalStatus',
      DEVELOPER,
      ['InstrumentLegalStatusAsserted'],
      { status: 'disputed', source: 's' },
    ],
    [
      '… if there is one',
      [],
      'AssertInstrumentLegalStatus',
      DEVELOPER,
      ['not-found'],
      { status: 'disputed', source: 's' },
    ],
  ]));

test('it controls from when it counts until it ends; permissions rest on it then, and after it was lifted (R7)', () => {
  const states = (...facts: Parameters<typeof fold>[2]) =>
    fold(instrumentDecider, 'instrument-1', facts) as InstrumentState;
  const both = (state: InstrumentState, when: number) => [instrumentAt(state, when).holds, bearsAt(state, when).holds];
  const from = at('2026-07-30T00:00:00Z');
  expect(both(states({ ...recorded(), effectiveAt: from }), from - 1)).toEqual([false, false]);
  expect(both(states({ ...recorded(), effectiveAt: from }), from)).toEqual([true, true]);
  expect(both(states(recorded(), lifted(from)), from - 1 + 86_400_000 * 30)).toEqual([false, true]);
  expect(both(states(recorded(), fact('InstrumentSuperseded', { successor: 'i' })), NOW)).toEqual([false, false]);
  expect(both(states(recorded({ time: { until: '2026-08-01T00:00:00.000Z' } })), NOW)).toEqual([false, true]);
  expect(both(states(recorded({ time: { from: '2026-09-01T00:00:00.000Z' } })), NOW)).toEqual([false, false]);
  const removed = states(...listed, fact('AnnexEntryRemoved', out, { effectiveAt: NOW }));
  expect([NOW - 1, NOW].map((when) => annexEntryAt(removed, 'a-1', when).holds)).toEqual([true, false]);
});
