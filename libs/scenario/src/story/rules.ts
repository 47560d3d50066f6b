import { AUDITING, DEVELOPER, ELIGIBILITY, HALYARD, HALYARD_5_0, LA, SEXTANT, SEXTANT_5_0, TESTING } from './cast.ts';
import { AUDITING_1_0, ELIGIBILITY_1_0, TESTING_1_0, TESTING_1_1 } from './criteria.ts';
import { at, type Step } from './step.ts';

const BOTH = [HALYARD, SEXTANT];
const set = (id: string, kind: string, reference: string, criteria: readonly object[]): Step =>
  at('2026-07-06', LA, 'criteria', {
    id,
    kind,
    reference,
    version: '1.0',
    criteria,
    inForceFrom: '2026-07-06T00:00:00.000Z',
  });

/** 6 and 7 July: families, the letter that controls them, criteria, versions; in August the next testing criteria. */
export const rules = (): Step[] => [
  at('2026-07-06', DEVELOPER, 'models', { id: HALYARD, name: 'Halyard 5' }),
  at('2026-07-06', DEVELOPER, 'models', { id: SEXTANT, name: 'Sextant 5' }),
  at('2026-07-06', LA, 'instruments', {
    id: 'instrument-ins-1',
    reference: 'INS-1',
    title: 'Letter of 12 June 2026',
    kind: 'letter',
    issuedOn: '2026-06-12',
    scope: {
      families: BOTH,
      acts: ['export', 'reexport', 'transfer', 'deemed-export'],
      modalities: ['weights', 'api'],
      destinations: 'all',
      persons: 'any-foreign-person',
    },
    effectiveAt: '2026-06-12T00:00:00.000Z',
  }),
  set(TESTING, 'testing', 'TPC-1', TESTING_1_0),
  set(ELIGIBILITY, 'eligibility', 'ELIG-1', ELIGIBILITY_1_0),
  set(AUDITING, 'audit', 'AUD-C-1', AUDITING_1_0),
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
  ...BOTH.map((family) =>
    at('2026-07-07', DEVELOPER, `models/${family}/classify-model`, { regime: 'EAR', number: '4E091' }),
  ),
  at('2026-08-15', LA, `criteria/${TESTING}/publish-criteria-version`, {
    version: '1.1',
    criteria: TESTING_1_1,
    inForceFrom: '2026-09-01T00:00:00.000Z',
  }),
];
