import { CONTEXTS } from '../contexts.ts';
import type { Refs } from '../kernel/index.ts';
import type { DomainView } from '../states.ts';
import { actor, at, fold, type Fact } from './specification.ts';

/** A small world in which a session may open: every test changes the one thing that it is about. */
export const NOW = at('2026-08-18T09:00:00Z');
export const LA = actor('party-us-la', 'licensing-authority');
export const DEVELOPER = actor('party-dev', 'developer');
export const ALLY = actor('party-gb-aisi', 'allied-authority');
export const LAB = actor('party-gb-lab', 'trusted-partner');
export const INSURER = actor('party-ins', 'insurer');
export const CUSTODIAN = actor('party-cust', 'custodian');
export const REGULATOR = actor('party-reg', 'regulator');
export const SYSTEM = actor('system', 'system');
export const OTHER_ALLY = actor('party-fr-aisi', 'allied-authority');
export const OTHER_LAB = actor('party-fr-lab', 'trusted-partner');
export const OTHER_DEVELOPER = actor('party-dev-2', 'developer');

export const reason = { reason: 'r' };
export const period = { from: '2026-07-01T00:00:00.000Z', until: '2027-07-01T00:00:00.000Z' };
export const fact = (type: string, data: object = {}, more: Partial<Fact> = {}): Fact => ({ type, data, ...more });
const party = (kind: string, country: string) => [fact('PartyRegistered', { name: kind, kind, country })];

export const released = (version: string, modalities = ['weights', 'api']) =>
  fact(
    'ModelVersionReleased',
    { version, name: version, modalities, weightsDigest: 'a'.repeat(64) },
    { refs: { modelVersion: [version] } },
  );
export const instrumentScope = {
  families: ['model-1'],
  acts: ['export'],
  modalities: ['weights', 'api'],
  destinations: ['GB', 'FR'],
  persons: 'any-foreign-person',
};
export const recorded = (scope: object = {}) =>
  fact('InstrumentRecorded', {
    reference: 'INS-1',
    title: 't',
    kind: 'rule',
    issuedOn: '2026-07-01',
    scope: { ...instrumentScope, ...scope },
  });
export const published = (kind: string, version = '1', more: object = { inForceFrom: period.from }) =>
  fact(
    'CriteriaSetPublished',
    {
      kind,
      reference: 'C',
      version,
      criteria: [
        { criterion: 'C-1', requirement: 'r', evidence: 'e', mandatory: true },
        { criterion: 'C-2', requirement: 'r', evidence: 'e', mandatory: false },
      ],
      ...more,
    },
    { refs: { parties: [LA.party] } },
  );
export const nominated = fact(
  'PartnerNominated',
  { party: LAB.party, criteriaSet: 'criteria-elig' },
  { by: ALLY.party, refs: { ally: ['GB'], parties: [ALLY.party, LAB.party] } },
);
export const applied = fact('EligibilityApplicationSubmitted', { version: '1' });
export const consented = fact('OnSiteReviewConsented');
export const met = fact('EligibilityCriterionAssessed', { criterion: 'C-1', outcome: 'met' });
export const admitted = fact('PartnerAdmitted', { period, conditions: [] }, { effectiveAt: at(period.from) });
export const rostered = fact(
  'TesterRostered',
  { partner: 'partner-gb' },
  { by: LAB.party, refs: { ally: ['GB'], testers: ['p-1'], parties: [ALLY.party, LAB.party] } },
);
const sealed = [{ person: 'p-1', digest: 'd', jwe: 'GB' }];
export const verified = fact('NationalityVerified', {}, { personal: sealed });
export const cleared = fact('ClearanceRecorded', { level: 'S', period }, { effectiveAt: at(period.from) });

export const scope = {
  items: [
    { item: 'api', family: 'model-1', modality: 'api', quantity: { unit: 'sessions', amount: 10 }, countries: ['GB'] },
    {
      item: 'weights',
      family: 'model-1',
      modality: 'weights',
      quantity: { unit: 'hours', amount: 10 },
      countries: ['GB'],
    },
  ],
  facilities: ['facility-1'],
  destinations: ['GB'],
  endUses: ['evaluation'],
  period,
};
export const asked = { partner: 'partner-gb', instrument: 'instrument-1', reference: 'D-1', scope };
export const application = fact('AuthorisationApplied', asked, { by: DEVELOPER.party, refs: { ally: ['GB'] } });
export const issued = (more: object = {}) =>
  fact(
    'AuthorisationIssued',
    { kind: 'individual-licence', holder: DEVELOPER.party, ...asked, conditions: [], ...more },
    { effectiveAt: at(period.from), refs: { ally: ['GB'] } },
  );
