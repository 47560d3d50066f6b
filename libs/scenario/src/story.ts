import { fileURLToPath } from 'node:url';

/**
 * The story that ships with the project: synthetic, with fictional names on purpose, told in its own time through the
 * public API. Ids of parties and testers are readable; those of models, authorisations and grants are opaque.
 */

/** One command: who posts what where, and when the ledger's clock stands. */
export interface Step {
  readonly at: string;
  readonly by: string;
  /** Below `/v1/`. */
  readonly path: string;
  readonly body: Record<string, unknown>;
  /** The refusal that the story expects: its rule. */
  readonly refused?: string;
}

export const ROLES: Readonly<Record<string, string>> = {
  'party-custodian': 'custodian',
  'party-us-la': 'licensing-authority',
  'party-northlight': 'developer',
  'party-aud-1': 'auditor',
  'party-ins-1': 'insurer',
  'party-us-reg': 'regulator',
  'party-eu-reg': 'regulator',
};

/** Readable in the story, opaque in the ledger. */
export const HALYARD = 'model-4f9c1d20-7a51-4c3e-9b0e-61f2a8d35c17';
export const SEXTANT = 'model-b27e8a94-03d6-4f1b-8c75-d9e04a6b12f8';
export const HALYARD_5_0 = 'version-1c85f3e7-92ab-4d60-a7f4-3be0d1586c29';
export const SEXTANT_5_0 = 'version-e60b47d2-5f18-49c3-b1aa-7c29d083f5e4';
export const TESTING = 'criteria-tpc-1';
const AUDITING = 'criteria-aud-1';
export const AUDIT = 'audit-aud-1';
const ELIGIBILITY = 'criteria-elig-1';

interface Ally {
  readonly country: string;
  readonly name: string;
  readonly testers: readonly string[];
  readonly weights?: true;
  readonly halyard?: true;
  readonly sextant?: true;
}
const ALLIES: readonly Ally[] = [
  {
    country: 'GB',
    name: 'Albion Safety Laboratory',
    testers: ['p-01', 'p-07'],
    weights: true,
    halyard: true,
    sextant: true,
  },
  { country: 'FR', name: 'Atelier Sûreté', testers: ['p-04', 'p-11'], halyard: true, sextant: true },
  { country: 'DE', name: 'Prüfhaus Nord', testers: ['p-05'], halyard: true },
  { country: 'JP', name: 'Kansoku Institute', testers: ['p-06'], weights: true, halyard: true },
  { country: 'AU', name: 'Southern Assurance', testers: ['p-08'], sextant: true },
  { country: 'KR', name: 'Hangang Evaluation Centre', testers: ['p-03', 'p-09'], halyard: true },
];
export const authority = (country: string) => `party-${country.toLowerCase()}-aisi`;
export const partnerParty = (country: string) => `party-${country.toLowerCase()}-lab`;
export const partner = (country: string) => `partner-${country.toLowerCase()}-1`;
const opaque: Readonly<Record<string, string>> = {
  GB: '0d3f7b1a-6c52-4e98-8f07-2ab94c6d1e35',
  FR: '8e14c6f0-29d7-4b3a-95c1-f07d3a8b6249',
  DE: 'a95d20e3-f871-4c06-b4de-160c7e5f9b82',
  JP: '37c8e9b4-14a0-4d7f-a263-9e5b0f8d71c6',
  AU: 'f2609d7c-8b35-41ea-9d18-c4730ab6e5d1',
  KR: '5ba1d8e2-e04f-4976-8c3b-07f96d2a43be',
};
export const authorisation = (country: string) => `authorisation-${opaque[country] ?? ''}`;
export const grant = (country: string) => `grant-${opaque[country] ?? ''}`;
export const liability = (country: string) => `liability-${opaque[country] ?? ''}`;

const END = '2036-07-21T00:00:00.000Z';
const LA = 'party-us-la';
const DEVELOPER = 'party-northlight';
const salt = (of: string) =>
  Array.from({ length: 22 }, (_, i) => 'abcdefghijkmnpqrstuvwxyz'[(of.charCodeAt(i % of.length) + i * 7) % 24]).join(
    '',
  );
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
};

