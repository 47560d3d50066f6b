import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ledger } from '@countersign/ledger';
import { problem } from './problem.ts';

/** How long a request waits until this process has what its caller saw elsewhere. */
const WAIT_MS = 5000;

/**
 * `If-Position-At-Least: <log index>`: the answer is made once this process has that entry, so that a caller sees its own
 * writes whichever process it asks. Each answer to a command says its last one's index in `Position`.
 */
export function waitForPositions(app: NestFastifyApplication): void {
  const ledger = app.get(Ledger);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preHandler', async (request) => {
      const asked = request.headers['if-position-at-least'];
      if (asked === undefined) return;
      if (typeof asked !== 'string' || !/^\d{1,15}$/.test(asked))
        throw problem(400, 'invalid-query', 'If-Position-At-Least is a log index');
      if (!(await ledger.has(Number(asked), WAIT_MS)))
        throw problem(503, 'not-current', `this process has not seen entry ${asked} yet: ask again`);
    });
}
