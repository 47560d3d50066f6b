import { commandsOf, IdText, IdTexts, Name, Period, Text, type CommandOf } from '../kernel/index.ts';

const command = commandsOf('tester');
const PARTNER = ['trusted-partner'] as const;
const ALLY = ['allied-authority'] as const;

export const TESTER_COMMANDS = [
  command('RosterTester', PARTNER, { partner: IdText }, 'begins a stream'),
  command('DeclareNationality', PARTNER, {}),
  command('VerifyNationality', ALLY, {}),
  command('RecordClearance', ALLY, { level: Name, period: Period }),
  command('EndClearance', ['allied-authority', 'system'], { reason: Text }),
  command('ConfirmNeedToKnow', PARTNER, { families: IdTexts }),
  command('WithdrawTester', PARTNER, { reason: Text }),
] as const;

export type TesterCommand = CommandOf<(typeof TESTER_COMMANDS)[number]>;
