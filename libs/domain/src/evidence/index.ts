export * from './attribute.ts';
export * from './commands.ts';
export * from './decider.ts';
export * from './events.ts';
export * from './judge.ts';
export * from './state.ts';
