import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import {
  ALLIES,
  AUDITOR,
  authority,
  CUSTODIAN,
  DEVELOPER,
  INSURER,
  LA,
  laboratory,
  NOT_ADMITTED,
  partnerParty,
  US_SITE,
} from './cast.ts';
import { at, type Step } from './step.ts';

const PARTNERS = [...ALLIES, NOT_ADMITTED];
const PARTIES: readonly (readonly [id: string, name: string, kind: string, country: string])[] = [
  [CUSTODIAN, 'Ledger Custodian', 'custodian', 'CH'],
  [LA, 'Licensing Authority', 'licensing-authority', 'US'],
  [DEVELOPER, 'Northlight AI', 'developer', 'US'],
  [AUDITOR, 'Meridian Audit', 'auditor', 'NL'],
  [INSURER, 'Harbour Mutual', 'insurer', 'CH'],
  ['party-us-reg', 'US Regulator', 'regulator', 'US'],
  ['party-eu-reg', 'EU Regulator', 'regulator', 'BE'],
  ...PARTNERS.flatMap(({ country, name }) => [
    [authority(country), `AI Safety Institute ${country}`, 'allied-authority', country] as const,
    [partnerParty(country), name, 'trusted-partner', country] as const,
  ]),
];

/** 3 July: parties, their keys and facilities. */
export const founding = (): Step[] => [
  ...PARTIES.map(([id, name, kind, country]) => at('2026-07-03', CUSTODIAN, 'parties', { id, name, kind, country })),
  ...PARTIES.map(([id]) =>
    at('2026-07-03T10:00:00.000Z', id, `parties/${id}/add-party-key`, { kid: `${id}-1`, jwk: publicKeyOf(id) }),
  ),
  at('2026-07-03T11:00:00.000Z', DEVELOPER, `parties/${DEVELOPER}/register-facility`, {
    facility: US_SITE,
    name: 'Northlight US site',
    country: 'US',
  }),
  ...PARTNERS.map(({ country, name }) =>
    at('2026-07-03T11:00:00.000Z', partnerParty(country), `parties/${partnerParty(country)}/register-facility`, {
      facility: laboratory(country),
      name: `${name}, secure laboratory`,
      country,
    }),
  ),
];

/** PKCS #8 of an Ed25519 key, up to its 32 bytes (RFC 8410 §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The demonstration's parties have keys that anyone can derive, since the story is always told alike: they show where keys
 * stand in the record and protect nothing.
 */
function publicKeyOf(party: string): string {
  const seed = createHash('sha256').update(`countersign demonstration key of ${party}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  return JSON.stringify({ ...createPublicKey(key).export({ format: 'jwk' }), alg: 'Ed25519', use: 'sig' });
}
