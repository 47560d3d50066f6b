import { Body, Controller, Get, Header, HttpCode, Inject, Post, UseGuards } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { IsIn, IsISO31661Alpha2, IsString, Length, Matches } from 'class-validator';
import { Gauge, Registry } from 'prom-client';
import { Ledger } from '@countersign/ledger';
import { bodyPipe } from './body.pipe.ts';
import { CallerGuard } from './caller.guard.ts';
import { problem } from './problem.ts';

/** A body like that of a registration. */
class NoOp {
  @Matches(/^[A-Za-z0-9._-]{1,128}$/)
  id!: string;

  @IsString()
  @Length(1, 200)
  name!: string;

  @IsIn(['allied-authority'])
  kind!: string;

  @IsISO31661Alpha2()
  country!: string;
}

/** For those who run it: is it alive, does it take commands, what to watch. */
@Controller()
@ApiTags('operation')
export class HealthController {
  readonly #registry = new Registry();

  constructor(@Inject(Ledger) private readonly ledger: Ledger) {
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(value());
        },
      });
    gauge('countersign_log_size', 'Entries in the tree of the latest checkpoint', () => ledger.store.size);
    gauge(
      'countersign_view_lag',
      'Entries that decisions do not see yet',
      () => ledger.store.size - 1 - ledger.view.index,
    );
    gauge('countersign_read_only', '1 while commands are refused because nothing may be signed', () =>
      ledger.store.readOnlyBecause === undefined ? 0 : 1,
    );
    gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  }

  @Get('health/live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('health/ready')
  ready(): { status: 'ready'; size: number } {
    const because = this.ledger.store.readOnlyBecause;
    if (because !== undefined) throw problem(503, 'store-unavailable', because);
    return { status: 'ready', size: this.ledger.store.size };
  }

  /** What a command costs before it is decided: the bench holds commands against this. */
  @Post('health/no-op')
  @UseGuards(CallerGuard)
  @HttpCode(200)
  @ApiExcludeEndpoint()
  noOp(@Body(bodyPipe()) body: NoOp): { name: string } {
    return { name: body.name };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.#registry.metrics();
  }
}
