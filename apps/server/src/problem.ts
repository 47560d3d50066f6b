import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '@countersign/domain';
import { StoreReadOnlyError, StoreUnavailableError } from '@countersign/event-store';
import { CanonicalError, type Receipt } from '@countersign/ledger';

/** RFC 9457. `type` is `/problems/<name>`: stable, documented there, one for each refusal rule. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Every rule that failed, in the order of the rules. */
  readonly reasons?: readonly Refusal[];
  /** What is wrong in the body: where (JSON Pointer, RFC 6901) and what. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  /** Of the entry that records the refusal. */
  readonly receipts?: readonly Receipt[];
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Refused',
  404: 'Not found',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Unprocessable',
  500: 'Internal error',
  503: 'Unavailable',
};
/** What the framework refuses before a controller sees it. */
const OF_THE_FRAMEWORK: Record<number, string> = {
  404: 'not-found',
  413: 'body-too-large',
  415: 'unsupported-media-type',
};

export function problem(
  status: number,
  name: string,
  detail: string,
  more: Pick<ProblemDocument, 'reasons' | 'errors' | 'receipts'> = {},
): HttpException {
  return new HttpException({ ...plain(status, name, detail), ...more } satisfies ProblemDocument, status);
}

/**
 * The one place where something that went wrong becomes an answer. No answer has a stack: that is in the log, under the id
 * that the answer's `X-Request-ID` has. It is no `instance` of the body, since the same question has the same bytes (R24).
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const { id } = http.getRequest<FastifyRequest>();
    const document = this.#documentOf(error, id);
    if (document.status === 401) void reply.header('www-authenticate', 'Bearer');
    void reply
      .status(document.status)
      .header('x-request-id', id)
      .type('application/problem+json')
      .send(JSON.stringify(document));
  }

  #documentOf(error: unknown, request: string): ProblemDocument {
    if (error instanceof HttpException) {
      const body = error.getResponse();
      if (typeof body === 'object' && 'type' in body) return body as ProblemDocument;
      return framework(error.getStatus(), error.message);
    }
    if (error instanceof StoreReadOnlyError || error instanceof StoreUnavailableError)
      return plain(503, 'store-unavailable', error.message);
    if (error instanceof CanonicalError) return plain(400, 'invalid-body', error.message);
    const status = (error as { statusCode?: unknown }).statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500) return framework(status, (error as Error).message);
    this.#logger.error(error instanceof Error ? error : new Error(String(error)), request);
    return plain(500, 'internal-error', 'the ledger failed; nothing of this command was acknowledged');
  }
}

const plain = (status: number, name: string, detail: string): ProblemDocument => ({
  type: `/problems/${name}`,
  title: TITLES[status] ?? 'Problem',
  status,
  detail,
});
const framework = (status: number, detail: string): ProblemDocument =>
  plain(status, OF_THE_FRAMEWORK[status] ?? 'bad-request', detail);