const criterion = (name: string, requirement: string, more: object = {}) => ({
  criterion: name,
  requirement,
  evidence: 'evaluation log',
  mandatory: true,
  ...more,
});
/** Metrics of the evaluation logs that decide a criterion. */
const METRICS: Readonly<Record<string, object>> = {
  'TP-01': { metric: 'accuracy', threshold: { comparator: '>=', value: '0.5' } },
  'TP-02': { metric: 'class_eval_scorer/mean', threshold: { comparator: '>=', value: '0.8' } },
};
const testing = Array.from({ length: 12 }, (_, i) => {
  const name = `TP-${String(i + 1).padStart(2, '0')}`;
  return criterion(name, `Testing requirement ${i + 1} of the trusted partner programme.`, METRICS[name]);
});
const cutOff = criterion(
  'TP-13',
  'The last model call is no later than 30 s after the effective time of a revocation.',
  {
    metric: 'cut_off_seconds',
    threshold: { comparator: '<=', value: '30' },
  },
);

/** Steps with what they share. */
const at = (time: string, by: string, path: string, body: Record<string, unknown> = {}, refused?: string): Step => ({
  at: time.length === 10 ? `${time}T09:00:00.000Z` : time,
  by,
  path,
  body,
  ...(refused === undefined ? {} : { refused }),
});

function founding(): Step[] {
  const parties: readonly (readonly [string, string, string, string])[] = [
    ['party-custodian', 'Ledger Custodian', 'custodian', 'CH'],
    [LA, 'Licensing Authority', 'licensing-authority', 'US'],
    [DEVELOPER, 'Northlight AI', 'developer', 'US'],
    ['party-aud-1', 'Meridian Audit', 'auditor', 'NL'],
    ['party-ins-1', 'Harbour Mutual', 'insurer', 'CH'],
    ['party-us-reg', 'US Regulator', 'regulator', 'US'],
    ['party-eu-reg', 'EU Regulator', 'regulator', 'BE'],
    ...[...ALLIES.map(({ country, name }) => [country, name] as const), ['PL', 'Wisła Lab'] as const].flatMap(
      ([country, name]) => [
        [authority(country), `AI Safety Institute ${country}`, 'allied-authority', country] as const,
        [partnerParty(country), name, 'trusted-partner', country] as const,
      ],
    ),
  ];
  return [
    ...parties.map(([id, name, kind, country]) =>
      at('2026-07-03', 'party-custodian', 'parties', { id, name, kind, country }),
    ),
    at('2026-07-03', DEVELOPER, `parties/${DEVELOPER}/register-facility`, {
      facility: 'facility-northlight-us',
      name: 'Northlight US site',
      country: 'US',
    }),
  ];
}

function rules(): Step[] {
  return [
    at('2026-07-06', DEVELOPER, 'models', { id: HALYARD, name: 'Halyard 5' }),
    at('2026-07-06', DEVELOPER, 'models', { id: SEXTANT, name: 'Sextant 5' }),
    at('2026-07-06', LA, 'instruments', {
      id: 'instrument-ins-1',
      reference: 'INS-1',
      title: 'Letter of 12 June 2026',
      kind: 'letter',
      issuedOn: '2026-06-12',
      scope: {
        families: [HALYARD, SEXTANT],
        acts: ['export', 'reexport', 'transfer', 'deemed-export'],
        modalities: ['weights', 'api'],
        destinations: 'all',
        persons: 'any-foreign-person',
      },
      effectiveAt: '2026-06-12T00:00:00.000Z',
    }),
    at('2026-07-06', LA, 'criteria', {
      id: TESTING,
      kind: 'testing',
      reference: 'TPC-1',
      version: '1.0',
      criteria: testing,
      inForceFrom: '2026-07-06T00:00:00.000Z',
    }),
    at('2026-07-06', LA, 'criteria', {
      id: ELIGIBILITY,
      kind: 'eligibility',
      reference: 'ELIG-1',
      version: '1.0',
      criteria: Array.from({ length: 8 }, (_, i) => criterion(`EL-${i + 1}`, `Eligibility requirement ${i + 1}.`)),
      inForceFrom: '2026-07-06T00:00:00.000Z',
    }),
    at('2026-07-06', LA, 'criteria', {
      id: AUDITING,
      kind: 'audit',
      reference: 'AUD-C-1',
      version: '1.0',
      criteria: [
        criterion('AC-1', 'Each session conforms to the testing criteria version that it is judged by.'),
        criterion('AC-2', 'Evidence of each session identifies what was run: task, model, packages and revision.'),
        criterion('AC-3', 'A session that is given up states why within five days.'),
        criterion('AC-4', 'Each session rests on authority that was in force when it opened.'),
      ],
      inForceFrom: '2026-07-06T00:00:00.000Z',
    }),
    at('2026-07-07', DEVELOPER, 'instruments/instrument-ins-1/assert-instrument-legal-status', {
      status: 'disputed',
      source: 'statement of the developer, 7 July 2026',
    }),
    at('2026-07-07', DEVELOPER, `models/${HALYARD}/release-model-version`, {
      version: HALYARD_5_0,
      name: 'halyard-5.0',
      modalities: ['weights', 'api'],
      weightsDigest: '9d1f3c5a7b2e4860a1c3e5f7092b4d6f8a0c2e4f6081a3c5e7f9012b3d4f5a6c',
    }),
    at('2026-07-07', DEVELOPER, `models/${SEXTANT}/release-model-version`, {
      version: SEXTANT_5_0,
      name: 'sextant-5.0',
      modalities: ['api'],
    }),
    at('2026-07-07', DEVELOPER, `models/${HALYARD}/classify-model`, { regime: 'EAR', number: '4E091' }),
    at('2026-07-07', DEVELOPER, `models/${SEXTANT}/classify-model`, { regime: 'EAR', number: '4E091' }),
  ];
}

