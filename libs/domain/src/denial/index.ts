export * from './decider.ts';
export * from './state.ts';
