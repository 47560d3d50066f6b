import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
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

export function problem(
  status: number,
  name: string,
  detail: string,
  more: Pick<ProblemDocument, 'reasons' | 'errors' | 'receipts'> = {},
): HttpException {
  const document: ProblemDocument = {
    type: `/problems/${name}`,
    title: TITLES[status] ?? 'Problem',
    status,
    detail,
    ...more,
  };
  return new HttpException(document, status);
}

/** The one place where something that went wrong becomes an answer. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger('http');

  catch(error: unknown, host: ArgumentsHost): void {
    const document = this.#documentOf(error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (document.status === 401) void reply.header('www-authenticate', 'Bearer');
    void reply.status(document.status).type('application/problem+json').send(JSON.stringify(document));
  }

  #documentOf(error: unknown): ProblemDocument {
    if (error instanceof HttpException) {
      const body = error.getResponse();
      if (typeof body === 'object' && 'type' in body) return body as ProblemDocument;
      const status = error.getStatus();
      return this.#plain(status, TITLES[status]?.toLowerCase().replaceAll(' ', '-') ?? 'problem', error.message);
    }
    if (error instanceof StoreReadOnlyError || error instanceof StoreUnavailableError)
      return this.#plain(503, 'store-unavailable', error.message);
    if (error instanceof CanonicalError) return this.#plain(400, 'invalid-body', error.message);
    const status = (error as { statusCode?: unknown }).statusCode;
    if (typeof status === 'number' && status >= 400 && status < 500)
      return this.#plain(status, 'bad-request', (error as Error).message);
    this.#logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return this.#plain(500, 'internal-error', 'the ledger failed; nothing of this command was acknowledged');
  }

  #plain(status: number, name: string, detail: string): ProblemDocument {
    return { type: `/problems/${name}`, title: TITLES[status] ?? 'Problem', status, detail };
  }
}
