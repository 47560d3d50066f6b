import {
  ALLIES,
  authority,
  authorisation,
  DEVELOPER,
  END,
  HALYARD,
  LA,
  partner,
  partnerParty,
  SEXTANT,
  type Ally,
} from './cast.ts';
import { at, type Step } from './step.ts';

/** Countries whose entities and employees the annex lists, by model. */
const ANNEX: Readonly<Record<string, readonly string[]>> = {
  [HALYARD]: ['GB', 'FR', 'DE', 'JP'],
  [SEXTANT]: ['GB', 'FR', 'AU'],
};
const quantity = { unit: 'sessions', amount: 20 };

/** What an ally may test, by which modality; persons of which countries, where it is said. */
export function itemsOf(ally: Ally, countriesOf: (family: string) => readonly string[]) {
  const item = (name: string, family: string, modality: string) => ({
    item: name,
    family,
    modality,
    quantity,
    countries: countriesOf(family),
  });
  return [
    ...(ally.halyard ? [item('halyard-api', HALYARD, 'api')] : []),
    ...(ally.weights ? [item('halyard-weights', HALYARD, 'weights')] : []),
    ...(ally.sextant ? [item('sextant-api', SEXTANT, 'api')] : []),
  ];
}
const scopeOf = (items: ReturnType<typeof itemsOf>) => ({
  items,
  facilities: 'all',
  destinations: 'all',
  endUses: ['safety evaluation'],
  period: { from: '2026-07-21T00:00:00.000Z', until: END },
});

function listed(ally: Ally): Step[] {
  const { country } = ally;
  const id = authorisation(country);
  const entry = `annex-${country.toLowerCase()}`;
  const items = itemsOf(ally, (family) => ANNEX[family] ?? []);
  return [
    at('2026-07-21', LA, 'instruments/instrument-ins-2/add-annex-entry', {
      entry,
      party: partnerParty(country),
      items: items.map(({ family, modality, countries }) => ({ family, modality, countries })),
    }),
    at('2026-07-21', LA, `authorisations/${id}/list-authorisation`, {
      kind: 'annex-listing',
      holder: partnerParty(country),
      partner: partner(country),
      instrument: 'instrument-ins-2',
      annexEntry: entry,
      reference: `INS-2/${country}`,
      scope: scopeOf(items),
      conditions: [
        {
          condition: 'no-onward-transfer',
          text: 'Nothing that is released is passed on to a party outside the annex.',
        },
      ],
    }),
    at('2026-07-22', LA, `authorisations/${id}/communicate-conditions`),
    at('2026-07-22', partnerParty(country), `authorisations/${id}/acknowledge-conditions`),
  ];
}

/** KR is not in the annex: the developer applies for an individual licence, with a monthly report. */
function licensed(ally: Ally): Step[] {
  const to = `authorisations/${authorisation('KR')}`;
  return [
    at('2026-07-10T10:00:00.000Z', DEVELOPER, 'authorisations', {
      id: authorisation('KR'),
      partner: partner('KR'),
      instrument: 'instrument-ins-1',
      reference: 'D-000117',
      scope: scopeOf(itemsOf(ally, () => ['KR'])),
    }),
    at('2026-07-13', LA, `${to}/refer-application`, { agency: 'Interagency Review Group' }),
    at('2026-07-16', LA, `${to}/record-agency-position`, {
      agency: 'Interagency Review Group',
      position: 'approve-with-conditions',
    }),
    at('2026-07-17', authority('KR'), `${to}/record-agency-position`, {
      agency: 'AI Safety Institute KR',
      position: 'approve',
    }),
    at('2026-07-21T11:00:00.000Z', LA, `${to}/issue-authorisation`, {
      conditions: [
        {
          condition: 'monthly-report',
          text: 'A report of use for each month, due on the 15th of the next.',
          reporting: { dueDay: 15, firstPeriod: '2026-07' },
        },
      ],
    }),
    at('2026-07-22', LA, `${to}/communicate-conditions`),
    at('2026-07-22', DEVELOPER, `${to}/acknowledge-conditions`),
  ];
}

/** Suspended for an overdue report, and reinstated when it was in. */
function reported(): Step[] {
  const to = `authorisations/${authorisation('KR')}`;
  const report = (time: string, period: string) =>
    at(time, DEVELOPER, `${to}/report-on-condition`, { condition: 'monthly-report', period });
  return [
    at('2026-08-20', LA, `${to}/suspend-authorisation`, { reason: 'the report for July is overdue' }),
    report('2026-08-24', '2026-07'),
    at('2026-08-26', LA, `${to}/reinstate-authorisation`, { reason: 'the report is in' }),
    report('2026-09-14', '2026-08'),
    report('2026-10-14', '2026-09'),
    report('2026-11-13', '2026-10'),
  ];
}

/** 21 July: the annex, and a licence for the one ally that it leaves out. */
export const authorisations = (): Step[] => [
  at('2026-07-21', LA, 'instruments', {
    id: 'instrument-ins-2',
    reference: 'INS-2',
    title: 'Annex of 21 July 2026',
    kind: 'determination',
    issuedOn: '2026-07-21',
    scope: {
      families: [HALYARD, SEXTANT],
      acts: ['export', 'reexport', 'transfer', 'deemed-export'],
      modalities: ['weights', 'api'],
      destinations: 'all',
      persons: 'any-foreign-person',
    },
  }),
  ...ALLIES.flatMap((ally) => (ally.country === 'KR' ? licensed(ally) : listed(ally))),
  ...reported(),
];