export const grantScope = {
  authorisation: 'authorisation-1',
  items: [
    { item: 'api', amount: 2, versions: ['v-1'] },
    { item: 'weights', amount: 5, versions: ['v-1'] },
  ],
  testers: ['p-1'],
  facilities: ['facility-1'],
  places: ['GB'],
  endUses: ['evaluation'],
  period,
  criteriaSet: 'criteria-test',
};
export const reserved = fact('AuthorisationDecremented', {
  grant: 'grant-1',
  items: grantScope.items.map(({ item, amount }) => ({ item, amount })),
});
export const requested = (change: object = {}) =>
  fact(
    'GrantRequested',
    {
      partner: 'partner-gb',
      party: LAB.party,
      authority: ALLY.party,
      developer: DEVELOPER.party,
      scope: { ...grantScope, ...change },
    },
    { by: LAB.party, refs: { ally: ['GB'], modelFamily: ['model-1'] } },
  );
export const approved = (as: string, of = 'grant') => fact('GrantApproved', { as, of });
export const activated = fact('GrantActivated');
export const granted = [requested(), approved('developer'), approved('allied-authority'), activated];
export const terms = (change: object = {}, shares = [6000, 4000]) => ({
  modalities: ['weights', 'api'],
  heads: [
    {
      head: 'data-breach',
      regime: 'several',
      shares: [DEVELOPER, LAB].map(({ party: bearing }, i) => ({ party: bearing, basisPoints: shares[i] })),
      layers: [],
    },
  ],
  trigger: 'occurrence',
  noticeDays: 30,
  governingLaw: 'CH',
  period,
  insuranceRequired: false,
  ...change,
});
export const digestOf = (value: unknown): string => JSON.stringify(value).length.toString(16).padStart(64, '0');
export const proposed = (text: object = terms()) =>
  fact(
    'LiabilityProposed',
    { grant: 'grant-1', terms: text, digest: digestOf(text) },
    { refs: { ally: ['GB'], partner: ['partner-gb'], grant: ['grant-1'] } },
  );
export const signed = (by: string, text: object = terms()) =>
  fact('LiabilityCountersigned', { digest: digestOf(text) }, { by });
export const inForce = (text: object = terms()) => fact('LiabilityInForce', { digest: digestOf(text) });

export const STREAMS: Readonly<Record<string, readonly Fact[]>> = {
  'party-us-la': party('licensing-authority', 'US'),
  'party-dev': party('developer', 'US'),
  'party-gb-aisi': party('allied-authority', 'GB'),
  'party-gb-lab': party('trusted-partner', 'GB'),
  'party-fr-aisi': party('allied-authority', 'FR'),
  'party-fr-lab': party('trusted-partner', 'FR'),
  'custody-ledger': [
    fact('LedgerFounded', {
      origin: 'o',
      mode: 'demo',
      keys: [],
      parameters: { 'release-assessment': 'ear-most-recent' },
      facetFunction: 'f',
      custodian: CUSTODIAN.party,
    }),
  ],
  'model-1': [fact('ModelFamilyRegistered', { name: 'm' }, { refs: { parties: [DEVELOPER.party] } }), released('v-1')],
  'instrument-1': [recorded()],
  'criteria-elig': [published('eligibility')],
  'criteria-test': [published('testing')],
  'partner-gb': [nominated, applied, consented, met, admitted],
  'tester-p-1': [rostered, verified, cleared],
  'authorisation-1': [issued(), reserved],
  'grant-1': granted,
  'liability-1': [proposed(), signed(DEVELOPER.party), signed(LAB.party), inForce()],
};

const DECIDERS = new Map(CONTEXTS.map((decider) => [decider.category as string, decider]));

/** The view of a world: of these streams in place of those, each folded by its own context. */
export function worldOf(change: Readonly<Record<string, readonly Fact[] | undefined>> = {}): DomainView {
  const streams = { ...STREAMS, ...change };
  const category = (stream: string) => stream.slice(0, stream.indexOf('-'));
  const named = (of: string, id: string) => (id.startsWith(`${of}-`) ? id : `${of}-${id}`);
  const state = (of: string, id: string): never | undefined => {
    const facts = streams[named(of, id)];
    const decider = DECIDERS.get(of);
    if (facts === undefined || decider === undefined) return undefined;
    return fold(decider, named(of, id), facts, NOW - 60_000) as never;
  };
  const all = (of: string) =>
    Object.keys(streams).filter((each) => category(each) === of && streams[each] !== undefined);
  return {
    index: 1000,
    now: NOW,
    state,
    all,
    related: (of: string, ref: keyof Refs, id: string) =>
      all(of).filter((each) => streams[each]?.some(({ refs }) => refs?.[ref]?.includes(id))),
    digest: digestOf,
    open: ({ jwe }) => ({
      statuses: jwe.split(',').map((country) => ({ kind: 'citizenship', country, since: 'birth' })),
    }),
  } as DomainView;
}
