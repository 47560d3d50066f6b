import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** A member of an object comes twice: RFC 8259 §4 leaves open which one counts, so none does. */
class MemberTwiceError extends Error {
  override readonly name = 'MemberTwiceError';
  readonly statusCode = 400;
}

/** In JSON, a string before a colon is a member's name, and nothing else is. */
const NAMES = /"(?:[^"\\]|\\.)*"\s*:/g;

const membersOf = (value: unknown): number =>
  typeof value !== 'object' || value === null
    ? 0
    : Object.values(value).reduce((sum: number, each) => sum + membersOf(each), 0) +
      (Array.isArray(value) ? 0 : Object.keys(value).length);

/**
 * Bodies are JSON, or files that stream by; any other media type is refused (415). A signer and a reader must not
 * understand one text in two ways, so a duplicate name is refused too.
 */
export function takeBodies(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null, undefined);
    else
      void parse(request, body, (error, value: unknown) => {
        if (error) done(error);
        else if ((body.match(NAMES)?.length ?? 0) !== membersOf(value))
          done(new MemberTwiceError('a member comes twice in the body'));
        else done(null, value);
      });
  });
  // Their limit is looked after where they are received.
  fastify.addContentTypeParser('application/octet-stream', (_request, payload, done) => {
    done(null, payload);
  });
}
