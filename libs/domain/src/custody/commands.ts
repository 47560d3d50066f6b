import type { Command, CommandDefinition } from '../kernel/index.ts';

export type CustodyCommand =
  | Command<
      'FoundLedger',
      {
        readonly origin: string;
        readonly mode: 'demo' | 'operational';
        readonly keys: readonly { readonly purpose: KeyPurpose; readonly jwk: string }[];
        readonly parameters: Readonly<Record<string, string>>;
        readonly custodian: string;
      }
    >
  | Command<'SetPolicyParameter', { readonly name: string; readonly value: string }>;
type KeyPurpose = 'log' | 'log-ml-dsa-44' | 'export' | 'export-ml-dsa-44';

/** Founding is the ledger's own act on an empty store and has no route. */
export const CUSTODY_COMMANDS: readonly CommandDefinition[] = [
  { type: 'SetPolicyParameter', category: 'custody', roles: ['custodian'] },
];
