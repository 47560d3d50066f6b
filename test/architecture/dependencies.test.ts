import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly overrides?: Record<string, string>;
}
const workspaces = ['apps', 'libs'].flatMap((group) =>
  readdirSync(join(root, group)).map((name) => `${group}/${name}`),
);
const manifestOf = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest;
const packagesOf = ({ dependencies, devDependencies, overrides }: Manifest) =>
  Object.keys({ ...dependencies, ...devDependencies, ...overrides });

/** Packages that the sources of a folder import. */
function importsOf(folder: string): Set<string> {
  const found = new Set<string>();
  for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
    if (
      !entry.isFile() ||
      entry.name.includes('.test.') ||
      !/\.[cm]?[jt]s$/.test(entry.name) ||
      /\/(dist|node_modules)(\/|$)/.test(entry.parentPath)
    )
      continue;
    const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, name] of source.matchAll(/(?:from|import) '((?:@[\w.-]+\/)?[\w.-]+)(?:\/[^']*)?'/g))
      if (name !== undefined && !name.startsWith('node:') && !name.startsWith('.')) found.add(name);
  }
  return found;
}

describe('the packages of others', () => {
  test('are each in docs/dependencies.md, and none is there that is not', () => {
    const all = new Set(['.', ...workspaces].flatMap((folder) => packagesOf(manifestOf(folder))));
    const table = readFileSync(join(root, 'docs/dependencies.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const told = table.flatMap((line) =>
      [...(line.split('|')[1] as string).matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );
    expect(told.toSorted()).toEqual([...all].toSorted());
  });

  test('are installed and pruned without a script of ours: npm runs some names by itself, where tools are missing', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
    const BY_ITSELF = ['dependencies', 'install', 'preinstall', 'postinstall', 'prepare', 'preprepare', 'postprepare'];
    expect(Object.keys(scripts).filter((name) => BY_ITSELF.includes(name))).toEqual([]);
  });

  test.each(workspaces)('of %s are what it imports, and it imports no other', (folder) => {
    // Nest asks for these beside it and imports them itself.
    const BESIDE = ['rxjs', '@fastify/static'];
    const declared = Object.keys(manifestOf(folder).dependencies ?? {}).filter((name) => !BESIDE.includes(name));
    const imported = [...importsOf(`${folder}/src`)].filter((name) => !name.startsWith('@countersign/'));
    const forTests = Object.keys(manifestOf('.').devDependencies ?? {});
    expect(imported.filter((name) => !forTests.includes(name)).toSorted()).toEqual(declared.toSorted());
  });
});
