import { Type, type Static, type TObject, type TProperties } from 'typebox';
import type { NewEvent, Recorded, Refs } from './event.ts';

/**
 * The definition of an event type, version 1: what its `data` holds beside `refs` and `personal`, and which refs an
 * entry of it must carry (formats.md, Entry). Validated when written and when read.
 */
export interface EventDefinition<T extends string = string, S extends TObject = TObject> {
  readonly type: T;
  readonly schema: S;
  readonly requires: readonly (keyof Refs)[];
}

export function event<const T extends string, P extends TProperties>(
  type: T,
  properties: P,
  requires: readonly (keyof Refs)[],
): EventDefinition<T, TObject<P>> {
  return { type, schema: Type.Object(properties, { additionalProperties: false }), requires };
}

/** The event that a definition describes, as a decider returns it. */
export type EventOf<D> = D extends EventDefinition<infer T, infer S> ? NewEvent<T, Static<S>> : never;
/** The same as `evolve` reads it. */
export type RecordedEventOf<D> = D extends EventDefinition<infer T, infer S> ? Recorded<T, Static<S>> : never;

export const IdText = Type.String({ pattern: '^[A-Za-z0-9._-]{1,128}$' });
export const IdTexts = Type.Array(IdText);
/** Human text: never empty, bounded so that an entry stays below 65,535 bytes. */
export const Text = Type.String({ minLength: 1, maxLength: 4000 });
export const Name = Type.String({ minLength: 1, maxLength: 200 });
/** ISO 3166-1 alpha-2. */
export const Country = Type.String({ pattern: '^[A-Z]{2}$', format: 'iso-3166-1-alpha-2' });
export const Countries = Type.Array(Country);
/** RFC 3339, UTC, milliseconds. */
export const Time = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' });
/** A calendar day, UTC. */
export const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
/** SHA-256, lowercase hexadecimal. */
export const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
/** A decimal number as text, so that no digit is lost. */
export const Decimal = Type.String({ pattern: '^-?(0|[1-9]\\d{0,29})(\\.\\d{1,30})?$' });
/** An amount of money: minor units, ISO 4217. */
export const Money = Type.Object(
  { amount: Type.String({ pattern: '^(0|[1-9]\\d{0,29})$' }), currency: Type.String({ pattern: '^[A-Z]{3}$' }) },
  { additionalProperties: false },
);
export type Money = Static<typeof Money>;

/** From when (inclusive) until when (exclusive) something is valid. */
export const Period = Type.Object({ from: Time, until: Time }, { additionalProperties: false });
export type Period = Static<typeof Period>;

/** One of the given words. */
export const oneOf = <const V extends string>(...values: readonly V[]) => Type.Unsafe<V>({ enum: [...values] });

export const Modality = oneOf('weights', 'api');
export type Modality = Static<typeof Modality>;
export const Unit = oneOf('sessions', 'hours', 'calls', 'tokens');
export const Quantity = Type.Object(
  { unit: Unit, amount: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false },
);
export type Quantity = Static<typeof Quantity>;
