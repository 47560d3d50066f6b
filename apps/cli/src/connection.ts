import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ClientError } from './client-error.ts';

/** Where the ledger is and who asks: from options, else the environment, else the config file (design.md, decision 8). */
export interface Connection {
  readonly url: string;
  readonly token?: string;
  /** Answers are to be made with this log index at least, whichever server answers. */
  readonly atLeast?: number;
}
const DEFAULT_URL = 'http://127.0.0.1:3000';

/** `COUNTERSIGN_CONFIG`, else `countersign/config.json` in the user's config folder (XDG Base Directory). */
export const configFile = (env: NodeJS.ProcessEnv = process.env): string =>
  env['COUNTERSIGN_CONFIG'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'countersign', 'config.json');

export const withConnection = (command: Command): Command =>
  command
    .addOption(new Option('--url <url>', `where the ledger is (default: ${DEFAULT_URL})`).env('COUNTERSIGN_URL'))
    .addOption(new Option('--token <token>', 'who asks').env('COUNTERSIGN_TOKEN'))
    .addHelpText('after', `\nURL and token may also stand in a config file, {"url": …, "token": …}:\n  ${configFile()}`)
    .hook('preAction', (_, acting) => {
      const given = acting.opts<Partial<Connection>>();
      // An empty variable of the environment says nothing.
      const config = given.url && given.token ? {} : configOf(configFile());
      const url = given.url || config.url || DEFAULT_URL;
      if (!/^https?:\/\/[^/]/i.test(url) || !URL.canParse(url))
        throw new ClientError(`"${url}" is no URL of a ledger: http://… or https://…`);
      acting.setOptionValue('url', url);
      const token = given.token || config.token || undefined;
      if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
        throw new ClientError('the token has characters that no token has');
      acting.setOptionValue('token', token);
    });

/** `--at-least`: a log index that a receipt or the header `Position` named. */
export const atLeastOption = (): Option =>
  new Option('--at-least <index>', 'of a log index: wait, up to 5 s, until the server that answers has it').argParser(
    (text) => {
      if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a log index like 521');
      return Number(text);
    },
  );

/** @throws ClientError that names the file, if it is there and is not of its form */
function configOf(file: string): Partial<Connection> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ClientError(`the config file ${file} cannot be read: ${(error as Error).message}`);
  }
  const wrong = (what: string) => new ClientError(`the config file ${file} ${what}`);
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw wrong('is not JSON');
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw wrong('is not a JSON object');
  for (const [name, value] of Object.entries(config)) {
    if (name !== 'url' && name !== 'token') throw wrong(`has "${name}": it has "url" and "token"`);
    if (typeof value !== 'string') throw wrong(`has a "${name}" that is no text`);
  }
  return config;
}
