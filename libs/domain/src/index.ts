export * from './kernel/index.ts';
export * from './contexts.ts';
export * from './facets.ts';
export { criteriaInForceAt, type CriteriaState } from './criteria/index.ts';
export { LEDGER_STREAM, POLICY_PARAMETERS, type CustodyState } from './custody/index.ts';
export { annexEntryAt, instrumentAt, type InstrumentState } from './instrument/index.ts';
export { modelVersionAt, type ModelState } from './model/index.ts';
export { partnerAt, type PartnerState } from './partner/index.ts';
export { partyAt, type PartyState } from './party/index.ts';
export {
  assessRelease,
  parseStatuses,
  type PersonStatuses,
  type ReleaseAssessment,
  type ReleasePolicy,
} from './release/index.ts';
export { testerAt, type TesterState } from './tester/index.ts';
