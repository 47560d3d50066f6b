import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = resolve(import.meta.dirname, '../../..');
/** `docker compose`, or what stands for it; it reads the files and needs no engine for that. */
const [program, ...first] = (process.env['COMPOSE'] ?? 'docker compose').split(' ') as [string, ...string[]];
const compose = (args: string, env: Record<string, string> = {}) =>
  spawnSync(program, [...first, ...args.split(' ')], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
const there = compose('version').status === 0;

(there ? describe : describe.skip)(`the compose files${there ? '' : ' (skipped: no docker compose)'}`, () => {
  test.each(['embedded', 'eventstoredb', 'cluster'])('profile %s is one', (profile) => {
    const { status, stdout, stderr } = compose(`--profile ${profile} config`);
    expect([status, stderr]).toEqual([0, '']);
    const images = [...stdout.matchAll(/image: (\S+)/g)].map(([, image]) => image);
    expect(images.filter((image) => image !== 'countersign' && !/:\d+\.\d+\.\d+\S*$/.test(image ?? ''))).toEqual([]);
  });

  const secure = '-f docker-compose.yml -f docker-compose.secure.yml --profile cluster config';
  const given = {
    CERTIFICATES: '/certificates',
    ADMIN_PASSWORD: 'one',
    OPS_PASSWORD: 'two',
    ORIGIN: 'ledger.example/log',
    COUNTERSIGN_STORE: 'esdb://ledger:three@eventstoredb-1:2113',
  };
  test.each(Object.keys(given))('the secure variant has no default for %s', (name) => {
    const { status, stderr } = compose(
      secure,
      Object.fromEntries(Object.entries(given).filter(([key]) => key !== name)),
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain(name);
  });
  test('and turns on TLS in each node, and the operational mode in each server', () => {
    const { status, stdout } = compose(secure, given);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/EVENTSTORE_INSECURE: ["']?true/);
    expect(stdout).not.toContain('tls=false');
    expect(stdout.match(/MODE: operational/g)?.length).toBeGreaterThanOrEqual(3);
  });
});
