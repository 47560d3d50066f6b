import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');
const vectors = join(root, 'test/fixtures/merkle');
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));
const folder = () => folders[folders.push(mkdtempSync(join(tmpdir(), 'vectors-'))) - 1] as string;

function run(dir: string) {
  const script = join(root, 'scripts/conformance.ts');
  const { status, stdout } = spawnSync(process.execPath, ['--conditions=development', script, 'merkle', dir], {
    encoding: 'utf8',
  });
  return { status, last: stdout.trimEnd().split('\n').at(-1), stdout };
}

test('every public vector holds', () => {
  expect(run(vectors)).toMatchObject({ status: 0, last: '131 passed, 0 failed' });
});

test('a flat folder does as well as a nested one', () => {
  const dir = folder();
  cpSync(join(vectors, 'inclusion/2/happy-path.json'), join(dir, 'a.json'));
  cpSync(join(vectors, 'consistency/2/happy-path.json'), join(dir, 'b.json'));
  expect(run(dir)).toMatchObject({ status: 0, last: '2 passed, 0 failed' });
});

test('a vector that says the contrary of what is true fails, and so does a file of another form', () => {
  const dir = folder();
  const vector = JSON.parse(readFileSync(join(vectors, 'inclusion/2/happy-path.json'), 'utf8')) as object;
  mkdirSync(join(dir, 'deep'));
  writeFileSync(join(dir, 'deep/lie.json'), JSON.stringify({ ...vector, wantErr: true }));
  writeFileSync(join(dir, 'other.json'), '{"a":1}');
  writeFileSync(join(dir, 'broken.json'), '{');
  expect(run(dir)).toMatchObject({ status: 1, last: '0 passed, 3 failed' });
});

test('an empty folder proves nothing', () => {
  expect(run(folder())).toMatchObject({ status: 1, last: '0 passed, 0 failed' });
});
