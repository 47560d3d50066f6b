import './quiet.ts';
export { buildBundle, type BuildInput } from './build.ts';
export type { Manifest } from './bundle.ts';
export { readZip } from './zip.ts';
export { cosignatureLine, rawKey, signCheckpoint, verifiers, vkeyOf } from './keys.ts';
export { verifyBundle, type Check, type Verification } from './verify.ts';
export type { Member } from './zip.ts';
