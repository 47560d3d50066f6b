export { Tokens, type Caller, type TokenSettings } from './tokens.ts';
export { Vault, type KeyPurpose } from './vault.ts';
export { EvidenceFiles, FileTooLargeError, type ClearFile } from './evidence-files.ts';
