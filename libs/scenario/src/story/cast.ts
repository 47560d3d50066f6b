/** Who and what the story is about. Ids of parties and testers are readable; all others are opaque, as they should be. */

export const CUSTODIAN = 'party-custodian';
export const LA = 'party-us-la';
export const DEVELOPER = 'party-northlight';
export const AUDITOR = 'party-aud-1';
export const INSURER = 'party-ins-1';
export const US_SITE = 'facility-northlight-us';

export const ROLES: Readonly<Record<string, string>> = {
  [CUSTODIAN]: 'custodian',
  [LA]: 'licensing-authority',
  [DEVELOPER]: 'developer',
  [AUDITOR]: 'auditor',
  [INSURER]: 'insurer',
  'party-us-reg': 'regulator',
  'party-eu-reg': 'regulator',
};

/** Readable in the story, opaque in the ledger. */
export const HALYARD = 'model-4f9c1d20-7a51-4c3e-9b0e-61f2a8d35c17';
export const SEXTANT = 'model-b27e8a94-03d6-4f1b-8c75-d9e04a6b12f8';
export const HALYARD_5_0 = 'version-1c85f3e7-92ab-4d60-a7f4-3be0d1586c29';
export const SEXTANT_5_0 = 'version-e60b47d2-5f18-49c3-b1aa-7c29d083f5e4';
export const TESTING = 'criteria-tpc-1';
export const AUDITING = 'criteria-aud-1';
export const ELIGIBILITY = 'criteria-elig-1';
export const AUDIT = 'audit-aud-1';

export interface Ally {
  readonly country: string;
  readonly name: string;
  /** On its roster, cleared, and on its grant. */
  readonly testers: readonly string[];
  readonly weights?: true;
  readonly halyard?: true;
  readonly sextant?: true;
  /** Its testers may also work at the developer's site in the US. */
  readonly usSite?: true;
}
export const ALLIES: readonly Ally[] = [
  {
    country: 'GB',
    name: 'Albion Safety Laboratory',
    testers: ['p-01', 'p-07'],
    weights: true,
    halyard: true,
    sextant: true,
  },
  { country: 'FR', name: 'Atelier Sûreté', testers: ['p-04', 'p-11'], halyard: true, sextant: true, usSite: true },
  { country: 'DE', name: 'Prüfhaus Nord', testers: ['p-05'], halyard: true },
  { country: 'JP', name: 'Kansoku Institute', testers: ['p-06'], weights: true, halyard: true },
  { country: 'AU', name: 'Southern Assurance', testers: ['p-08'], sextant: true },
  { country: 'KR', name: 'Hangang Evaluation Centre', testers: ['p-03', 'p-09'], halyard: true, usSite: true },
];
/** Nominated, and not admitted. */
export const NOT_ADMITTED = { country: 'PL', name: 'Wisła Lab' };

export const authority = (country: string) => `party-${country.toLowerCase()}-aisi`;
export const partnerParty = (country: string) => `party-${country.toLowerCase()}-lab`;
export const partner = (country: string) => `partner-${country.toLowerCase()}-1`;
export const laboratory = (country: string) => `facility-${country.toLowerCase()}-lab`;
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

/** Authorisations, admissions, liability and grants run until then, so that what is printed at a start stays valid. */
export const END = '2036-07-21T00:00:00.000Z';

/** What keeps a digest from being guessed would be random; in a story that is always told alike it cannot be. */
export const salt = (of: string) =>
  Array.from({ length: 22 }, (_, i) => 'abcdefghijkmnpqrstuvwxyz'[(of.charCodeAt(i % of.length) + i * 7) % 24]).join(
    '',
  );
