import { Type, type Static } from 'typebox';
import {
  Countries,
  event,
  IdText,
  IdTexts,
  Modality,
  Name,
  oneOf,
  Period,
  Quantity,
  Text,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

const closed = { additionalProperties: false };
const ABOUT = ['ally', 'partner', 'parties', 'modelFamily', 'instrument', 'authorisation'] as const;

/** One thing that may be released: a family by a modality, how much, and to persons of which countries. */
export const AuthorisedItem = Type.Object(
  {
    item: IdText,
    family: IdText,
    modality: Modality,
    quantity: Quantity,
    /** Countries of persons, by the release assessment. */
    countries: Type.Union([Type.Literal('all'), Countries]),
  },
  closed,
);
export type AuthorisedItem = Static<typeof AuthorisedItem>;

export const AuthorisationScope = Type.Object(
  {
    items: Type.Array(AuthorisedItem, { minItems: 1 }),
    facilities: Type.Union([Type.Literal('all'), IdTexts]),
    /** Countries of the places where it may be used. */
    destinations: Type.Union([Type.Literal('all'), Countries]),
    endUses: Type.Array(Name, { minItems: 1 }),
    period: Period,
  },
  closed,
);
export type AuthorisationScope = Static<typeof AuthorisationScope>;

/** `reporting`: a report for each month from `firstPeriod` (YYYY-MM) on, due on this day of the month after. */
export const Condition = Type.Object(
  {
    condition: IdText,
    text: Text,
    reporting: Type.Optional(
      Type.Object(
        {
          dueDay: Type.Integer({ minimum: 1, maximum: 28 }),
          firstPeriod: Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' }),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type Condition = Static<typeof Condition>;

export const Month = Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$' });
export const RevokedItems = Type.Array(IdText, { minItems: 1 });
export const Reserved = Type.Array(Type.Object({ item: IdText, amount: Type.Integer({ minimum: 0 }) }, closed));

export const AUTHORISATION_EVENTS = [
  event(
    'AuthorisationApplied',
    { partner: IdText, instrument: IdText, reference: Name, scope: AuthorisationScope },
    ABOUT,
  ),
  event('ApplicationReferred', { agency: Name }, ABOUT),
  event('ApplicationHeld', { reason: Text }, ABOUT),
  event(
    'AgencyPositionRecorded',
    { agency: Name, position: oneOf('approve', 'approve-with-conditions', 'deny', 'no-position') },
    ABOUT,
  ),
  event('IntentToDenyIssued', { reason: Text }, ABOUT),
  event('ApplicationReturnedWithoutAction', { reason: Text }, ABOUT),
  event('AuthorisationDenied', { reason: Text }, ABOUT),
  event(
    'AuthorisationIssued',
    {
      kind: oneOf('individual-licence', 'exception', 'annex-listing'),
      holder: IdText,
      partner: IdText,
      instrument: IdText,
      annexEntry: Type.Optional(IdText),
      reference: Name,
      scope: AuthorisationScope,
      conditions: Type.Array(Condition),
    },
    ABOUT,
  ),
  event('ConditionsCommunicated', {}, ABOUT),
  event('ConditionsAcknowledged', {}, ABOUT),
  event('ConditionReported', { condition: IdText, period: Month }, ABOUT),
  event('ConditionOverdue', { condition: IdText, period: Month }, ABOUT),
  /** Reserves a grant's whole quantity, item by item. */
  event('AuthorisationDecremented', { grant: IdText, items: Reserved }, [...ABOUT, 'grant']),
  /** The unused rest, when the grant ends or its activation fails. */
  event('AuthorisationReplenished', { grant: IdText, items: Reserved }, [...ABOUT, 'grant']),
  event('AuthorisationSuperseded', { successor: IdText }, ABOUT),
  event('AuthorisationAmended', { scope: AuthorisationScope, reason: Text }, ABOUT),
  event('AuthorisationSuspended', { reason: Text }, ABOUT),
  event('AuthorisationReinstated', { reason: Text }, ABOUT),
  /** In whole, or some items; the last item ends it. */
  event('AuthorisationRevoked', { items: Type.Optional(RevokedItems), reason: Text }, ABOUT),
  event('AuthorisationExpired', {}, ABOUT),
] as const;

export type AuthorisationEvent = EventOf<(typeof AUTHORISATION_EVENTS)[number]>;
export type RecordedAuthorisationEvent = RecordedEventOf<(typeof AUTHORISATION_EVENTS)[number]>;
