import { Type } from 'typebox';
import {
  Country,
  Decimal,
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
import { AuthorisedSession } from '../grant/events.ts';

const ABOUT = ['ally', 'partner', 'parties', 'modelVersion', 'authorisation', 'grant', 'session'] as const;
export const Misfit = Type.Object({ rule: Name, detail: Text }, { additionalProperties: false });
export const Reported = {
  grant: IdText,
  modelVersion: IdText,
  modality: Modality,
  testers: IdTexts,
  place: Type.Optional(Country),
  endUse: Type.Optional(Name),
  startedAt: Time,
  endedAt: Type.Optional(Time),
};

/** Calls of the model in a session, at most 1,000: when each was. More are told in further events. */
export const Activity = {
  /** The gateway log that says so. */
  evidence: IdText,
  firstAt: Time,
  /** Milliseconds after `firstAt`, one for each call, never decreasing. */
  offsets: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 1000 }),
  tokens: Type.Integer({ minimum: 0 }),
};

export const SESSION_EVENTS = [
  /** Follows `SessionAuthorised`, whose decision it carries out. */
  event('SessionOpened', { grant: IdText, party: IdText, authorised: IdText, ...AuthorisedSession.properties }, [
    ...ABOUT,
    'modelFamily',
    'instrument',
    'liability',
    'testers',
  ]),
  /** After the fact: judged against the authority at the time, never refused; `misfits` is what did not fit (R14). */
  event(
    'SessionReported',
    {
      ...Reported,
      party: IdText,
      misfits: Type.Array(Misfit),
      /** The testing criteria that were in force when it started (R11); absent if none were. */
      criteria: Type.Optional(
        Type.Object({ set: IdText, version: IdText, by: IdText }, { additionalProperties: false }),
      ),
    },
    ABOUT,
  ),
  event(
    'CriterionOutcomeRecorded',
    {
      criterion: IdText,
      outcome: oneOf('met', 'not-met', 'inconclusive', 'not-applicable'),
      value: Type.Optional(Decimal),
      /** The evidence whose metric it follows from. */
      evidence: Type.Optional(IdText),
    },
    ABOUT,
  ),
  event(
    'TestFindingRecorded',
    { finding: IdText, severity: oneOf('low', 'medium', 'high', 'critical'), description: Text },
    ABOUT,
  ),
  /** `cause`: the event that ended what the session rests on; `effect`: from when on that counted. */
  event('SessionTerminationOrdered', { cause: IdText, reason: Text, effect: Time }, ABOUT),
  event('SessionTerminated', { lastCallAt: Type.Optional(Time) }, ABOUT),
  event('SessionCompleted', {}, ABOUT),
  event('SessionCancelled', { reason: Type.Optional(Text) }, ABOUT),
  event('SessionFailed', { reason: Text }, ABOUT),
  /** Authorised after its basis had ended in log order (R13). */
  event('SessionVoided', { cause: IdText, reason: Text }, ABOUT),
  /** Calls of the model, from a gateway log. */
  event('ActivityReported', { ...Activity, calls: Type.Integer({ minimum: 1 }), lastAt: Time }, ABOUT),
] as const;

export type SessionEvent = EventOf<(typeof SESSION_EVENTS)[number]>;
export type RecordedSessionEvent = RecordedEventOf<(typeof SESSION_EVENTS)[number]>;
