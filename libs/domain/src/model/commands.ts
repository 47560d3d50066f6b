import { Type } from 'typebox';
import { commandsOf, Digest, IdText, Modality, Name, Text, type CommandOf } from '../kernel/index.ts';

const command = commandsOf('model');

export const MODEL_COMMANDS = [
  command('RegisterModelFamily', ['developer'], { name: Name }, 'begins a stream'),
  command('ReleaseModelVersion', ['developer'], {
    version: IdText,
    name: Name,
    modalities: Type.Array(Modality, { minItems: 1 }),
    weightsDigest: Type.Optional(Digest),
  }),
  command('ClassifyModel', ['developer'], { regime: Name, number: Name, version: Type.Optional(IdText) }),
  command('WithdrawModelVersion', ['developer'], { version: IdText, reason: Text }),
] as const;

export type ModelCommand = CommandOf<(typeof MODEL_COMMANDS)[number]>;
