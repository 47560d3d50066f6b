import { Controller, Get, Inject, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import { LEDGER_STREAM, type DomainView } from '@countersign/domain';
import { buildBundle } from '@countersign/dossier';
import { Vault, type Caller } from '@countersign/identity';
import { CheckpointPublisher, Ledger, reportsAsOf } from '@countersign/ledger';
import { CallerGuard, CallerOf, READS_EVERYTHING } from './caller.guard.ts';
import { problem } from './problem.ts';

/** Signed exports, for those who may read everything. */
@Controller('v1/export')
@UseGuards(CallerGuard)
@ApiTags('export')
@ApiBearerAuth()
export class ExportController {
  constructor(
    @Inject(Ledger) private readonly ledger: Ledger,
    @Inject(CheckpointPublisher) private readonly publisher: CheckpointPublisher,
    @Inject(Vault) private readonly vault: Vault,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The whole log as a signed bundle that anyone can verify offline' })
  async bundle(@CallerOf() caller: Caller, @Res() reply: FastifyReply): Promise<void> {
    if (!READS_EVERYTHING.has(caller.role))
      throw problem(403, 'not-entitled', 'exports of the whole log are for roles that read everything');
    const { store, view } = this.ledger;
    // Size and checkpoint of one moment; what is appended meanwhile is not in this export.
    const { note: checkpoint, size } = this.publisher.latest();
    const ledger = (view as unknown as DomainView).state('custody', LEDGER_STREAM);
    if (ledger?.status !== 'founded') throw problem(503, 'store-unavailable', 'the ledger is not founded');
    const bundle = await buildBundle({
      entries: function* () {
        for (const { data } of store.entries(0, size)) yield data;
      },
      checkpoint,
      mode: ledger.mode,
      reports: reportsAsOf,
      sign: { Ed25519: this.vault.signingKey('export'), 'ML-DSA-44': this.vault.signingKey('export-ml-dsa-44') },
      recipient: caller.party,
      generator: 'countersign 0.1.0',
    });
    const parts = Readable.from(bundle.parts(), { objectMode: false });
    // Also where the caller hangs up before the first byte.
    parts.once('close', () => void bundle.close());
    await reply
      .type('application/zip')
      .header('cache-control', 'no-store')
      .header('content-length', bundle.bytes)
      .header('content-disposition', `attachment; filename="countersign-${size}.zip"`)
      .send(parts);
  }
}
