import { Option, type Command } from 'commander';

/** Where the ledger is and who asks: from options or the environment. */
export interface Connection {
  readonly url: string;
  readonly token?: string;
}

export const withConnection = (command: Command): Command =>
  command
    .addOption(new Option('--url <url>', 'where the ledger is').env('COUNTERSIGN_URL').default('http://127.0.0.1:3000'))
    .addOption(new Option('--token <token>', 'who asks').env('COUNTERSIGN_TOKEN'));

/** What the ledger said no to, or that it could not be reached; for people to read. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
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
    const cause = (error as { cause?: { message?: string } }).cause?.message ?? String(error);
    throw new ClientError(`${base} does not answer: ${cause}`);
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  const { detail = response.statusText } = (body ?? {}) as { detail?: string };
  throw new ClientError(`${response.status}: ${detail}`);
}
