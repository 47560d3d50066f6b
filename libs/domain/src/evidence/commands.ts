import { Type } from 'typebox';
import { commandsOf, IdText, Text, type CommandOf } from '../kernel/index.ts';
import { Damage, Discrepancy, Received, Sample } from './events.ts';

const command = commandsOf('evidence');
/** Who holds logs: the partner its evaluation logs, the developer its gateway's. */
const HOLDERS = ['trusted-partner', 'developer'] as const;

export const EVIDENCE_COMMANDS = [
  /** The ledger itself reads the file and says what is in it: the caller gives the file. */
  command('ReceiveEvidence', HOLDERS, Received, 'begins a stream'),
  command('LinkEvidence', HOLDERS, { session: IdText, sample: Type.Optional(Sample) }),
  command('QuarantineEvidence', ['system'], { ...Damage.properties }),
  command('SupersedeEvidence', ['system'], { by: IdText, reason: Text }),
  command('NoteDiscrepancy', ['system'], Discrepancy),
] as const;

export type EvidenceCommand = CommandOf<(typeof EVIDENCE_COMMANDS)[number]>;
