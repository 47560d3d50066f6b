import { Command } from 'commander';

const program = new Command('countersign')
  .description('an audit ledger for trusted-partner testing of frontier AI models')
  .showHelpAfterError();

await program.parseAsync();
