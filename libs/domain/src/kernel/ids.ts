/**
 * Identifiers are opaque strings, branded so that one kind cannot stand where another is meant.
 * Form: `[A-Za-z0-9._-]+`, so that every id can be part of a facet name (`docs/formats`, facet ids).
 */
declare const brand: unique symbol;
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type PartyId = Id<'party'>;
export type TesterId = Id<'tester'>;
export type ModelFamilyId = Id<'model-family'>;
export type ModelVersionId = Id<'model-version'>;
export type InstrumentId = Id<'instrument'>;
export type CriteriaSetId = Id<'criteria'>;
export type AuthorisationId = Id<'authorisation'>;
export type GrantId = Id<'grant'>;
export type SessionId = Id<'session'>;
export type LiabilityId = Id<'liability'>;
export type AuditId = Id<'audit'>;
/** CloudEvents `id` of an entry: a UUIDv5 of the command's id and the event's number in it. */
export type EventId = Id<'event'>;

const ID = /^[A-Za-z0-9._-]{1,128}$/;
export const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);
