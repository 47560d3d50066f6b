import type { Command, CommandDefinition, Role } from '../kernel/index.ts';

export type PartyCommand =
  | Command<
      'RegisterParty',
      { readonly name: string; readonly kind: Exclude<Role, 'system'>; readonly country: string }
    >
  | Command<'AmendParty', { readonly name?: string; readonly country?: string }>
  | Command<'RegisterFacility', { readonly facility: string; readonly name: string; readonly country: string }>
  | Command<'AddPartyKey', { readonly kid: string; readonly jwk: string }>
  | Command<'RetirePartyKey', { readonly kid: string }>
  | Command<'ReportPartyKeyCompromised', { readonly kid: string; readonly reason: string }>
  | Command<'SuspendParty', { readonly reason: string }>
  | Command<'ReinstateParty', { readonly reason: string }>;

/** Each party commands its own keys and facilities: any role then. */
const EVERY_PARTY: readonly Role[] = [
  'licensing-authority',
  'allied-authority',
  'developer',
  'trusted-partner',
  'auditor',
  'regulator',
  'insurer',
  'custodian',
];

export const PARTY_COMMANDS: readonly CommandDefinition[] = [
  { type: 'RegisterParty', category: 'party', creates: true, roles: ['custodian'] },
  { type: 'AmendParty', category: 'party', roles: ['custodian'] },
  { type: 'RegisterFacility', category: 'party', roles: EVERY_PARTY },
  { type: 'AddPartyKey', category: 'party', roles: EVERY_PARTY },
  { type: 'RetirePartyKey', category: 'party', roles: EVERY_PARTY },
  { type: 'ReportPartyKeyCompromised', category: 'party', roles: EVERY_PARTY },
  { type: 'SuspendParty', category: 'party', roles: ['licensing-authority'] },
  { type: 'ReinstateParty', category: 'party', roles: ['licensing-authority'] },
];
