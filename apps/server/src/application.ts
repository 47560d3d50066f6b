import 'reflect-metadata';
import { Module, type DynamicModule, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { EvidenceFiles, Tokens, Vault } from '@countersign/identity';
import { CheckpointPublisher, Ledger } from '@countersign/ledger';
import { Answers } from './answers.ts';
import { EVIDENCE_LIMIT, EvidenceController } from './evidence.controller.ts';
import { ExportController } from './export.controller.ts';
import { COMMAND_CONTROLLERS } from './commands/controller.ts';
import { HealthController } from './health.controller.ts';
import { EntriesController, LogController } from './log.controller.ts';
import type { OpenLedger } from './ledger.ts';
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

/** The HTTP application over a ledger that is open; not listening yet. */
export async function applicationOver(
  foundation: Foundation,
  logger: LoggerService | false,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: 64 * 1024, forceCloseConnections: true });
  const app = await NestFactory.create<NestFastifyApplication>(ServerModule.over(foundation), adapter, {
    logger,
  });
  // Evidence files stream by: their limit is looked after where they are received.
  adapter.getInstance().addContentTypeParser('application/octet-stream', (_request, payload, done) => {
    done(null, payload);
  });
  app.useGlobalFilters(new ProblemFilter());
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Countersign')
    .setDescription(
      'An audit ledger for trusted-partner testing of frontier AI models. Every answer to a command carries receipts.',
    )
    .setVersion('1')
    .addBearerAuth()
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description));
  return app;
}