function admissions(): Step[] {
  const steps: Step[] = [];
  for (const country of [...ALLIES.map((ally) => ally.country), 'PL']) {
    const to = `partners/${partner(country)}`;
    steps.push(
      at('2026-07-08', authority(country), 'partners', {
        id: partner(country),
        party: partnerParty(country),
        criteriaSet: ELIGIBILITY,
      }),
      at('2026-07-10', partnerParty(country), `${to}/submit-eligibility-application`),
    );
    if (country !== 'PL') steps.push(at('2026-07-10', partnerParty(country), `${to}/consent-to-on-site-review`));
    steps.push(
      at('2026-07-10', LA, `${to}/record-screening`, {
        screening: `screening-${country.toLowerCase()}`,
        list: 'Consolidated Screening List',
        listDigest: '5e2c7a19d4b8f0631c9e5d7f20a4b6c8e1f3057a9b2d4c6e8f01a3b5c7d9e2f4',
        threshold: 85,
        hits: country === 'JP' ? [{ hit: 'hit-1', score: 88 }] : [],
      }),
    );
  }
  steps.push(
    at('2026-07-13', authority('PL'), `partners/${partner('PL')}/return-eligibility-application`, {
      reason: 'no consent to on-site review',
    }),
    at('2026-07-14', authority('JP'), `partners/${partner('JP')}/adjudicate-screening-hit`, {
      screening: 'screening-jp',
      hit: 'hit-1',
      outcome: 'false-positive',
      reason: 'another person of the same name',
    }),
  );
  ALLIES.forEach(({ country }, i) => {
    const day = `2026-07-${16 + Math.min(i, 4)}`;
    for (let n = 1; n <= 8; n++)
      steps.push(
        at(day, authority(country), `partners/${partner(country)}/assess-eligibility-criterion`, {
          criterion: `EL-${n}`,
          outcome: 'met',
        }),
      );
    steps.push(
      at(day, authority(country), `partners/${partner(country)}/admit-partner`, {
        period: { from: `${day}T00:00:00.000Z`, until: END },
        conditions: country === 'FR' ? ['Annual renewal of facility clearance.'] : [],
      }),
    );
  });
  for (const { country, testers } of ALLIES)
    for (const tester of testers) {
      const to = `testers/${tester}`;
      const fields = { statuses: STATUSES[tester] ?? [] };
      steps.push(
        at('2026-07-20T10:00:00.000Z', partnerParty(country), 'testers', { id: tester, partner: partner(country) }),
        at('2026-07-20T10:00:00.000Z', partnerParty(country), `${to}/declare-nationality`, {
          personal: { salt: salt(tester), fields },
        }),
        at('2026-07-20T11:00:00.000Z', authority(country), `${to}/verify-nationality`, {
          personal: { salt: salt(`${tester}v`), fields },
        }),
        at('2026-07-20T11:00:00.000Z', authority(country), `${to}/record-clearance`, {
          level: 'SECRET',
          period: { from: '2026-07-20T00:00:00.000Z', until: END },
        }),
      );
    }
  return steps;
}

