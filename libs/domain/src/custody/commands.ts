import { Type } from 'typebox';
import { Digest, commandsOf, IdText, Name, oneOf, Text, type CommandOf } from '../kernel/index.ts';

const command = commandsOf('custody');
export const KeyPurpose = oneOf('log', 'log-ml-dsa-44', 'export', 'export-ml-dsa-44');
export const LogKey = Type.Object({ purpose: KeyPurpose, jwk: Text }, { additionalProperties: false });

/** The ledger's own act on an empty store; no route leads to it. */
export const FoundLedger = command('FoundLedger', ['system'], {
  origin: Name,
  mode: oneOf('demo', 'operational'),
  keys: Type.Array(LogKey),
  parameters: Type.Record(Name, Text),
  facetFunction: Digest,
  custodian: IdText,
});

/** The ledger's last act in a store that it leaves; `countersign copy` gives it, and no route leads to it. */
export const SealLedger = command('SealLedger', ['system'], { target: oneOf('sqlite', 'esdb'), move: IdText });

export const CUSTODY_COMMANDS = [command('SetPolicyParameter', ['custodian'], { name: Name, value: Text })] as const;

export type CustodyCommand = CommandOf<typeof FoundLedger | typeof SealLedger | (typeof CUSTODY_COMMANDS)[number]>;
