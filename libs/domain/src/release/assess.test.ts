import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { assessRelease, parseStatuses, type PersonStatus, type PersonStatuses } from './index.ts';

const day = '2026-08-18';
const citizen = (country: string, since = 'birth', until?: string): PersonStatus => ({
  kind: 'citizenship',
  country,
  since,
  ...(until === undefined ? {} : { until }),
});
const resident = (country: string, since: string): PersonStatus => ({ kind: 'permanent-residency', country, since });
const person = (...statuses: PersonStatus[]): PersonStatuses => ({ statuses, protectedPerson: false });

describe('a release, by the most recent status (15 CFR 734.13(b), 734.14(b))', () => {
  const assess = (who: PersonStatuses) => assessRelease('ear-most-recent', who, day);
  test.each([
    ['a citizen by birth', person(citizen('GB')), ['GB']],
    ['a later citizenship counts', person(citizen('BY'), citizen('GB', '2019-05-01')), ['GB']],
    ['a later residency counts', person(citizen('FR', '2012-01-01'), resident('AE', '2025-03-01')), ['AE']],
    ['one that has ended does not', person(citizen('FR'), citizen('RU', '2020-01-01', '2024-01-01')), ['FR']],
    ['one that has not begun does not', person(citizen('FR'), citizen('AE', '2027-01-01')), ['FR']],
  ])('%s', (_, who, countries) => expect(assess(who)).toEqual({ outcome: 'release', countries }));

  test('of two with one date is undecided until one is found to count', () => {
    const who = person(citizen('BR'), citizen('IT'));
    expect(assess(who)).toEqual({ outcome: 'undecided', because: 'same-date' });
    expect(assess({ ...who, countsOnTie: 'IT' })).toEqual({ outcome: 'release', countries: ['IT'] });
    expect(assess({ ...who, countsOnTie: 'AE' })).toEqual({ outcome: 'undecided', because: 'same-date' });
  });

  test('is none for a US person or a protected person', () => {
    expect(assess(person(citizen('KR'), resident('US', '2020-01-01')))).toEqual({
      outcome: 'no-release',
      because: 'us-person',
    });
    expect(assess({ ...person(citizen('SY')), protectedPerson: true })).toEqual({
      outcome: 'no-release',
      because: 'protected-person',
    });
  });
});

test('a release by all that is or was held (22 CFR 120.50(b)) is one to each country', () => {
  expect(
    assessRelease('itar-all-held', person(citizen('BY', 'birth', '2020-01-01'), citizen('GB', '2019-05-01')), day),
  ).toEqual({
    outcome: 'release',
    countries: ['BY', 'GB'],
  });
});

test('the most recent country is always among all that are held', () => {
  const status = fc.record({
    kind: fc.constantFrom('citizenship' as const, 'permanent-residency' as const),
    country: fc.constantFrom('GB', 'FR', 'DE', 'JP', 'AE', 'US'),
    since: fc.constantFrom('birth', '2001-01-01', '2010-06-01', '2025-03-01', '2027-01-01'),
  });
  fc.assert(
    fc.property(fc.array(status, { minLength: 1, maxLength: 5 }), (statuses) => {
      const who = person(...statuses);
      const recent = assessRelease('ear-most-recent', who, day);
      const all = assessRelease('itar-all-held', who, day);
      if (recent.outcome === 'release')
        expect(all).toMatchObject({ countries: expect.arrayContaining([...recent.countries]) as unknown });
      expect(recent.outcome === 'no-release').toBe(all.outcome === 'no-release');
    }),
  );
});

test('statuses of another form are none, whatever they are', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      (fields) => parseStatuses({ ...fields, statuses: fields['x'] }) === undefined || Array.isArray(fields['x']),
    ),
  );
  expect(parseStatuses({ statuses: [{ kind: 'citizenship', country: 'GB', since: 'birth' }] })).toBeDefined();
  expect(parseStatuses({ statuses: [{ kind: 'citizenship', country: 'gb', since: 'birth' }] })).toBeUndefined();
  expect(parseStatuses({ statuses: [] })).toBeUndefined();
});
