import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { configFile, withConnection, type Connection } from './connection.ts';

const folder = mkdtempSync(join(tmpdir(), 'connection-'));
const file = join(folder, 'config.json');
const before = { ...process.env };
beforeEach(() => {
  for (const name of ['COUNTERSIGN_URL', 'COUNTERSIGN_TOKEN']) Reflect.deleteProperty(process.env, name);
  process.env['COUNTERSIGN_CONFIG'] = file;
});
afterAll(() => {
  process.env = before;
  rmSync(folder, { recursive: true });
});

/** What a command would connect to. */
async function connection(config: string | undefined, ...args: string[]): Promise<Connection> {
  rmSync(file, { force: true });
  if (config !== undefined) writeFileSync(file, config);
  let found: Connection | undefined;
  const command = withConnection(new Command('ask')).action((options: Connection) => {
    found = options;
  });
  await command.parseAsync(args, { from: 'user' });
  if (!found) throw new Error('it did not run');
  return found;
}

test('options go before the environment, and that before the config file; else it is this machine', async () => {
  const config = '{"url":"http://config","token":"c"}';
  expect(await connection(undefined)).toEqual({ url: 'http://127.0.0.1:3000' });
  expect(await connection(config)).toEqual({ url: 'http://config', token: 'c' });
  process.env['COUNTERSIGN_URL'] = 'http://environment';
  expect(await connection(config)).toEqual({ url: 'http://environment', token: 'c' });
  process.env['COUNTERSIGN_TOKEN'] = 'e';
  expect(await connection('not even JSON')).toEqual({ url: 'http://environment', token: 'e' });
  expect(await connection(config, '--url', 'https://option', '--token', 'o')).toEqual({
    url: 'https://option',
    token: 'o',
  });
  process.env['COUNTERSIGN_TOKEN'] = ''; // says nothing
  expect(await connection(config)).toEqual({ url: 'http://environment', token: 'c' });
});

test.each<readonly [string, string]>([
  ['{"url":', 'is not JSON'],
  ['[]', 'is not a JSON object'],
  ['{"tokn":"x"}', 'has "tokn"'],
  ['{"url":3}', 'has a "url" that is no text'],
  ['{"url":"ftp://x"}', 'is no URL of a ledger'],
  ['{"url":"http://"}', 'is no URL of a ledger'],
  ['{"token":"not one"}', 'the token has characters that no token has'],
])('a config file of %s is refused: it %s', async (config, told) => {
  await expect(connection(config)).rejects.toThrow(told);
});

test('the config file is where the user keeps such files', () => {
  expect(configFile({ XDG_CONFIG_HOME: '/x' })).toBe('/x/countersign/config.json');
  expect(configFile({ COUNTERSIGN_CONFIG: '/y.json', XDG_CONFIG_HOME: '/x' })).toBe('/y.json');
});
