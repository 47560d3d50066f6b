import { ClientError, UnreachableError } from './client-error.ts';
import type { Connection } from './connection.ts';

export { ClientError, UnreachableError } from './client-error.ts';
export { atLeastOption, withConnection, type Connection } from './connection.ts';

/** The greatest log index that a ledger answered a command of this process with, by the ledger's URL. */
const written = new Map<string, number>();

/**
 * The log index that the answer must not be behind: what was asked for, and what this process has written. Several servers
 * may answer at one URL, and the one that is asked next may be a moment behind the one that took the command.
 */
export const atLeastOf = ({ url, atLeast = -1 }: Connection): Record<string, string> => {
  const index = Math.max(atLeast, written.get(url) ?? -1);
  return index < 0 ? {} : { 'if-position-at-least': String(index) };
};

function remember({ url }: Connection, answer: Response): void {
  const position = answer.headers.get('position') ?? '';
  if (/^\d{1,15}$/.test(position)) written.set(url, Math.max(written.get(url) ?? -1, Number(position)));
}

/** @throws ClientError with the problem's own words */
export async function get(
  connection: Connection,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<unknown> {
  const url = new URL(`/v1/${path}`, connection.url);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return send(connection, url, {});
}

/** Posts a command. @throws ClientError with the problem's own words */
export const post = (connection: Connection, path: string, body: object, idempotencyKey: string): Promise<unknown> =>
  send(connection, new URL(`/v1/${path}`, connection.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `"${idempotencyKey}"` },
    body: JSON.stringify(body),
  });

/** Puts a file, streaming. @throws ClientError with the problem's own words */
export const put = (connection: Connection, path: string, body: ReadableStream, bytes: number): Promise<unknown> =>
  send(connection, new URL(`/v1/${path}`, connection.url), {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes) },
    body,
    duplex: 'half',
  });

const CUT_OFF: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET', 'UND_ERR_SOCKET']);

async function send(
  connection: Connection,
  url: URL,
  request: RequestInit & { headers?: Record<string, string>; duplex?: 'half' },
): Promise<unknown> {
  const { url: base, token } = connection;
  const headers = {
    ...atLeastOf(connection),
    ...request.headers,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  let response: Response;
  try {
    response = await fetch(url, { ...request, headers });
  } catch (error) {
    const cause = (error as { cause?: { message?: string; code?: string } }).cause;
    const message = `${base} does not answer: ${cause?.message || cause?.code || String(error)}`;
    // A server that will not have a body may cut it off: that is an answer to this file, not to all.
    throw CUT_OFF.has(cause?.code) ? new ClientError(message) : new UnreachableError(message);
  }
  remember(connection, response);
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) {
    if (body === undefined) throw new ClientError(`${base} answers, but not as a ledger does`);
    return body;
  }
  const { detail = response.statusText } = (body ?? {}) as { detail?: string };
  const missing = response.status === 401 && token === undefined;
  throw new ClientError(
    missing
      ? `${response.status}: the ledger wants to know who asks: give --token, COUNTERSIGN_TOKEN or a config file`
      : `${response.status}: ${detail}`,
  );
}