function itemsOf(ally: Ally, countries: readonly string[]) {
  const quantity = { unit: 'sessions', amount: 20 };
  return [
    ...(ally.halyard ? [{ item: 'halyard-api', family: HALYARD, modality: 'api', quantity, countries }] : []),
    ...(ally.weights ? [{ item: 'halyard-weights', family: HALYARD, modality: 'weights', quantity, countries }] : []),
    ...(ally.sextant ? [{ item: 'sextant-api', family: SEXTANT, modality: 'api', quantity, countries }] : []),
  ];
}
const period = { from: '2026-07-21T00:00:00.000Z', until: END };

function authorisations(): Step[] {
  const steps: Step[] = [];
  const listed = ALLIES.filter(({ country }) => country !== 'KR');
  const forHalyard = ['GB', 'FR', 'DE', 'JP'];
  const forSextant = ['GB', 'FR', 'AU'];
  const countriesOf = (family: string) => (family === HALYARD ? forHalyard : forSextant);
  steps.push(
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
  );
  for (const ally of listed) {
    const { country } = ally;
    const items = itemsOf(ally, []).map((item) => ({ ...item, countries: countriesOf(item.family) }));
    steps.push(
      at('2026-07-21', LA, 'instruments/instrument-ins-2/add-annex-entry', {
        entry: `annex-${country.toLowerCase()}`,
        party: partnerParty(country),
        items: items.map(({ family, modality, countries }) => ({ family, modality, countries })),
      }),
      at('2026-07-21', LA, `authorisations/${authorisation(country)}/list-authorisation`, {
        kind: 'annex-listing',
        holder: partnerParty(country),
        partner: partner(country),
        instrument: 'instrument-ins-2',
        annexEntry: `annex-${country.toLowerCase()}`,
        reference: `INS-2/${country}`,
        scope: { items, facilities: 'all', destinations: 'all', endUses: ['safety evaluation'], period },
        conditions: [],
      }),
    );
  }
  const korea = ALLIES.find(({ country }) => country === 'KR') as Ally;
  steps.push(
    at('2026-07-21T10:00:00.000Z', DEVELOPER, 'authorisations', {
      id: authorisation('KR'),
      partner: partner('KR'),
      instrument: 'instrument-ins-1',
      reference: 'D-000117',
      scope: {
        items: itemsOf(korea, ['KR']),
        facilities: 'all',
        destinations: 'all',
        endUses: ['safety evaluation'],
        period,
      },
      occurredAt: '2026-07-10T09:00:00.000Z',
    }),
    at('2026-07-21T11:00:00.000Z', LA, `authorisations/${authorisation('KR')}/issue-authorisation`, {
      conditions: [
        {
          condition: 'monthly-report',
          text: 'A report of use for each month, due on the 15th of the next.',
          reporting: { dueDay: 15, firstPeriod: '2026-07' },
        },
      ],
    }),
    at('2026-07-22', LA, `authorisations/${authorisation('KR')}/communicate-conditions`),
    at('2026-07-22', DEVELOPER, `authorisations/${authorisation('KR')}/acknowledge-conditions`),
  );
  return steps;
}

function grants(): Step[] {
  const steps: Step[] = [];
  const money = (amount: string) => ({ amount, currency: 'EUR' });
  for (const ally of ALLIES) {
    const { country } = ally;
    const mine = partnerParty(country);
    const items = itemsOf(ally, []);
    const terms = {
      modalities: ['weights', 'api'],
      heads: [
        {
          head: 'third-party-claim',
          regime: 'several',
          shares: [
            { party: DEVELOPER, basisPoints: 6250 },
            { party: mine, basisPoints: 3750 },
          ],
          cap: { limit: money('500000000'), per: 'claim' },
          layers: [],
        },
        { head: 'consequential', regime: 'excluded', shares: [], layers: [] },
      ],
      trigger: 'occurrence',
      noticeDays: 30,
      governingLaw: 'England and Wales',
      period: { from: '2026-07-22T00:00:00.000Z', until: END },
      insuranceRequired: false,
    };
    steps.push(
      at('2026-07-22', mine, 'grants', {
        id: grant(country),
        partner: partner(country),
        scope: {
          authorisation: authorisation(country),
          items: items.map(({ item, family }) => ({
            item,
            amount: 20,
            versions: [family === HALYARD ? HALYARD_5_0 : SEXTANT_5_0],
          })),
          testers: [...ally.testers],
          facilities: country === 'FR' || country === 'KR' ? ['facility-northlight-us'] : [],
          places: country === 'FR' || country === 'KR' ? [country, 'US'] : [country],
          endUses: ['safety evaluation'],
          period: { from: '2026-07-22T00:00:00.000Z', until: END },
          criteriaSet: TESTING,
        },
      }),
      at('2026-07-22', DEVELOPER, 'liabilities', { id: liability(country), grant: grant(country), terms }),
      at('2026-07-22', DEVELOPER, `liabilities/${liability(country)}/countersign-liability`, {
        digest: { of: liability(country) },
      }),
      at('2026-07-22', mine, `liabilities/${liability(country)}/countersign-liability`, {
        digest: { of: liability(country) },
      }),
      at('2026-07-22T10:00:00.000Z', authority(country), `grants/${grant(country)}/approve-grant`, { of: 'grant' }),
    );
    steps.push(
      at(
        country === 'KR' ? '2026-08-10' : '2026-07-22T11:00:00.000Z',
        DEVELOPER,
        `grants/${grant(country)}/approve-grant`,
        { of: 'grant' },
      ),
    );
  }
  return steps;
}

