import { Type } from 'typebox';
import {
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

const ABOUT = ['ally', 'partner', 'parties', 'grant', 'session'] as const;
export const Misfit = Type.Object({ rule: Name, detail: Text }, { additionalProperties: false });
export const Reported = {
  grant: IdText,
  modelVersion: IdText,
  modality: Modality,
  testers: IdTexts,
  place: Type.String({ pattern: '^[A-Z]{2}$', format: 'iso-3166-1-alpha-2' }),
  endUse: Name,
  startedAt: Time,
  endedAt: Type.Optional(Time),
};

export const SESSION_EVENTS = [
  /** Follows `SessionAuthorised`, whose decision it carries out. */
  event('SessionOpened', { grant: IdText, party: IdText, authorised: IdText, ...AuthorisedSession.properties }, [
    ...ABOUT,
    'testers',
    'modelVersion',
  ]),
  /** After the fact: judged against the authority at the time, never refused; `misfits` is what did not fit (R14). */
  event('SessionReported', { ...Reported, party: IdText, misfits: Type.Array(Misfit) }, ABOUT),
  event(
    'CriterionOutcomeRecorded',
    {
      criterion: IdText,
      outcome: oneOf('met', 'not-met', 'inconclusive', 'not-applicable'),
      value: Type.Optional(Decimal),
    },
    ABOUT,
  ),
  event(
    'TestFindingRecorded',
    { finding: IdText, severity: oneOf('low', 'medium', 'high', 'critical'), description: Text },
    ABOUT,
  ),
  /** `cause`: the event that ended what the session rests on. */
  event('SessionTerminationOrdered', { cause: IdText, reason: Text }, ABOUT),
  event('SessionTerminated', { lastCallAt: Type.Optional(Time) }, ABOUT),
  event('SessionCompleted', {}, ABOUT),
  event('SessionCancelled', { reason: Type.Optional(Text) }, ABOUT),
  event('SessionFailed', { reason: Text }, ABOUT),
  /** Authorised after its basis had ended in log order (R13). */
  event('SessionVoided', { cause: IdText, reason: Text }, ABOUT),
  /** Calls of the model, from a gateway log. */
  event(
    'ActivityReported',
    { calls: Type.Integer({ minimum: 0 }), firstAt: Time, lastAt: Time, tokens: Type.Integer({ minimum: 0 }) },
    ABOUT,
  ),
] as const;

export type SessionEvent = EventOf<(typeof SESSION_EVENTS)[number]>;
export type RecordedSessionEvent = RecordedEventOf<(typeof SESSION_EVENTS)[number]>;
