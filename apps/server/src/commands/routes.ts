import type { Type } from '@nestjs/common';
import { COMMANDS, type CommandDefinition } from '@countersign/domain';
import type { CommandBody } from './body.ts';
import * as custody from './custody.ts';
import * as party from './party.ts';

export interface CommandRoute {
  readonly definition: CommandDefinition;
  /** Below `/v1`. */
  readonly path: string;
  readonly body: Type<CommandBody>;
}

/** Where a context's streams are found, in the plural. */
const COLLECTIONS: Readonly<Record<string, string>> = { custody: 'custody', party: 'parties' };
/** `SuspendParty` → `suspend-party`. */
const kebab = (name: string) => name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();

const BODIES: Readonly<Record<string, Type<CommandBody>>> = { ...custody, ...party };

/** One route for each command of the domain: `POST /v1/parties`, `POST /v1/parties/{id}/suspend-party`. */
export const COMMAND_ROUTES: readonly CommandRoute[] = COMMANDS.map((definition) => {
  const { type, category, creates } = definition;
  const collection = COLLECTIONS[category];
  const body = BODIES[type];
  if (collection === undefined || body === undefined) throw new Error(`${type} has no route or no body`);
  return { definition, body, path: creates ? collection : `${collection}/:id/${kebab(type)}` };
});
