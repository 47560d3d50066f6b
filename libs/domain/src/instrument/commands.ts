import { Type } from 'typebox';
import { commandsOf, Day, IdText, Name, oneOf, Text, type CommandOf } from '../kernel/index.ts';
import { AnnexItem, InstrumentScope } from './events.ts';

const command = commandsOf('instrument');
const LICENSING = ['licensing-authority'] as const;

export const INSTRUMENT_COMMANDS = [
  command(
    'RecordInstrument',
    LICENSING,
    {
      reference: Name,
      title: Name,
      kind: oneOf('rule', 'letter', 'determination', 'licence'),
      issuedOn: Day,
      scope: InstrumentScope,
    },
    'begins a stream',
  ),
  command('AddAnnexEntry', LICENSING, { entry: IdText, party: IdText, items: Type.Array(AnnexItem, { minItems: 1 }) }),
  command('RemoveAnnexEntry', LICENSING, { entry: IdText, reason: Text, under: Type.Optional(IdText) }),
  command('SupersedeInstrument', LICENSING, { successor: IdText }),
  command('LiftInstrument', LICENSING, { reason: Text }),
  command('AssertInstrumentLegalStatus', ['licensing-authority', 'developer'], { status: Name, source: Text }),
] as const;

export type InstrumentCommand = CommandOf<(typeof INSTRUMENT_COMMANDS)[number]>;