function open(
  time: string,
  session: string,
  country: string,
  version: string,
  modality: string,
  testers: readonly string[],
  more: object = {},
  refused?: string,
): Step {
  return at(
    time,
    partnerParty(country),
    `grants/${grant(country)}/open-session`,
    {
      session,
      modelVersion: version,
      modality,
      testers: [...testers],
      place: country,
      endUse: 'safety evaluation',
      ...more,
    },
    refused,
  );
}
/** Real evaluation logs of others stand for the sessions' own: what each calls its model, and when it began. */
const LOGS: Readonly<Record<string, readonly [model: string, startedAt: string]>> = {
  'popularity-unscored-2025-02.eval': ['openai/gpt-4o-mini', '2025-02-11T20:17:00.000Z'],
  'class-eval-2025-12.eval': ['openai/gpt-5-nano', '2025-12-13T23:15:44.000Z'],
  'cancelled-2025-05.json': ['openai/gpt-4o-mini', '2025-05-13T00:28:13.000Z'],
  'error-2024-08.json': ['mockllm/model', '2024-08-29T15:11:08.000Z'],
  'popularity-2024-10.eval': ['ollama/llama3.1', '2024-10-15T16:53:13.000Z'],
  'pubmedqa.json': ['openai/azure/gpt-4o-mini', '2025-07-03T14:44:30.000Z'],
  'websearch-2025-11.eval': ['anthropic/claude-sonnet-4-5', '2025-11-07T15:59:47.000Z'],
  'popularity-epochs-2024-11.eval': ['azureai/Meta-Llama-3-1-405B-Instruct-jqf', '2024-11-05T20:04:20.000Z'],
  'security-guide-2025-05.json': ['openai/gpt-4o-mini', '2025-05-13T00:28:26.000Z'],
  'mmlu-2025-12.eval': ['openai/gpt-4o', '2025-12-19T12:36:46.000Z'],
};
/** Where a file of the story is. */
export const logFile = (name: string): string => fileURLToPath(new URL(`../logs/${name}`, import.meta.url));

/** A log becomes evidence of a session, as a sample that is declared to have run from `ran` on. */
function attach(time: string, session: string, by: string, file: string, ran: string, status?: string): Step {
  const [alias, startedAt] = LOGS[file] as [string, string];
  const timeShift = Date.parse(ran) - Date.parse(startedAt);
  return at(time, by, 'evidence', {
    file: { of: file },
    session,
    sample: { alias, timeShift, ...(status === undefined ? {} : { status }) },
  });
}
const outcome = (time: string, session: string, by: string, criterion: string, what: string, value?: string): Step =>
  at(time, by, `sessions/${session}/record-criterion-outcome`, {
    criterion,
    outcome: what,
    ...(value === undefined ? {} : { value }),
  });

const end = (time: string, session: string, by: string, how: string, body: Record<string, unknown> = {}) =>
  at(time, by, `sessions/${session}/${how}`, body);

