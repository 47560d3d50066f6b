import { Type, type Static } from 'typebox';
import {
  Day,
  event,
  IdText,
  IdTexts,
  oneOf,
  Period,
  Text,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';

const closed = { additionalProperties: false };
const ABOUT = ['audit', 'ally', 'partner', 'parties', 'authorisation', 'grant'] as const;

/** What is looked at: grants with all their sessions in the period, or the sessions that are named. */
export const AuditScope = Type.Object({ grants: Type.Array(IdText, { minItems: 1 }), sessions: IdTexts }, closed);
export type AuditScope = Static<typeof AuditScope>;

/** The criterion that a condition is held against: of a version of a criteria set. */
export const CriterionRef = Type.Object({ set: IdText, version: IdText, criterion: IdText }, closed);
/** What a finding consists of; it can be raised before all of it is known, and is graded only after. */
export const FindingParts = {
  sessions: IdTexts,
  condition: Text,
  criterion: Type.Optional(CriterionRef),
  cause: Type.Optional(Text),
  effect: Type.Optional(Text),
  recommendation: Type.Optional(Text),
};
export const Conclusion = oneOf('unmodified', 'qualified', 'adverse', 'disclaimer');

export const AUDIT_EVENTS = [
  /** `criteria`: the audit criteria in force when it was engaged. */
  event(
    'AuditEngaged',
    {
      auditor: IdText,
      scope: AuditScope,
      /** Every party whose doings are in scope. */
      parties: IdTexts,
      period: Period,
      criteria: Type.Object({ set: IdText, version: IdText }, closed),
      assurance: oneOf('limited', 'reasonable'),
    },
    ABOUT,
  ),
  event('IndependenceDeclared', { statement: Text }, ABOUT),
  event('AuditorRecused', { reason: Text }, ABOUT),
  /** What the auditor looked at, as it stood at a log position. */
  event(
    'AuditEvidencePinned',
    { position: Type.Integer({ minimum: 0 }), subject: IdText, note: Type.Optional(Text) },
    ABOUT,
  ),
  /** The same finding again completes it, until it is graded. */
  event('AuditFindingRaised', { finding: IdText, ...FindingParts }, ABOUT),
  event(
    'AuditFindingGraded',
    {
      finding: IdText,
      grade: oneOf('major', 'minor', 'observation'),
      material: Type.Boolean(),
      pervasive: Type.Boolean(),
    },
    ABOUT,
  ),
  event('ManagementResponseRecorded', { finding: IdText, agrees: Type.Boolean(), response: Text }, ABOUT),
  event('CorrectiveActionCommitted', { finding: IdText, action: IdText, description: Text, due: Day }, ABOUT),
  event('CorrectiveActionVerified', { finding: IdText, action: IdText, shownBy: Text }, ABOUT),
  event('AuditFindingClosed', { finding: IdText, reason: Text }, ABOUT),
  event(
    'AuditConclusionIssued',
    { conclusion: Conclusion, grounds: Text, scopeLimitation: Type.Optional(Text), openFindings: IdTexts },
    ABOUT,
  ),
  /** A further report; the conclusion on the period stays (R18). */
  event('AuditReportAmended', { report: Text, findings: IdTexts }, ABOUT),
] as const;

export type AuditEvent = EventOf<(typeof AUDIT_EVENTS)[number]>;
export type RecordedAuditEvent = RecordedEventOf<(typeof AUDIT_EVENTS)[number]>;
