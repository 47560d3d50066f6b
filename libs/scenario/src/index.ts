export { STORY, STORY_BEGINS } from './story.ts';
export type { Step } from './story/step.ts';
export { logFile } from './story/evidence.ts';
export {
  AUDIT,
  authorisation,
  authority,
  grant,
  HALYARD,
  HALYARD_5_0,
  liability,
  partner,
  partnerParty,
  ROLES,
  SEXTANT,
  SEXTANT_5_0,
  TESTING,
} from './story/cast.ts';
