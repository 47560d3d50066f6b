export { PARTY_COMMANDS, type PartyCommand } from './commands.ts';
export { partyAt, partyDecider, type PartyKey, type PartyState } from './decider.ts';
export { PARTY_EVENTS, type PartyEvent } from './events.ts';
