import { Type } from 'typebox';
import { commandsOf, Country, IdText, Name, oneOf, PARTY_ROLES, Text, type CommandOf } from '../kernel/index.ts';

const command = commandsOf('party');
/** A key as its owner gives it: JWK (RFC 7517) as JSON text. */
const Jwk = Text;

/** The custodian registers; each party commands its own keys and facilities; the licensing authority suspends. */
export const PARTY_COMMANDS = [
  command(
    'RegisterParty',
    ['custodian'],
    { name: Name, kind: oneOf(...PARTY_ROLES), country: Country },
    'begins a stream',
  ),
  command('AmendParty', ['custodian'], { name: Type.Optional(Name), country: Type.Optional(Country) }),
  command('RegisterFacility', PARTY_ROLES, { facility: IdText, name: Name, country: Country }),
  command('AddPartyKey', PARTY_ROLES, { kid: IdText, jwk: Jwk }),
  command('RetirePartyKey', PARTY_ROLES, { kid: IdText }),
  command('ReportPartyKeyCompromised', PARTY_ROLES, { kid: IdText, reason: Text }),
  command('SuspendParty', ['licensing-authority'], { reason: Text }),
  command('ReinstateParty', ['licensing-authority'], { reason: Text }),
] as const;

export type PartyCommand = CommandOf<(typeof PARTY_COMMANDS)[number]>;
