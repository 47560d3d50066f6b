import { Body, Controller, Get, Header, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ledger } from '@countersign/ledger';
import { bodyPipe } from './body.pipe.ts';
import { CallerGuard } from './caller.guard.ts';
import { COMMAND_ROUTES } from './commands/routes.ts';
import { Metrics } from './metrics.ts';
import { problem } from './problem.ts';

/** A real command's body: its class is checked and nothing is done with it. */
const REGISTRATION = COMMAND_ROUTES.find(({ definition }) => definition.type === 'RegisterParty')?.body;

/** For those who run it: is it alive, does it take commands, what to watch. */
@Controller()
@ApiTags('operation')
export class HealthController {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(Metrics) private readonly watched: Metrics,
  ) {}

  @Get('health/live')
  @ApiOperation({ summary: 'The process answers' })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('health/ready')
  @ApiOperation({ summary: 'Commands are taken; 503 says why not, while reads go on' })
  ready(): { status: 'ready'; size: number } {
    const { readOnlyBecause, awayBecause } = this.ledger.store;
    const because = readOnlyBecause ?? awayBecause;
    if (because !== undefined) throw problem(503, 'store-unavailable', because);
    return { status: 'ready', size: this.ledger.store.size };
  }

  /** What a command costs before it is decided: the bench holds commands against this. */
  @Post('health/no-op')
  @UseGuards(CallerGuard)
  @HttpCode(200)
  @ApiExcludeEndpoint()
  noOp(@Body(bodyPipe(REGISTRATION)) body: { id?: string }): { id: string } {
    return { id: body.id ?? '' };
  }

  @Get('metrics')
  @ApiOperation({ summary: 'What to watch, in the text format of Prometheus' })
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.watched.registry.metrics();
  }
}
