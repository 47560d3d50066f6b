export * from './ids.ts';
export * from './event.ts';
export * from './refusal.ts';
export * from './decider.ts';
export * from './standing.ts';
export * from './schema.ts';
export * from './view.ts';
export * from './within.ts';
