import { hash } from 'node:crypto';
import { parse, stringify } from 'uuid';

/**
 * The namespace of every id that is derived (RFC 9562 §5.5): ids follow from the command, so that a retry is
 * recognised in either store, on any process, after any crash (formats.md, Entry).
 */
export const NAMESPACE = '6f1c2a58-4a0e-5d0b-9a3c-0c6f5c9f7e11';

/** UUIDv5 (RFC 9562 §5.5): by Node's one-shot SHA-1, which every command needs several times. */
function uuidv5(name: string, namespace: string): string {
  const bytes = Buffer.from(
    hash('sha1', Buffer.concat([Buffer.from(parse(namespace)), Buffer.from(name)]), 'latin1'),
    'latin1',
  );
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return stringify(bytes);
}

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
