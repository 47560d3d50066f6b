export { isBroken, readEvidence, type Broken, type FileDigest, type Reading } from './read.ts';
export type { EvaluationLog } from './inspect.ts';
export type { GatewayCall, GatewayLog } from './gateway.ts';
export { UnreadableError, type Fault } from './unreadable.ts';
export type { Member } from './zip.ts';
export { runOf, summaryOf } from './summary.ts';