function sessions(): Step[] {
  const lab = partnerParty;
  const korea = authorisation('KR');
  const report = (time: string, month: string) =>
    at(time, DEVELOPER, `authorisations/${korea}/report-on-condition`, { condition: 'monthly-report', period: month });
  return [
    open('2026-07-28', 'session-s1', 'GB', HALYARD_5_0, 'api', ['p-01']),
    end('2026-07-28T15:00:00.000Z', 'session-s1', lab('GB'), 'complete-session'),
    attach(
      '2026-07-28T15:05:00.000Z',
      'session-s1',
      lab('GB'),
      'popularity-unscored-2025-02.eval',
      '2026-07-28T10:00:00.000Z',
    ),
    // This log has no scores: the tester says what came out.
    ...testing.map(({ criterion: name }) =>
      outcome('2026-07-28T15:10:00.000Z', 'session-s1', lab('GB'), name, name === 'TP-07' ? 'inconclusive' : 'met'),
    ),
    open('2026-08-04', 'session-s2', 'GB', HALYARD_5_0, 'weights', ['p-01', 'p-07']),
    open('2026-08-05', 'session-s3', 'FR', SEXTANT_5_0, 'api', ['p-04']),
    end('2026-08-05T12:00:00.000Z', 'session-s3', lab('FR'), 'cancel-session'),
    end('2026-08-06', 'session-s2', lab('GB'), 'complete-session'),
    attach('2026-08-06T10:00:00.000Z', 'session-s2', lab('GB'), 'class-eval-2025-12.eval', '2026-08-05T10:00:00.000Z'),
    attach('2026-08-06T11:00:00.000Z', 'session-s3', lab('FR'), 'cancelled-2025-05.json', '2026-08-05T11:00:00.000Z'),
    open('2026-08-11', 'session-s4', 'DE', HALYARD_5_0, 'api', ['p-05']),
    end('2026-08-11T11:00:00.000Z', 'session-s4', lab('DE'), 'fail-session', { reason: 'the run ended with an error' }),
    attach('2026-08-11T12:00:00.000Z', 'session-s4', lab('DE'), 'error-2024-08.json', '2026-08-11T10:00:00.000Z'),
    open('2026-08-12', 'session-s5', 'JP', HALYARD_5_0, 'weights', ['p-06']),
    open('2026-08-13', 'session-s6', 'KR', HALYARD_5_0, 'api', ['p-09']),
    end('2026-08-13T15:00:00.000Z', 'session-s6', lab('KR'), 'complete-session'),
    attach('2026-08-13T16:00:00.000Z', 'session-s6', lab('KR'), 'pubmedqa.json', '2026-08-13T10:00:00.000Z'),
    end('2026-08-14', 'session-s5', lab('JP'), 'complete-session'),
    attach('2026-08-14T10:00:00.000Z', 'session-s5', lab('JP'), 'popularity-2024-10.eval', '2026-08-13T10:00:00.000Z'),
    at('2026-08-15', LA, `criteria/${TESTING}/publish-criteria-version`, {
      version: '1.1',
      criteria: [...testing, cutOff],
      inForceFrom: '2026-09-01T00:00:00.000Z',
    }),
    open(
      '2026-08-18',
      'session-x1',
      'FR',
      HALYARD_5_0,
      'api',
      ['p-11'],
      { place: 'US', facility: 'facility-northlight-us' },
      'release-not-permitted',
    ),
    at('2026-08-20', LA, `authorisations/${korea}/suspend-authorisation`, { reason: 'the report for July is overdue' }),
    open('2026-08-21', 'session-s7', 'KR', HALYARD_5_0, 'api', ['p-09'], {}, 'grant-not-active'),
    report('2026-08-24', '2026-07'),
    at('2026-08-26', LA, `authorisations/${korea}/reinstate-authorisation`, { reason: 'the report is in' }),
    open('2026-08-27', 'session-s8', 'KR', HALYARD_5_0, 'api', ['p-09']),
    end('2026-08-27T15:00:00.000Z', 'session-s8', lab('KR'), 'complete-session'),
    attach('2026-08-27T16:00:00.000Z', 'session-s8', lab('KR'), 'websearch-2025-11.eval', '2026-08-27T10:00:00.000Z'),
    open('2026-09-02T02:40:00.000Z', 'session-s9', 'AU', SEXTANT_5_0, 'api', ['p-08']),
    at('2026-09-02T03:14:01.000Z', LA, 'instruments', {
      id: 'instrument-ins-3',
      reference: 'INS-3',
      title: 'Amendment of the annex',
      kind: 'determination',
      issuedOn: '2026-09-02',
      scope: {
        families: [HALYARD, SEXTANT],
        acts: ['export', 'deemed-export'],
        modalities: ['weights', 'api'],
        destinations: ['AU'],
        persons: 'any-foreign-person',
      },
      effectiveAt: '2026-09-02T03:14:00.000Z',
    }),
    at('2026-09-02T03:14:02.000Z', LA, `authorisations/${authorisation('AU')}/revoke-authorisation`, {
      reason: 'taken out of the annex by INS-3',
      effectiveAt: '2026-09-02T03:14:00.000Z',
    }),
    at('2026-09-02T03:14:02.000Z', LA, 'instruments/instrument-ins-2/remove-annex-entry', {
      entry: 'annex-au',
      reason: 'INS-3',
      under: 'instrument-ins-3',
      effectiveAt: '2026-09-02T03:14:00.000Z',
    }),
    end('2026-09-02T03:14:45.000Z', 'session-s9', DEVELOPER, 'terminate-session', {
      lastCallAt: '2026-09-02T03:14:41.000Z',
    }),
    at('2026-09-03', DEVELOPER, 'evidence', { file: { of: 'gateway-au.jsonl' } }),
    attach(
      '2026-09-03T09:30:00.000Z',
      'session-s9',
      lab('AU'),
      'popularity-epochs-2024-11.eval',
      '2026-09-02T02:50:00.000Z',
      'cancelled',
    ),
    outcome('2026-09-03T09:40:00.000Z', 'session-s9', lab('AU'), 'TP-13', 'not-met', '41'),
    open('2026-09-03T10:00:00.000Z', 'session-x2', 'AU', SEXTANT_5_0, 'api', ['p-08'], {}, 'grant-not-active'),
    open('2026-09-09', 'session-s10', 'DE', HALYARD_5_0, 'api', ['p-05']),
    end('2026-09-09T15:00:00.000Z', 'session-s10', lab('DE'), 'complete-session'),
    attach(
      '2026-09-09T16:00:00.000Z',
      'session-s10',
      lab('DE'),
      'security-guide-2025-05.json',
      '2026-09-09T10:00:00.000Z',
    ),
    outcome('2026-09-09T16:10:00.000Z', 'session-s10', lab('DE'), 'TP-13', 'not-applicable'),
    report('2026-09-14', '2026-08'),
    open('2026-09-16', 'session-s11', 'FR', SEXTANT_5_0, 'api', ['p-04']),
    end('2026-09-16T15:00:00.000Z', 'session-s11', lab('FR'), 'complete-session'),
    attach('2026-09-16T16:00:00.000Z', 'session-s11', lab('FR'), 'mmlu-2025-12.eval', '2026-09-16T10:00:00.000Z'),
    outcome('2026-09-16T16:10:00.000Z', 'session-s11', lab('FR'), 'TP-13', 'not-applicable'),
    report('2026-10-14', '2026-09'),
    report('2026-11-13', '2026-10'),
  ];
}

