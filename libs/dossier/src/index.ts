import './quiet.ts';
export { buildBundle, type BuildInput } from './build.ts';
export type { Manifest } from './bundle.ts';
export { vkeyOf } from './policy.ts';
export { verifyBundle, type Check, type Verification } from './verify.ts';
export type { Member } from './zip.ts';
