import { Type, type Static } from 'typebox';
import {
  Countries,
  Country,
  event,
  IdText,
  IdTexts,
  Modality,
  Name,
  oneOf,
  Period,
  Text,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

const closed = { additionalProperties: false };
const ABOUT = [
  'ally',
  'partner',
  'parties',
  'instrument',
  'authorisation',
  'grant',
  'modelFamily',
  'modelVersion',
] as const;

/** An item of the authorisation, how much of it in the item's unit, and for which model versions. */
export const GrantItem = Type.Object(
  { item: IdText, amount: Type.Integer({ minimum: 1 }), versions: Type.Array(IdText, { minItems: 1 }) },
  closed,
);
export const GrantScope = Type.Object(
  {
    authorisation: IdText,
    items: Type.Array(GrantItem, { minItems: 1 }),
    testers: IdTexts,
    facilities: IdTexts,
    /** Countries where sessions may take place. */
    places: Countries,
    endUses: Type.Array(Name, { minItems: 1 }),
    period: Period,
    /** The testing criteria; the version in force when a session opens applies to it. */
    criteriaSet: IdText,
  },
  closed,
);
export type GrantScope = Static<typeof GrantScope>;

/** What a cause is about, and the event that brought it. */
export const Cause = Type.Object({ key: Text, event: IdText }, closed);

/** What a session rests on: the id of the event that made each thing so, at its log position (R10). */
export const Basis = Type.Record(Text, IdText);
export const Assessment = Type.Object(
  {
    tester: IdText,
    policy: oneOf('ear-most-recent', 'itar-all-held'),
    /** The event that set the policy, and the one that states the tester's nationality. */
    policyBy: IdText,
    statusesBy: IdText,
    outcome: oneOf('release', 'no-release'),
    /** The country or countries that it came to, plain so that they can be counted; none without a release. */
    countries: Countries,
  },
  closed,
);
export const AuthorisedSession = Type.Object(
  {
    session: IdText,
    modelVersion: IdText,
    modality: Modality,
    item: IdText,
    /** What it takes of the item's quantity, in its unit. */
    reserved: Type.Integer({ minimum: 0 }),
    testers: Type.Array(IdText, { minItems: 1 }),
    facility: Type.Optional(IdText),
    place: Country,
    endUse: Name,
    criteria: Type.Object({ set: IdText, version: IdText, by: IdText }, closed),
    basis: Basis,
    assessments: Type.Array(Assessment),
  },
  closed,
);
export type AuthorisedSession = Static<typeof AuthorisedSession>;

export const GRANT_EVENTS = [
  /** `party`: the partner's; `authority`: its ally's; `developer`: of the models. The latter two approve. */
  event(
    'GrantRequested',
    { partner: IdText, party: IdText, authority: IdText, developer: IdText, scope: GrantScope },
    ABOUT,
  ),
  /** `of`: the grant itself, or the amendment on the table. */
  event('GrantApproved', { as: oneOf('developer', 'allied-authority'), of: oneOf('grant', 'amendment') }, ABOUT),
  event('GrantRefused', { of: oneOf('grant', 'amendment'), reason: Text }, ABOUT),
  event('GrantActivated', {}, ABOUT),
  event('GrantAmendmentRequested', { scope: GrantScope }, ABOUT),
  event('GrantAmended', { scope: GrantScope }, ABOUT),
  /** Decides that a session may open, and uses the quota; `personal` holds the inputs of each assessment. */
  event('SessionAuthorised', AuthorisedSession.properties, [...ABOUT, 'session', 'testers', 'liability']),
  event('SessionQuotaReturned', { session: IdText, item: IdText, amount: Type.Integer({ minimum: 0 }) }, [
    ...ABOUT,
    'session',
    'testers',
  ]),
  event('GrantSuspended', { causes: Type.Array(Cause, { minItems: 1 }), reason: Text }, ABOUT),
  /** Causes that were lifted; the grant stays suspended while any is left. */
  event('GrantReinstated', { lifted: Type.Array(Cause, { minItems: 1 }), reason: Text }, ABOUT),
  event('GrantRevoked', { reason: Text }, ABOUT),
  event('GrantExpired', {}, ABOUT),
] as const;

export type GrantEvent = EventOf<(typeof GRANT_EVENTS)[number]>;
export type RecordedGrantEvent = RecordedEventOf<(typeof GRANT_EVENTS)[number]>;
