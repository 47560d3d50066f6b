import { Controller, Get, Header, Inject, Param, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CheckpointPublisher, Ledger, type Receipt } from '@countersign/ledger';
import type { Caller } from '@countersign/identity';
import { CallerGuard, CallerOf, READS_EVERYTHING } from './caller.guard.ts';
import { problem } from './problem.ts';

const WIDTH = 256;
/** `<N>` or `x001/x234/067`, and `.p/<W>` of a partial tile (C2SP tlog-tiles). */
const COORDINATES = /^((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

const tilePath = ApiParam({ name: 'path', type: String, description: '`000`, `x001/234`, or `000.p/17` if partial' });

/** The log as C2SP tlog-tiles has it. Checkpoint and hash tiles are open to everyone; entries are not. */
@Controller('log')
@ApiTags('log')
export class LogController {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(CheckpointPublisher) private readonly publisher: CheckpointPublisher,
  ) {}

  @Get('checkpoint')
  @Header('cache-control', 'no-cache')
  @Header('content-type', 'text/plain; charset=utf-8')
  @ApiOperation({
    summary: 'The latest checkpoint, signed by Ed25519 and cosigned by ML-DSA-44 (C2SP tlog-checkpoint)',
  })
  checkpoint(): string {
    return this.publisher.latest().note;
  }

  @Get('tile/entries/*')
  @UseGuards(CallerGuard)
  @ApiBearerAuth()
  @tilePath
  @ApiOperation({ summary: 'A bundle of 256 entries, or fewer at the end (C2SP tlog-tiles)' })
  entries(
    @Req() request: FastifyRequest,
    @CallerOf() caller: Caller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Buffer {
    if (!READS_EVERYTHING.has(caller.role))
      throw problem(403, 'not-entitled', 'entry bundles are for roles that read everything');
    const { index, width } = this.#tile(request.url.slice('/log/tile/entries/'.length), 0);
    void reply
      .header('cache-control', 'private, immutable')
      .header('vary', 'Authorization')
      .type('application/octet-stream');
    const parts: Buffer[] = [];
    for (const { data } of this.ledger.store.entries(index * WIDTH, index * WIDTH + width)) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(data.length);
      parts.push(length, Buffer.from(data));
    }
    return Buffer.concat(parts);
  }

  @Get('tile/:level/*')
  @tilePath
  @ApiOperation({ summary: 'A tile of 256 hashes, or fewer at the end (C2SP tlog-tiles)' })
  tile(
    @Param('level') text: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Buffer {
    if (!/^([0-9]|[1-5][0-9]|6[0-3])$/.test(text)) throw problem(404, 'not-found', 'a level is 0 to 63');
    const level = Number(text);
    const { index, width } = this.#tile(request.url.slice(`/log/tile/${text}/`.length), level);
    void reply.header('cache-control', 'public, immutable').type('application/octet-stream');
    return Buffer.concat(Array.from({ length: width }, (_, i) => this.ledger.store.node(level * 8, index * WIDTH + i)));
  }

  #tile(path: string, level: number): { index: number; width: number } {
    const match = COORDINATES.exec(path);
    if (!match) throw problem(404, 'not-found', 'a tile is named like 000, x001/234 or 000.p/17');
    const index = Number((match[1] as string).replaceAll(/[x/]/g, ''));
    const width = match[2] === undefined ? WIDTH : Number(match[2]);
    const there = Math.floor(this.ledger.store.size / WIDTH ** level);
    const needless = index > 999 ? '' : (match[1] as string).slice(0, -3);
    if (!Number.isSafeInteger(index) || needless !== '' || width > WIDTH || (match[2] !== undefined && width === WIDTH))
      throw problem(404, 'not-found', 'there is no tile of that name');
    if (index * WIDTH + width > there) throw problem(404, 'not-found', 'the log has not grown that far');
    return { index, width };
  }
}

/** Entries and their receipts, for those who may read them. */
@Controller('v1/entries')
@UseGuards(CallerGuard)
@ApiTags('log')
@ApiBearerAuth()
export class EntriesController {
  constructor(@Inject(Ledger) private readonly ledger: Ledger) {}

  @Get(':index')
  @ApiOperation({ summary: 'An entry with its receipt under the latest checkpoint' })
  async receipt(@Param('index') text: string, @CallerOf() caller: Caller): Promise<Receipt> {
    if (!READS_EVERYTHING.has(caller.role))
      throw problem(403, 'not-entitled', 'entries by index are for roles that read everything');
    const receipt = /^(0|[1-9]\d{0,14})$/.test(text) ? await this.ledger.receipt(Number(text)) : undefined;
    if (!receipt) throw problem(404, 'not-found', `the log has no entry ${text}`);
    return receipt;
  }
}
