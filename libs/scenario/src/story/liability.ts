import { ALLIES, DEVELOPER, END, grant, INSURER, liability, partnerParty, type Ally } from './cast.ts';
import { at, type Step } from './step.ts';

const euros = (amount: string) => ({ amount: `${amount}00`, currency: 'EUR' });
const shares = (mine: string, developer: number) => [
  { party: DEVELOPER, basisPoints: developer },
  { party: mine, basisPoints: 10_000 - developer },
];

/** Who bears what: third-party claims by two shares; data and weights with an insurer's layer before them. */
function termsOf({ country, weights }: Ally, developer: number) {
  const mine = partnerParty(country);
  const insured = (head: string, cap: string, limit: string) => ({
    head,
    regime: 'joint-and-several',
    shares: shares(mine, 5000),
    deductible: euros('50000'),
    cap: { limit: euros(cap), per: 'aggregate' },
    layers: [{ kind: 'insurance', party: INSURER, limit: euros(limit) }],
  });
  return {
    modalities: weights ? ['weights', 'api'] : ['api'],
    heads: [
      {
        head: 'third-party-claim',
        regime: 'several',
        shares: shares(mine, developer),
        cap: { limit: euros('5000000'), per: 'claim' },
        layers: [],
      },
      insured('data-breach', '10000000', '4000000'),
      ...(weights ? [insured('loss-of-weights', '250000000', '100000000')] : []),
      { head: 'consequential', regime: 'excluded', shares: [], layers: [] },
    ],
    trigger: 'occurrence',
    noticeDays: 30,
    governingLaw: 'England and Wales',
    period: { from: '2026-07-22T00:00:00.000Z', until: END },
    insuranceRequired: false,
  };
}

const signed = (time: string, country: string, by: string, occurredAt?: string): Step =>
  at(time, by, `liabilities/${liability(country)}/countersign-liability`, {
    digest: { of: liability(country) },
    ...(occurredAt === undefined ? {} : { occurredAt }),
  });

/** 22 July: in force once each that bears something has signed the very text. */
const proposed = (ally: Ally): Step[] => {
  const { country } = ally;
  return [
    at('2026-07-22', DEVELOPER, 'liabilities', {
      id: liability(country),
      grant: grant(country),
      terms: termsOf(ally, 6250),
    }),
    signed('2026-07-22', country, DEVELOPER),
    signed('2026-07-22', country, INSURER),
    signed('2026-07-22', country, partnerParty(country)),
    at('2026-07-22T09:30:00.000Z', INSURER, `liabilities/${liability(country)}/evidence-insurance`, {
      policy: `HM-2026-${country}`,
      period: { from: '2026-07-22T00:00:00.000Z', until: END },
      limit: euros('104000000'),
    }),
  ];
};

/** 15 September: AU's shares are amended, for what happens from then on. All have signed the day before. */
function amended(ally: Ally): Step[] {
  const { country } = ally;
  const last = '2026-09-15T00:00:00.000Z';
  return [
    at('2026-09-11', DEVELOPER, `liabilities/${liability(country)}/propose-liability-amendment`, {
      terms: termsOf(ally, 4000),
    }),
    signed('2026-09-14', country, DEVELOPER),
    signed('2026-09-14', country, INSURER),
    // The last signature brings it into force, so it is recorded when it shall be.
    signed(last, country, partnerParty(country), '2026-09-14T16:00:00.000Z'),
  ];
}

export const liabilities = (): Step[] => [
  ...ALLIES.flatMap(proposed),
  ...ALLIES.filter(({ country }) => country === 'AU').flatMap(amended),
];
