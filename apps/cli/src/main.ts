import { Command } from 'commander';
import { exportCommand, verifyCommand } from './bundle.ts';
import { ClientError } from './client.ts';
import { importCommand } from './import.ts';
import { QUESTIONS } from './questions.ts';

const program = new Command('countersign')
  .description('an audit ledger for trusted-partner testing of frontier AI models')
  .showHelpAfterError();
for (const command of [...QUESTIONS, importCommand(), exportCommand(), verifyCommand()]) program.addCommand(command);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ClientError)) throw error;
  process.stderr.write(`countersign: ${error.message}\n`);
  process.exitCode = 2;
}
