import {
  ALLIES,
  authority,
  authorisation,
  DEVELOPER,
  END,
  grant,
  HALYARD,
  HALYARD_5_0,
  laboratory,
  partner,
  partnerParty,
  SEXTANT_5_0,
  TESTING,
  US_SITE,
  type Ally,
} from './cast.ts';
import { itemsOf } from './authorisations.ts';
import { at, type Step } from './step.ts';

const requested = (ally: Ally): Step => {
  const { country, usSite } = ally;
  return at('2026-07-22', partnerParty(country), 'grants', {
    id: grant(country),
    partner: partner(country),
    scope: {
      authorisation: authorisation(country),
      items: itemsOf(ally, () => []).map(({ item, family }) => ({
        item,
        amount: 20,
        versions: [family === HALYARD ? HALYARD_5_0 : SEXTANT_5_0],
      })),
      testers: [...ally.testers],
      facilities: [laboratory(country), ...(usSite ? [US_SITE] : [])],
      places: [country, ...(usSite ? ['US'] : [])],
      endUses: ['safety evaluation'],
      period: { from: '2026-07-22T00:00:00.000Z', until: END },
      criteriaSet: TESTING,
    },
  });
};

/** 22 July: asked for by the partner, approved by two; KR's developer takes until 10 August. */
export const grants = (): Step[] => ALLIES.map(requested);

const approve = (time: string, country: string, by: string): Step =>
  at(time, by, `grants/${grant(country)}/approve-grant`, { of: 'grant' });

export const approvals = (): Step[] =>
  ALLIES.flatMap(({ country }) => [
    approve('2026-07-22T10:00:00.000Z', country, authority(country)),
    approve(country === 'KR' ? '2026-08-10' : '2026-07-22T11:00:00.000Z', country, DEVELOPER),
  ]);
