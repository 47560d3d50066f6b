import { Type } from 'typebox';
import {
  Country,
  event,
  IdText,
  Name,
  oneOf,
  PARTY_ROLES,
  Text,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

export const PARTY_EVENTS = [
  /** `country`: ISO 3166-1 alpha-2, of the seat. */
  event('PartyRegistered', { name: Name, kind: oneOf(...PARTY_ROLES), country: Country }, ['parties']),
  event('PartyAmended', { name: Type.Optional(Name), country: Type.Optional(Country) }, ['parties']),
  event('FacilityRegistered', { facility: IdText, name: Name, country: Country }, ['parties']),
  /** A public key, JWK (RFC 7517) as JSON text; its validity begins at this entry. */
  event('PartyKeyAdded', { kid: IdText, jwk: Text }, ['parties']),
  event('PartyKeyRetired', { kid: IdText }, ['parties']),
  /** From `effectiveAt` on nobody can say who signed with it. */
  event('PartyKeyCompromised', { kid: IdText, reason: Text }, ['parties']),
  event('PartySuspended', { reason: Text }, ['parties']),
  event('PartyReinstated', { reason: Text }, ['parties']),
] as const;

export type PartyEvent = EventOf<(typeof PARTY_EVENTS)[number]>;
export type RecordedPartyEvent = RecordedEventOf<(typeof PARTY_EVENTS)[number]>;
