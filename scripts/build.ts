/**
 * Compiles every package's `src` to its `dist`, file by file with swc: no bundling, so that a stack trace and a
 * source map name the file that was written. Tests stay out; what no source makes any more is removed.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { transformFile, type Options } from '@swc/core';

const root = resolve(import.meta.dirname, '..');

/** Packages with a build of their own (the console's is Vite's). */
const OTHERS = new Set(['apps/console']);

// The typed options lag behind the compiler: `rewriteRelativeImportExtensions` is not in them yet.
const options: Options & { jsc: { rewriteRelativeImportExtensions: boolean } } = {
  swcrc: false,
  configFile: false,
  sourceMaps: true,
  module: { type: 'es6' },
  jsc: {
    target: 'es2024',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    rewriteRelativeImportExtensions: true,
    keepClassNames: true,
  },
};

const isDirectory = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

const packages = ['libs', 'apps']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
  .filter((name) => !OTHERS.has(name) && isDirectory(join(root, name, 'src')));

async function build(name: string): Promise<number> {
  const source = join(root, name, 'src');
  const target = join(root, name, 'dist');
  const files = (await readdir(source, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(source, join(entry.parentPath, entry.name)))
    .filter((file) => !/\.test\.tsx?$/.test(file) && !file.endsWith('.d.ts') && !file.includes('fixtures/'));
  const written = new Set<string>();

  await Promise.all(
    files.map(async (file) => {
      const from = join(source, file);
      if (!file.endsWith('.ts')) {
        await mkdir(dirname(join(target, file)), { recursive: true });
        await copyFile(from, join(target, file));
        written.add(file);
        return;
      }
      const out = file.replace(/\.ts$/, '.js');
      const to = join(target, out);
      const { code, map } = await transformFile(from, {
        ...options,
        filename: from,
        sourceFileName: relative(dirname(to), from),
      });
      await mkdir(dirname(to), { recursive: true });
      await writeFile(to, `${code}//# sourceMappingURL=${out.split('/').at(-1)}.map\n`);
      await writeFile(`${to}.map`, map ?? '');
      written.add(out).add(`${out}.map`);
    }),
  );

  if (isDirectory(target)) {
    for (const entry of readdirSync(target, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !written.has(relative(target, path))) rmSync(path);
    }
  }
  return files.length;
}

const started = performance.now();
const counts = await Promise.all(packages.map(build));
const total = counts.reduce((sum, count) => sum + count, 0);
console.log(`built ${total} files of ${packages.length} packages in ${Math.round(performance.now() - started)} ms`);
