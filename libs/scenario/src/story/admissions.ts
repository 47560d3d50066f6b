import { ALLIES, authority, ELIGIBILITY, END, LA, NOT_ADMITTED, partner, partnerParty, salt } from './cast.ts';
import { ELIGIBILITY_1_0 } from './criteria.ts';
import { at, type Step } from './step.ts';

/** 8 to 20 July: seven partners are nominated, six admitted, one returned without action. */
export const admissions = (): Step[] => [
  ...[...ALLIES, NOT_ADMITTED].flatMap(({ country }) => applied(country)),
  at('2026-07-13', authority('PL'), `partners/${partner('PL')}/return-eligibility-application`, {
    reason: 'no consent to on-site review',
  }),
  at('2026-07-14', authority('JP'), `partners/${partner('JP')}/adjudicate-screening-hit`, {
    screening: 'screening-jp',
    hit: 'hit-1',
    outcome: 'false-positive',
    reason: 'another person of the same name',
  }),
  ...ALLIES.flatMap(({ country }, i) => admitted(country, `2026-07-${16 + Math.min(i, 4)}`)),
];

/** Whom the screening asked for: sealed, since it names persons. */
const DIRECTORS: Readonly<Record<string, string>> = {
  GB: 'Ada Winterbourne',
  FR: 'Maxime Aubrac',
  DE: 'Greta Lindenau',
  JP: 'Haruto Kisaragi',
  AU: 'Noel Barrington',
  KR: 'Seo-yeon Baek',
  PL: 'Zofia Jaworska',
};

function applied(country: string): Step[] {
  const to = `partners/${partner(country)}`;
  return [
    at('2026-07-08', authority(country), 'partners', {
      id: partner(country),
      party: partnerParty(country),
      criteriaSet: ELIGIBILITY,
    }),
    at('2026-07-10', partnerParty(country), `${to}/submit-eligibility-application`),
    ...(country === 'PL' ? [] : [at('2026-07-10', partnerParty(country), `${to}/consent-to-on-site-review`)]),
    at('2026-07-10', LA, `${to}/record-screening`, {
      screening: `screening-${country.toLowerCase()}`,
      list: 'Consolidated Screening List',
      listDigest: '5e2c7a19d4b8f0631c9e5d7f20a4b6c8e1f3057a9b2d4c6e8f01a3b5c7d9e2f4',
      threshold: 85,
      hits: country === 'JP' ? [{ hit: 'hit-1', score: 88 }] : [],
      personal: {
        salt: salt(`screening ${country}`),
        fields: { query: [{ name: DIRECTORS[country], office: 'director of research' }] },
      },
    }),
  ];
}

function admitted(country: string, day: string): Step[] {
  const to = `partners/${partner(country)}`;
  return [
    at(day, authority(country), `${to}/complete-on-site-review`, { outcome: 'satisfactory' }),
    ...ELIGIBILITY_1_0.map(({ criterion }) =>
      at(day, authority(country), `${to}/assess-eligibility-criterion`, { criterion, outcome: 'met' }),
    ),
    at(day, authority(country), `${to}/admit-partner`, {
      period: { from: `${day}T00:00:00.000Z`, until: END },
      conditions: country === 'FR' ? ['Annual renewal of facility clearance.'] : [],
    }),
  ];
}
