import type { Refs } from './kernel/index.ts';

const KINDS: readonly (readonly [keyof Refs, string])[] = [
  ['ally', 'ally'],
  ['parties', 'party'],
  ['partner', 'partner'],
  ['modelFamily', 'model'],
  ['modelVersion', 'model-version'],
  ['instrument', 'instrument'],
  ['authorisation', 'authorisation'],
  ['grant', 'grant'],
  ['testers', 'tester'],
  ['session', 'session'],
  ['audit', 'audit'],
  ['liability', 'liability'],
  ['claim', 'claim'],
];
const WHO = new Set(['ally', 'partner', 'party']);
const WHAT = new Set(['model', 'model-version', 'instrument']);

/** SHA-256 of `docs/formats/facets-v1.md`, which defines this function: entry 0 names it so. */
export const FACET_FUNCTION = '53b8069f2b9d2b7c85411b15312c57c35633e2df433178ba5191afa54509b6c7';

/**
 * The facets of an entry (formats.md, *Facets and the facet index*, 1): read from its whole `type` and its refs only,
 * sorted, without duplicates. ASCII names `kind:id`, and pairs `a|b` of who and what.
 */
export function facets(type: string, refs: Refs): readonly string[] {
  const names = KINDS.flatMap(([ref, kind]) => (refs[ref] ?? []).map((id) => ({ kind, name: `${kind}:${id}` })));
  const who = names.filter(({ kind }) => WHO.has(kind));
  const what = names.filter(({ kind }) => WHAT.has(kind));
  const pairs = who.flatMap((a) => what.map((b) => `${a.name}|${b.name}`));
  return [...new Set(['all', `type:${type}`, ...names.map(({ name }) => name), ...pairs])].sort();
}
