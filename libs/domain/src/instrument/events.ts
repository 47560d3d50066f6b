import { Type } from 'typebox';
import {
  Countries,
  Day,
  event,
  IdText,
  IdTexts,
  Modality,
  Name,
  oneOf,
  Text,
  Time,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';
import type { Static } from 'typebox';

const closed = { additionalProperties: false };

/** What a control instrument controls: families × acts × modalities × destinations × class of persons × time. */
export const InstrumentScope = Type.Object(
  {
    families: Type.Union([Type.Literal('all'), IdTexts]),
    acts: Type.Array(oneOf('export', 'reexport', 'transfer', 'deemed-export'), { minItems: 1 }),
    modalities: Type.Array(Modality, { minItems: 1 }),
    destinations: Type.Union([Type.Literal('all'), Countries]),
    persons: oneOf('any-foreign-person', 'foreign-national', 'foreign-entity'),
    /** From when until when it controls, where the instrument itself says so; after that it is as if lifted. */
    time: Type.Optional(Type.Object({ from: Type.Optional(Time), until: Type.Optional(Time) }, closed)),
  },
  closed,
);
export type InstrumentScope = Static<typeof InstrumentScope>;

/** What an annex frees for a listed entity: a family by a modality, for employees whose country is listed. */
export const AnnexItem = Type.Object({ family: IdText, modality: Modality, countries: Countries }, closed);
export type AnnexItem = Static<typeof AnnexItem>;

export const INSTRUMENT_EVENTS = [
  event(
    'InstrumentRecorded',
    {
      reference: Name,
      title: Name,
      kind: oneOf('rule', 'letter', 'determination', 'licence'),
      issuedOn: Day,
      scope: InstrumentScope,
    },
    ['instrument', 'parties'],
  ),
  event('AnnexEntryAdded', { entry: IdText, party: IdText, items: Type.Array(AnnexItem, { minItems: 1 }) }, [
    'instrument',
    'parties',
  ]),
  /** `under`: the instrument that takes it out, if it is another one. */
  event('AnnexEntryRemoved', { entry: IdText, reason: Text, under: Type.Optional(IdText) }, ['instrument', 'parties']),
  event('InstrumentSuperseded', { successor: IdText }, ['instrument', 'parties']),
  event('InstrumentLifted', { reason: Text }, ['instrument', 'parties']),
  /** An assertion with a source, never computed. */
  event('InstrumentLegalStatusAsserted', { status: Name, source: Text }, ['instrument', 'parties']),
] as const;

export type InstrumentEvent = EventOf<(typeof INSTRUMENT_EVENTS)[number]>;
export type RecordedInstrumentEvent = RecordedEventOf<(typeof INSTRUMENT_EVENTS)[number]>;
