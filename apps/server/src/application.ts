import 'reflect-metadata';
import { Module, type DynamicModule, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Tokens, Vault } from '@countersign/identity';
import { Ledger } from '@countersign/ledger';
import { ExportController } from './export.controller.ts';
import { COMMAND_CONTROLLERS } from './commands/controller.ts';
import { HealthController } from './health.controller.ts';
import { EntriesController, LogController } from './log.controller.ts';
import type { OpenLedger } from './ledger.ts';
import { ProblemFilter } from './problem.ts';
import { ProblemsController } from './problems.controller.ts';
import { LedgerHistory, QuestionsController } from './questions.controller.ts';

@Module({})
class ServerModule {
  static over(ledger: Ledger, tokens: Tokens, vault: Vault): DynamicModule {
    return {
      module: ServerModule,
      controllers: [
        ...COMMAND_CONTROLLERS,
        QuestionsController,
        ExportController,
        LogController,
        EntriesController,
        HealthController,
        ProblemsController,
      ],
      providers: [
        { provide: Ledger, useValue: ledger },
        { provide: Tokens, useValue: tokens },
        { provide: LedgerHistory, useValue: new LedgerHistory(ledger, vault) },
        { provide: Vault, useValue: vault },
      ],
    };
  }
}

/** The HTTP application over a ledger that is open; not listening yet. */
export async function applicationOver(
  { ledger, tokens, vault }: Pick<OpenLedger, 'ledger' | 'tokens' | 'vault'>,
  logger: LoggerService | false,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: 64 * 1024, forceCloseConnections: true });
  const app = await NestFactory.create<NestFastifyApplication>(ServerModule.over(ledger, tokens, vault), adapter, {
    logger,
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
