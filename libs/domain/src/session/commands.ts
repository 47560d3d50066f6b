import { Type } from 'typebox';
import { commandsOf, Decimal, IdText, oneOf, Text, Time, type CommandOf } from '../kernel/index.ts';
import { Activity, Reported } from './events.ts';

const command = commandsOf('session');
const PARTNER = ['trusted-partner'] as const;
const EITHER = ['trusted-partner', 'developer'] as const;

export const SESSION_COMMANDS = [
  command('RecordSessionOpened', ['system'], { grant: IdText }),
  command('ReportSession', EITHER, Reported, 'begins a stream'),
  command('RecordCriterionOutcome', ['trusted-partner', 'system'], {
    criterion: IdText,
    outcome: oneOf('met', 'not-met', 'inconclusive', 'not-applicable'),
    value: Type.Optional(Decimal),
    evidence: Type.Optional(IdText),
  }),
  command('RecordTestFinding', PARTNER, {
    finding: IdText,
    severity: oneOf('low', 'medium', 'high', 'critical'),
    description: Text,
  }),
  command('OrderSessionTermination', ['system'], { cause: IdText, reason: Text, effect: Time }),
  command('TerminateSession', ['developer'], { lastCallAt: Type.Optional(Time) }),
  command('CompleteSession', PARTNER, {}),
  command('CancelSession', PARTNER, { reason: Type.Optional(Text) }),
  command('FailSession', PARTNER, { reason: Text }),
  command('VoidSession', ['system'], { cause: IdText, reason: Text }),
  command('ReportActivity', EITHER, Activity),
] as const;

export type SessionCommand = CommandOf<(typeof SESSION_COMMANDS)[number]>;
