import { Command } from 'commander';
import { importCommand } from './import.ts';

const program = new Command('countersign')
  .description('an audit ledger for trusted-partner testing of frontier AI models')
  .showHelpAfterError()
  .addCommand(importCommand());

await program.parseAsync();
