import type { Type } from '@nestjs/common';
import { COMMANDS, type CommandDefinition } from '@countersign/domain';
import { bodyClassOf } from './body-class.ts';
import type { CommandBody } from './body.ts';

export interface CommandRoute {
  readonly definition: CommandDefinition;
  /** Below `/v1`. */
  readonly path: string;
  readonly body: Type<CommandBody>;
}

/** Where a context's streams are found, in the plural. */
const COLLECTIONS: Readonly<Record<string, string>> = {
  custody: 'custody',
  party: 'parties',
  model: 'models',
  instrument: 'instruments',
  criteria: 'criteria',
  partner: 'partners',
  tester: 'testers',
  authorisation: 'authorisations',
  grant: 'grants',
  session: 'sessions',
  liability: 'liabilities',
  evidence: 'evidence',
  audit: 'audits',
};
/** `SuspendParty` → `suspend-party`. */
const kebab = (name: string) => name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();

/** Their bodies are not their payloads: they have a controller of their own. */
const BY_HAND: ReadonlySet<string> = new Set(['ReceiveEvidence', 'LinkEvidence']);

/** One route for each command that parties give: `POST /v1/parties`, `POST /v1/parties/{id}/suspend-party`. */
export const COMMAND_ROUTES: readonly CommandRoute[] = COMMANDS.filter(
  ({ type, roles }) => !BY_HAND.has(type) && roles.some((role) => role !== 'system'),
).map((definition) => {
  const { type, category, creates, schema } = definition;
  const collection = COLLECTIONS[category];
  if (collection === undefined) throw new Error(`${type} has no route`);
  return {
    definition,
    body: bodyClassOf(type, schema, creates),
    path: creates ? collection : `${collection}/:id/${kebab(type)}`,
  };
});
