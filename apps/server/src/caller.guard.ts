import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Tokens, type Caller } from '@countersign/identity';
import { problem } from './problem.ts';

export type WithCaller = FastifyRequest & { caller?: Caller };

/** Only a party with a valid bearer token (RFC 6750) gets further. */
@Injectable()
export class CallerGuard implements CanActivate {
  constructor(@Inject(Tokens) private readonly tokens: Tokens) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<WithCaller>();
    const [scheme, token, ...rest] = (request.headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || token === undefined || rest.length > 0)
      throw problem(401, 'not-authenticated', 'send a bearer token: Authorization: Bearer TOKEN');
    const caller = await this.tokens.verify(token);
    if ('problem' in caller) throw problem(401, 'not-authenticated', caller.problem);
    request.caller = caller;
    return true;
  }
}

/** The caller that the guard let in. */
export const CallerOf = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<WithCaller>().caller,
);

/** The roles that see everything (domain.md, *Who commands, who sees*). */
export const READS_EVERYTHING: ReadonlySet<string> = new Set(['custodian', 'licensing-authority', 'regulator']);
