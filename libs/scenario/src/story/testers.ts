import { ALLIES, authority, END, HALYARD, partner, partnerParty, salt, SEXTANT, type Ally } from './cast.ts';
import { at, type Step } from './step.ts';

const citizen = (country: string, since = 'birth') => ({ kind: 'citizenship', country, since });
const resident = (country: string, since: string) => ({ kind: 'permanent-residency', country, since });
const STATUSES: Readonly<Record<string, readonly object[]>> = {
  'p-01': [citizen('GB')],
  'p-03': [citizen('KR'), resident('US', '2020-04-01')],
  'p-04': [citizen('FR')],
  'p-05': [citizen('DE')],
  'p-06': [citizen('JP')],
  'p-07': [citizen('BY'), citizen('GB', '2019-05-20')],
  'p-08': [citizen('AU')],
  'p-09': [citizen('KR')],
  'p-11': [citizen('FR', '2012-02-01'), resident('AE', '2025-03-01')],
  'p-12': [citizen('JP')],
};

const declared = (time: string, country: string, tester: string): Step[] => [
  at(time, partnerParty(country), 'testers', { id: tester, partner: partner(country) }),
  at(time, partnerParty(country), `testers/${tester}/declare-nationality`, {
    personal: { salt: salt(tester), fields: { statuses: STATUSES[tester] } },
  }),
];

function cleared({ country, halyard, sextant }: Ally, tester: string): Step[] {
  const time = '2026-07-20T11:00:00.000Z';
  const to = `testers/${tester}`;
  return [
    ...declared('2026-07-20T10:00:00.000Z', country, tester),
    at(time, authority(country), `${to}/verify-nationality`, {
      personal: { salt: salt(`${tester}v`), fields: { statuses: STATUSES[tester] } },
    }),
    at(time, authority(country), `${to}/record-clearance`, {
      level: 'SECRET',
      period: { from: '2026-07-20T00:00:00.000Z', until: END },
    }),
    at('2026-07-20T12:00:00.000Z', partnerParty(country), `${to}/confirm-need-to-know`, {
      families: [...(halyard ? [HALYARD] : []), ...(sextant ? [SEXTANT] : [])],
    }),
  ];
}

/** Rosters. p-12 leaves before anyone has cleared it, and is in no transaction. */
export const testers = (): Step[] => [
  ...declared('2026-07-13', 'JP', 'p-12'),
  at('2026-07-15', partnerParty('JP'), 'testers/p-12/withdraw-tester', { reason: 'leaves the institute' }),
  ...ALLIES.flatMap((ally) => ally.testers.flatMap((tester) => cleared(ally, tester))),
];
