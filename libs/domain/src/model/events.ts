import { Type } from 'typebox';
import { Digest, event, IdText, Modality, Name, Text, type EventOf, type RecordedEventOf } from '../kernel/index.ts';

export const MODEL_EVENTS = [
  event('ModelFamilyRegistered', { name: Name }, ['modelFamily', 'parties']),
  /** `weightsDigest`: SHA-256 of the weights, where they leave the developer. */
  event(
    'ModelVersionReleased',
    {
      version: IdText,
      name: Name,
      modalities: Type.Array(Modality, { minItems: 1 }),
      weightsDigest: Type.Optional(Digest),
    },
    ['modelFamily', 'modelVersion', 'parties'],
  ),
  /** Under which regime and number the model is controlled, as its developer classifies it. */
  event('ModelClassified', { regime: Name, number: Name, version: Type.Optional(IdText) }, ['modelFamily', 'parties']),
  event('ModelVersionWithdrawn', { version: IdText, reason: Text }, ['modelFamily', 'modelVersion', 'parties']),
] as const;

export type ModelEvent = EventOf<(typeof MODEL_EVENTS)[number]>;
export type RecordedModelEvent = RecordedEventOf<(typeof MODEL_EVENTS)[number]>;
