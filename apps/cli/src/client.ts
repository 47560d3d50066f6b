import { ClientError, UnreachableError } from './client-error.ts';
import type { Connection } from './connection.ts';

export { ClientError, UnreachableError } from './client-error.ts';
export { withConnection, type Connection } from './connection.ts';

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
  { url: base, token }: Connection,
  url: URL,
  request: RequestInit & { headers?: Record<string, string>; duplex?: 'half' },
): Promise<unknown> {
  const headers = { ...request.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  let response: Response;
  try {
    response = await fetch(url, { ...request, headers });
  } catch (error) {
    const cause = (error as { cause?: { message?: string; code?: string } }).cause;
    const message = `${base} does not answer: ${cause?.message || cause?.code || String(error)}`;
    // A server that will not have a body may cut it off: that is an answer to this file, not to all.
    throw CUT_OFF.has(cause?.code) ? new ClientError(message) : new UnreachableError(message);
  }
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
