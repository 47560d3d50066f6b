import { Type } from 'typebox';
import { commandsOf, Name, Time, type CommandOf } from '../kernel/index.ts';
import { CriteriaKind, Criterion, Version } from './events.ts';

const command = commandsOf('criteria');
/** Audit criteria also the regulator: the decider checks the kind. */
const PUBLISHERS = ['licensing-authority', 'regulator'] as const;
const published = {
  version: Version,
  criteria: Type.Array(Criterion, { minItems: 1 }),
  inForceFrom: Type.Optional(Time),
};

export const CRITERIA_COMMANDS = [
  command('PublishCriteriaSet', PUBLISHERS, { kind: CriteriaKind, reference: Name, ...published }, 'begins a stream'),
  command('PublishCriteriaVersion', PUBLISHERS, published),
  command('BringCriteriaSetIntoForce', [...PUBLISHERS, 'system'], { version: Version }),
] as const;

export type CriteriaCommand = CommandOf<(typeof CRITERIA_COMMANDS)[number]>;
