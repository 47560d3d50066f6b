import { hash } from 'node:crypto';

/**
 * The namespace of every id that is derived (RFC 9562 §5.5): ids follow from the command, so that a retry is
 * recognised in either store, on any process, after any crash (formats.md, Entry).
 */
export const NAMESPACE = '6f1c2a58-4a0e-5d0b-9a3c-0c6f5c9f7e11';

/** UUIDv5 (RFC 9562 §5.5): by Node's one-shot SHA-1, in one buffer, since every command needs several. */
let input = Buffer.alloc(512);
function uuidv5(name: string, namespace: string): string {
  const length = 16 + Buffer.byteLength(name);
  if (length > input.length) input = Buffer.alloc(2 * length);
  input.write(namespace.replaceAll('-', ''), 'hex');
  input.write(name, 16);
  const hex = hash('sha1', input.subarray(0, length), 'hex');
  const variant = ((parseInt(hex[16] as string, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Of a party's command: its idempotency key is its own, so two parties never collide. */
export const commandIdOf = (party: string, idempotencyKey: string): string =>
  uuidv5(JSON.stringify([party, idempotencyKey]), NAMESPACE);

/** Of what a rule makes follow: the causing event, the rule, and the stream that it acts on. */
export const systemCommandIdOf = (cause: string, rule: string, stream: string): string =>
  uuidv5(JSON.stringify(['system', cause, rule, stream]), NAMESPACE);

/** Asked for several times while one command is carried out, so the last one is kept. */
export function eventIdOf(commandId: string, n: number): string {
  if (commandId !== last.commandId || n !== last.n) last = { commandId, n, id: uuidv5(`event ${n}`, commandId) };
  return last.id;
}
let last = { commandId: '', n: 0, id: '' };

/** The id of a stream that a command begins and gives no name. */
export const streamIdOf = (category: string, commandId: string): string =>
  `${category}-${uuidv5(`stream ${category}`, commandId)}`;
