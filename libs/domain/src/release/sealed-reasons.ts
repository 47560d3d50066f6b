import type { PersonalData, Refusal } from '../kernel/index.ts';

/** Rules whose detail names the status of a person. */
const NAMES_A_STATUS: ReadonlySet<string> = new Set([
  'release-not-permitted',
  'release-undecided',
  'nationality-unknown',
]);

/**
 * Reasons as an entry may hold them: rule names stay plain, details that name a person's status leave as personal data
 * of that person, to be sealed (domain.md, Personal data).
 */
export function sealReasons(
  reasons: readonly Refusal[],
  testers: readonly string[],
): { readonly reasons: { rule: string; detail: string }[]; readonly personal: readonly PersonalData[] } {
  const sealed = reasons.filter(({ rule }) => NAMES_A_STATUS.has(rule));
  return {
    reasons: reasons.map(({ rule, detail }) =>
      NAMES_A_STATUS.has(rule) ? { rule, detail: 'sealed: it names the status of a person' } : { rule, detail },
    ),
    personal: testers
      .map((person) => ({
        person,
        fields: {
          details: sealed.filter(({ detail }) => detail.startsWith(`${person}:`) || detail.startsWith(`${person} `)),
        },
      }))
      .filter(({ fields }) => fields.details.length > 0),
  };
}
