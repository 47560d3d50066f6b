import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { Logger } from 'pino';
import { EvidenceFiles, Tokens, Vault } from '@countersign/identity';
import { CheckpointPublisher, Ledger } from '@countersign/ledger';
import { Answers } from './answers.ts';
import { takeBodies } from './body.parser.ts';
import { EVIDENCE_LIMIT, EvidenceController } from './evidence.controller.ts';
import { ExportController } from './export.controller.ts';
import { COMMAND_CONTROLLERS } from './commands/controller.ts';
import { describeApi } from './description/describe.ts';
import { HealthController } from './health.controller.ts';
import { EntriesController, LogController } from './log.controller.ts';
import type { OpenLedger } from './ledger.ts';
import { forNest, logRequests } from './logging.ts';
import { Metrics } from './metrics.ts';
import { waitForPositions } from './position.ts';
import { ProblemFilter } from './problem.ts';
import { ProblemsController } from './problems.controller.ts';
import { QuestionsController } from './questions.controller.ts';

/** What the application stands on. */
export type Foundation = Omit<OpenLedger, 'close'>;

@Module({})
class ServerModule {
  static over({ ledger, answers, publisher, tokens, vault, files, evidenceLimit }: Foundation): DynamicModule {
    return {
      module: ServerModule,
      controllers: [
        ...COMMAND_CONTROLLERS,
        QuestionsController,
        ExportController,
        EvidenceController,
        LogController,
        EntriesController,
        HealthController,
        ProblemsController,
      ],
      providers: [
        Metrics,
        { provide: Ledger, useValue: ledger },
        { provide: CheckpointPublisher, useValue: publisher },
        { provide: Tokens, useValue: tokens },
        { provide: Answers, useValue: answers },
        { provide: Vault, useValue: vault },
        { provide: EvidenceFiles, useValue: files },
        { provide: EVIDENCE_LIMIT, useValue: evidenceLimit },
      ],
    };
  }
}

/** A command's body fits twice into an entry when it is signed (formats.md); this is the limit of what is read at all. */
const BODY_LIMIT = 64 * 1024;

/** The HTTP application over a ledger that is open; not listening yet. Without a log it says nothing. */
export async function applicationOver(foundation: Foundation, log: Logger | false): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    genReqId: () => randomUUID(),
  });
  const app = await NestFactory.create<NestFastifyApplication>(ServerModule.over(foundation), adapter, {
    logger: log && forNest(log),
    bodyParser: false,
  });
  takeBodies(app);
  if (log) logRequests(app, log);
  waitForPositions(app);
  app.useGlobalFilters(new ProblemFilter());
  SwaggerModule.setup('docs', app, () => describeApi(app));
  return app;
}
