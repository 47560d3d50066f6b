import { admissions } from './story/admissions.ts';
import { audits } from './story/audit.ts';
import { authorisations } from './story/authorisations.ts';
import { cutOff } from './story/cut-off.ts';
import { founding } from './story/founding.ts';
import { approvals, grants } from './story/grants.ts';
import { liabilities } from './story/liability.ts';
import { rules } from './story/rules.ts';
import { sessions } from './story/sessions.ts';
import type { Step } from './story/step.ts';
import { testers } from './story/testers.ts';

/**
 * The story that ships with the project: synthetic, with fictional names on purpose, told in its own time through the
 * public API. Its steps in the order of the ledger's clock; those of one moment in the order of the chapters.
 */
export const STORY: readonly Step[] = [
  ...founding(),
  ...rules(),
  ...admissions(),
  ...testers(),
  ...authorisations(),
  ...grants(),
  ...liabilities(),
  ...approvals(),
  ...sessions(),
  ...cutOff(),
  ...audits(),
]
  .map((step, i) => ({ step, i }))
  .sort((a, b) => (a.step.at < b.step.at ? -1 : a.step.at > b.step.at ? 1 : a.i - b.i))
  .map(({ step }) => step);

export const STORY_BEGINS = '2026-07-03T08:00:00.000Z';
