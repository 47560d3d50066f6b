export { CUSTODY_COMMANDS, type CustodyCommand } from './commands.ts';
export { custodyDecider, LEDGER_STREAM, POLICY_PARAMETERS, type CustodyState, type Seal } from './decider.ts';
export { CUSTODY_EVENTS, type CustodyEvent } from './events.ts';
