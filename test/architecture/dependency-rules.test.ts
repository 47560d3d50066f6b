import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, symlink, writeFile, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../..');

function cruise(cwd: string): Promise<{ code: number; output: string }> {
  const bin = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  return new Promise((done) => {
    execFile(
      process.execPath,
      [bin, '--config', '.dependency-cruiser.cjs', 'apps', 'libs'],
      { cwd },
      (error, out, err) => done({ code: error ? 1 : 0, output: out + err }),
    );
  });
}

describe('dependency rules', () => {
  it('hold for every app and lib', async () => {
    const { code, output } = await cruise(root);
    expect(output).toContain('no dependency violations found');
    expect(code).toBe(0);
  }, 120_000);

  it('catch a pure lib that reaches for Node', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rules-'));
    try {
      await cp(join(root, '.dependency-cruiser.cjs'), join(dir, '.dependency-cruiser.cjs'));
      await cp(join(root, 'tsconfig.json'), join(dir, 'tsconfig.json'));
      await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
      await mkdir(join(dir, 'libs/log/src'), { recursive: true });
      await mkdir(join(dir, 'apps'));
      await writeFile(
        join(dir, 'libs/log/src/bad.ts'),
        "import { readFileSync } from 'node:fs';\nreadFileSync('x');\n",
      );
      const { code, output } = await cruise(dir);
      expect(output).toContain('log-is-pure');
      expect(code).toBe(1);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 120_000);
});
