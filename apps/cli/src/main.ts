import { Command, CommanderError } from 'commander';
import { exportCommand, verifyCommand } from './bundle.ts';
import { ClientError } from './client.ts';
import { copyCommand } from './copy.ts';
import { importCommand } from './import.ts';
import { QUESTIONS } from './questions.ts';

// Whoever reads the output may have had enough of it (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = new Command('countersign')
  .description('an audit ledger for trusted-partner testing of frontier AI models')
  .addHelpText('after', '\nExit code: 0 done (yes), 1 refused or failed (no), 2 not asked as it must be, or no answer.')
  .showHelpAfterError('(add --help for what there is)')
  .exitOverride();
for (const command of [...QUESTIONS, importCommand(), exportCommand(), verifyCommand(), copyCommand()])
  program.addCommand(command.copyInheritedSettings(program));

try {
  await program.parseAsync();
} catch (error) {
  // A bundle is verified or it is not: whatever else comes in between is not.
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode === 0 ? 0 : process.argv[2] === 'verify' ? 1 : 2;
  else if (error instanceof ClientError) {
    process.stderr.write(`countersign: ${error.message}\n`);
    process.exitCode = 2;
  } else throw error;
}
