import { RULES } from '@countersign/domain';

const MODALITIES: Readonly<Record<string, string>> = { api: 'API', weights: 'Weights' };
export const modalityWord = (modality: string): string => MODALITIES[modality] ?? modality;

const KINDS: Readonly<Record<string, string>> = {
  instrument: 'Control instruments',
  'annex entry': 'Annex entries',
  criteria: 'Criteria sets',
  admission: 'Admissions of trusted partners',
  authorisation: 'Authorisations',
  grant: 'Grants',
  liability: 'Liability assignments',
};
export const kindWord = (kind: string): string => KINDS[kind] ?? kind;

/** A rule in plain words, as the API documents it. */
export const ruleWords = (rule: string): string => RULES[rule]?.title ?? rule;

/** How outcomes of criteria are counted, in this order. */
const OUTCOMES = [
  ['met', 'met'],
  ['not-met', 'not met'],
  ['inconclusive', 'inconclusive'],
  ['not-applicable', 'not applicable'],
] as const;

/** `10 met, 2 not met`; says so if none was recorded. */
export function outcomesWord(outcomes: readonly string[]): string {
  const counted = OUTCOMES.map(
    ([outcome, word]) => [outcomes.filter((each) => each === outcome).length, word] as const,
  ).filter(([count]) => count > 0);
  return counted.length === 0 ? 'no outcome recorded' : counted.map(([count, word]) => `${count} ${word}`).join(', ');
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;

/** `2026-09-02 03:14`, UTC; with seconds where they matter. */
export const minute = (time: string | number): string => {
  const text = typeof time === 'number' ? new Date(time).toISOString() : time;
  return `${text.slice(0, 10)} ${text.slice(11, 16)}`;
};
export const second = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
