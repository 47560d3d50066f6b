export * from './kernel/index.ts';
export * from './contexts.ts';
export * from './facets.ts';
export { criteriaInForceAt, type CriteriaState } from './criteria/index.ts';
export { LEDGER_STREAM, POLICY_PARAMETERS, type CustodyState, type Seal } from './custody/index.ts';
export { annexEntryAt, instrumentAt, type InstrumentState } from './instrument/index.ts';
export { modelVersionAt, type ModelState } from './model/index.ts';
export { partnerAt, partnerOfParty, type PartnerState } from './partner/index.ts';
export { partyAt, type PartyState } from './party/index.ts';
export {
  assessRelease,
  parseStatuses,
  type PersonStatuses,
  type ReleaseAssessment,
  type ReleasePolicy,
} from './release/index.ts';
export { testerAt, type TesterState } from './tester/index.ts';
export { authorise, type AccessRequest, type Deny, type Permit } from './authorise.ts';
export { authorisationAt, isIssued, leftOf, type AuthorisationState } from './authorisation/index.ts';
export { keyOf as denialKeyOf, SAME_REFUSAL_MS, type DenialState } from './denial/index.ts';
export { grantAt, quotaLeft, usedOf, type GrantState } from './grant/index.ts';
export {
  bearers,
  liabilityAt,
  liabilityLifeAt,
  versionAt,
  type LiabilityState,
  type LiabilityTerms,
} from './liability/index.ts';
export {
  consequences,
  isOwed,
  mayHaveConsequences,
  owedAt,
  scopeOf,
  type Consequence,
  type Scope,
} from './process/index.ts';
export type { SessionState } from './session/index.ts';
export type { DomainView, States } from './states.ts';
export { RULES, type RuleDescription } from './rules.ts';
export type { AuditState } from './audit/index.ts';
export {
  attributeCalls,
  effectOn,
  evidenceIdOf,
  runKeyOf,
  type EvidenceState,
  type LogSummary,
  type Sample,
} from './evidence/index.ts';
