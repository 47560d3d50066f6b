import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { RULES } from '@countersign/domain';

const source = resolve(import.meta.dirname, '../../libs/domain/src');

/** Files whose words are no rules. */
const WITHOUT_RULES = new Set([
  'rules.ts',
  'consequences.ts',
  'events.ts',
  'commands.ts',
  'facets.ts',
  'event.ts',
  'ids.ts',
]);

/** The rules that the deciders name: the first argument of `refuse`, the second of `require` and `rest`, `rule:` members. */
function named(): Set<string> {
  const rules = new Set<string>();
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/(?<!\.test)\.ts$/.test(entry.name) || WITHOUT_RULES.has(entry.name)) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const form of [
      /\brefuse\(\s*'([a-z-]+)'/g,
      /\bbar\(\s*'([a-z-]+)'/g,
      /\brule: '([a-z-]+)'/g,
      /,\s*'([a-z]+(?:-[a-z]+)+)',\s*(?:['"`]|[a-zA-Z.]+ \?|[a-zA-Z]+At\()/g,
    ])
      for (const [, rule] of text.matchAll(form)) rules.add(rule as string);
  }
  return rules;
}

test('every rule that a decider names is documented, and no other', () => {
  const rules = named();
  expect([...rules].filter((rule) => !(rule in RULES))).toEqual([]);
  expect(Object.keys(RULES).filter((rule) => !rules.has(rule))).toEqual([]);
});