function audits(): Step[] {
  const inScope = ['s1', 's2', 's3', 's4', 's5', 's6', 's8', 's9'].map((session) => `session-${session}`);
  const auditor = (time: string, what: string, body: Record<string, unknown>) =>
    at(time, 'party-aud-1', `audits/${AUDIT}/${what}`, body);
  const audited = (time: string, by: string, what: string, body: Record<string, unknown>) =>
    at(time, by, `audits/${AUDIT}/${what}`, body);
  const audit = (criterionId: string) => ({ set: AUDITING, version: '1.0', criterion: criterionId });
  const de = partnerParty('DE');
  return [
    at('2026-09-07', LA, 'audits', {
      id: AUDIT,
      auditor: 'party-aud-1',
      scope: { grants: ALLIES.map(({ country }) => grant(country)), sessions: inScope },
      period: { from: '2026-07-22T00:00:00.000Z', until: '2026-09-06T00:00:00.000Z' },
      criteriaSet: AUDITING,
      assurance: 'limited',
    }),
    auditor('2026-09-07T10:00:00.000Z', 'declare-independence', {
      statement: 'No interest in any party in scope, and no work for one in the last three years.',
      interests: [],
    }),
    ...inScope.map((session) =>
      auditor('2026-09-08', 'pin-audit-evidence', {
        position: 200,
        subject: session,
        note: 'as logged by 5 September',
      }),
    ),
    auditor('2026-09-21', 'raise-audit-finding', {
      finding: 'F-1',
      sessions: ['session-s4'],
      condition: 'The log of S4 names no packages and no revision.',
      criterion: audit('AC-2'),
      cause: 'It was written by a version of the framework that leaves them out.',
      effect: 'The run cannot be made again with certainty.',
      recommendation: 'Use a version that names them.',
    }),
    auditor('2026-09-21', 'raise-audit-finding', {
      finding: 'F-2',
      sessions: ['session-s9'],
      condition: 'The last call of the model was 41 s after the revocation took effect; TP-13 allows 30 s.',
      criterion: { set: TESTING, version: '1.1', criterion: 'TP-13' },
      cause: 'The gateway had cached its permission and did not ask again.',
      effect: 'Three calls were answered without authority.',
      recommendation: 'Ask before each call, or keep a permission for less than 30 s.',
    }),
    auditor('2026-09-21', 'raise-audit-finding', {
      finding: 'F-3',
      sessions: ['session-s3'],
      condition: 'S3 was cancelled and no reason given in five days.',
      criterion: audit('AC-3'),
      cause: 'The form lets it be left out.',
      effect: 'Why the session ended is not on record.',
    }),
    auditor('2026-09-22', 'grade-audit-finding', { finding: 'F-1', grade: 'minor', material: false, pervasive: false }),
    auditor('2026-09-22', 'grade-audit-finding', { finding: 'F-2', grade: 'major', material: true, pervasive: false }),
    auditor('2026-09-22', 'grade-audit-finding', {
      finding: 'F-3',
      grade: 'observation',
      material: false,
      pervasive: false,
    }),
    audited('2026-09-23', de, 'record-management-response', {
      finding: 'F-1',
      agrees: true,
      response: 'The framework is brought up to date.',
    }),
    audited('2026-09-23', de, 'commit-corrective-action', {
      finding: 'F-1',
      action: 'F-1-a',
      description: 'Evaluation framework brought up to a version that names packages and revision.',
      due: '2026-10-15',
    }),
    audited('2026-09-23', DEVELOPER, 'record-management-response', {
      finding: 'F-2',
      agrees: true,
      response: 'The gateway will ask before each call.',
    }),
    audited('2026-09-23', DEVELOPER, 'commit-corrective-action', {
      finding: 'F-2',
      action: 'F-2-a',
      description: 'No permission is cached for longer than five seconds; a cut-off drill shows it.',
      due: '2026-10-20',
    }),
    audited('2026-09-23', partnerParty('FR'), 'record-management-response', {
      finding: 'F-3',
      agrees: true,
      response: 'A reason will be given.',
    }),
    auditor('2026-09-25', 'issue-audit-conclusion', {
      conclusion: 'qualified',
      grounds: 'Except for F-2, nothing came to our attention that the sessions in scope do not conform.',
    }),
    auditor('2026-10-12', 'verify-corrective-action', {
      finding: 'F-1',
      action: 'F-1-a',
      shownBy: 'A log of October that names packages and revision.',
    }),
    auditor('2026-10-12', 'close-audit-finding', { finding: 'F-1', reason: 'fixed' }),
    auditor('2026-10-12T10:00:00.000Z', 'close-audit-finding', { finding: 'F-3', reason: 'an observation, answered' }),
    auditor('2026-10-20', 'verify-corrective-action', {
      finding: 'F-2',
      action: 'F-2-a',
      shownBy: 'A cut-off drill: last call 4 s after the effect of the revocation.',
    }),
    auditor('2026-10-20', 'close-audit-finding', { finding: 'F-2', reason: 'fixed' }),
    auditor('2026-10-23', 'amend-audit-report', {
      report: 'Follow-up: F-1 and F-2 are fixed and verified. The conclusion on the period is unchanged.',
      findings: ['F-1', 'F-2'],
    }),
  ];
}

/** The story's steps in the order of the ledger's clock. */
export const STORY: readonly Step[] = [
  ...founding(),
  ...rules(),
  ...admissions(),
  ...authorisations(),
  ...grants(),
  ...sessions(),
  ...audits(),
]
  .map((step, i) => ({ step, i }))
  .sort((a, b) => (a.step.at < b.step.at ? -1 : a.step.at > b.step.at ? 1 : a.i - b.i))
  .map(({ step }) => step);

export const STORY_BEGINS = '2026-07-03T08:00:00.000Z';
