import { v5 as uuidv5 } from 'uuid';

/**
 * The namespace of every id that is derived (RFC 9562 §5.5): ids follow from the command, so that a retry is
 * recognised in either store, on any process, after any crash (formats.md, Entry).
 */
export const NAMESPACE = '6f1c2a58-4a0e-5d0b-9a3c-0c6f5c9f7e11';

/** Of a party's command: its idempotency key is its own, so two parties never collide. */
export const commandIdOf = (party: string, idempotencyKey: string): string =>
  uuidv5(JSON.stringify([party, idempotencyKey]), NAMESPACE);

/** Of what a rule makes follow: the causing event, the rule, and the stream that it acts on. */
export const systemCommandIdOf = (cause: string, rule: string, stream: string): string =>
  uuidv5(JSON.stringify(['system', cause, rule, stream]), NAMESPACE);

export const eventIdOf = (commandId: string, n: number): string => uuidv5(`event ${n}`, commandId);

/** The id of a stream that a command begins and gives no name. */
export const streamIdOf = (category: string, commandId: string): string =>
  `${category}-${uuidv5(`stream ${category}`, commandId)}`;
