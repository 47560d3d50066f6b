export * from './about.ts';
export * from './commands.ts';
export * from './criteria.ts';
export * from './decider.ts';
export * from './events.ts';
export * from './state.ts';
