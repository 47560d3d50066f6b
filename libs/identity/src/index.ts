export { Tokens, type Caller, type TokenSettings } from './tokens.ts';
export { Vault, type KeyPurpose } from './vault.ts';
