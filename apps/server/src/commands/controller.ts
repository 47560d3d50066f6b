import {
  Body,
  Controller,
  Headers,
  HttpCode,
  HttpException,
  Inject,
  Param,
  Post,
  Req,
  Res,
  UseGuards,
  type Type,
} from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  Ledger,
  personalDigestOf,
  type CommandRequest,
  type Outcome,
  type Receipt,
  type Written,
} from '@countersign/ledger';
import type { Caller } from '@countersign/identity';
import { bodyPipe } from '../body.pipe.ts';
import { CallerGuard, CallerOf } from '../caller.guard.ts';
import { Metrics } from '../metrics.ts';
import { problem } from '../problem.ts';
import { bodySchemaOf } from './body-schema.ts';
import type { CommandBody, CreatingBody } from './body.ts';
import { COMMAND_ROUTES, type CommandRoute } from './routes.ts';

/** The answer to a command that was accepted. */
interface Accepted {
  readonly stream: string;
  readonly revision: number;
  readonly repeated: boolean;
  readonly events: readonly Written[];
  readonly receipts: readonly Receipt[];
}

/** A controller with the one route of a command, made from its definition so that no command is without one. */
function controllerOf(route: CommandRoute): Type {
  const { definition, path, body: Dto } = route;

  @Controller({ path: `v1/${path}` })
  @UseGuards(CallerGuard)
  @ApiTags(definition.category)
  @ApiBearerAuth()
  class CommandController {
    constructor(
      @Inject(Ledger) private readonly ledger: Ledger,
      @Inject(Metrics) private readonly metrics: Metrics,
    ) {}

    @Post()
    @HttpCode(definition.creates ? 201 : 200)
    async command(
      @Param('id') id: string | undefined,
      @Body(bodyPipe()) body: CommandBody,
      @Headers('idempotency-key') key: string | undefined,
      @Headers('if-match') ifMatch: string | undefined,
      @CallerOf() caller: Caller,
      @Req() request: FastifyRequest,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<Accepted> {
      const asked = requestOf(route, { id, body, key, ifMatch, caller, url: request.url });
      return answer(await this.metrics.measure(definition.type, () => this.ledger.execute(asked)), reply);
    }
  }
  // The body's class is known only here, so its type is told to the pipe and to the API's description by hand.
  const parameters = Reflect.getMetadata('design:paramtypes', CommandController.prototype, 'command') as unknown[];
  Reflect.defineMetadata(
    'design:paramtypes',
    parameters.map((type, i) => (i === 1 ? Dto : type)),
    CommandController.prototype,
    'command',
  );
  const method = Object.getOwnPropertyDescriptor(CommandController.prototype, 'command') as PropertyDescriptor;
  for (const decorate of [
    ApiOperation({
      operationId: definition.type,
      summary: `${definition.type}, for: ${definition.roles.filter((role) => role !== 'system').join(', ')}`,
    }),
    ApiBody({ schema: bodySchemaOf(definition) }),
    ApiHeader({ name: 'Idempotency-Key', required: true, description: 'a quoted string, drawn once for each command' }),
    ...(definition.creates
      ? []
      : [
          ApiHeader({
            name: 'If-Match',
            required: false,
            description:
              'the stream’s revision as you saw it, quoted: the ETag of an answer, or `revision` of the last row of a replay',
          }),
          ApiParam({ name: 'id', type: String }),
        ]),
    ApiResponse({ status: definition.creates ? 201 : 200 }),
  ])
    decorate(CommandController.prototype, 'command', method);
  Object.defineProperty(CommandController, 'name', { value: `${definition.type}Controller` });
  return CommandController;
}

export const COMMAND_CONTROLLERS: readonly Type[] = COMMAND_ROUTES.map(controllerOf);

interface Posted {
  readonly id: string | undefined;
  readonly body: CommandBody;
  readonly key: string | undefined;
  readonly ifMatch: string | undefined;
  readonly caller: Caller;
  readonly url: string;
}

const ID = /^[A-Za-z0-9._-]{1,128}$/;

function requestOf({ definition }: CommandRoute, { id, body, key, ifMatch, caller, url }: Posted): CommandRequest {
  // Out of its class again: members that were not sent are gone, not undefined.
  const { occurredAt, effectiveAt, personal, ...members } = JSON.parse(JSON.stringify(body)) as CommandBody;
  const { id: given, ...payload } = members as CreatingBody;
  const stream = id ?? given;
  if (stream !== undefined && !ID.test(stream)) throw problem(404, 'not-found', 'there is no such id');
  const said = {
    ...members,
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...(effectiveAt === undefined ? {} : { effectiveAt }),
  };
  return {
    type: definition.type,
    category: definition.category,
    payload,
    body: personal === undefined ? said : { ...said, personaldigest: personalDigestOf(personal.salt, personal.fields) },
    actor: { party: caller.party, role: caller.role },
    idempotencyKey: idempotencyKeyOf(key),
    route: url,
    ...(stream === undefined ? {} : { id: stream }),
    ...(occurredAt === undefined ? {} : { occurredAt: Date.parse(occurredAt) }),
    ...(effectiveAt === undefined ? {} : { effectiveAt: Date.parse(effectiveAt) }),
    ...(personal === undefined ? {} : { personal: { salt: personal.salt, fields: personal.fields } }),
    // `*` asks that the stream exists (RFC 9110 §13.1.1), which every command asks that does not begin one.
    ...(ifMatch === undefined || ifMatch === '*' ? {} : { ifMatch: revisionOf(ifMatch) }),
  };
}

/** The `Idempotency-Key` header: an RFC 8941 string, as the IETF draft has it. */
export function idempotencyKeyOf(header: string | undefined): string {
  if (header === undefined)
    throw problem(400, 'idempotency-key-missing', 'send Idempotency-Key: "…", drawn once for each command');
  const quoted = /^"([\x20-\x21\x23-\x5b\x5d-\x7e]{1,255})"$/.exec(header);
  if (!quoted)
    throw problem(400, 'idempotency-key-invalid', 'Idempotency-Key is a quoted string of 1 to 255 characters');
  return quoted[1] as string;
}

function revisionOf(header: string): number {
  const quoted = /^"(\d{1,15})"$/.exec(header);
  if (!quoted) throw problem(400, 'if-match-invalid', 'If-Match is a revision in quotes, as an ETag gave it');
  return Number(quoted[1]);
}

function answer(outcome: Outcome, reply: FastifyReply): Accepted {
  if (outcome.outcome !== 'done') throw problemOf(outcome);
  const { stream, revision, events, receipts, repeated } = outcome;
  void reply.header('etag', `"${revision}"`);
  const last = events.at(-1);
  // What a caller gives as `If-Position-At-Least` to another process, to see its own write there.
  if (last !== undefined) void reply.header('position', String(last.index));
  return { stream, revision, repeated, events, receipts };
}

/** The problem that a command's outcome is, where it was not done. */
export function problemOf(outcome: Exclude<Outcome, { outcome: 'done' }>): HttpException {
  switch (outcome.outcome) {
    case 'refused': {
      const { reasons, receipts } = outcome;
      const [first] = reasons;
      return problem(
        first.rule === 'not-found' ? 404 : first.rule === 'wrong-state' ? 409 : 403,
        first.rule,
        first.detail,
        {
          reasons,
          ...(receipts.length > 0 ? { receipts } : {}),
        },
      );
    }
    case 'revision-mismatch':
      return problem(412, 'revision-mismatch', `the stream is at revision ${outcome.actual}`);
    case 'key-reused':
      return problem(422, 'idempotency-key-reused', 'this key came before with another command');
    case 'under-way':
      return problem(409, 'command-under-way', 'a command with this key is being decided: ask again');
  }
}
