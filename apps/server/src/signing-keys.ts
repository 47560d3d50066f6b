import { createPublicKey } from 'node:crypto';
import type { KeyPurpose, Vault } from '@countersign/identity';
import type { Entry } from '@countersign/ledger';

/** The keys that entry 0 names: what the log and its exports are signed by. */
export const LOG_KEYS = ['log', 'log-ml-dsa-44', 'export', 'export-ml-dsa-44'] as const satisfies readonly KeyPurpose[];

export const publicJwkOf = (vault: Vault, purpose: KeyPurpose): string =>
  JSON.stringify(createPublicKey(vault.signingKey(purpose)).export({ format: 'jwk' }));

/**
 * Why nothing may be signed: the vault has not the keys that entry 0 names. A log that goes on under another key is another
 * log, so commands are refused until they are back (design.md, decision 9).
 */
export function keysAmiss(founded: Entry, vault: Vault): string | undefined {
  const named = founded.data['keys'] as readonly { readonly purpose: string; readonly jwk: string }[];
  const amiss = LOG_KEYS.filter(
    (purpose) => named.find((each) => each.purpose === purpose)?.jwk !== publicJwkOf(vault, purpose),
  );
  return amiss.length === 0
    ? undefined
    : `the vault has not the signing keys that entry 0 names (${amiss.join(', ')}). Put back its folder "keys", and start again.`;
}
