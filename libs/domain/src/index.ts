export * from './kernel/index.ts';
export * from './contexts.ts';
export * from './facets.ts';
export * from './custody/index.ts';
export * from './party/index.ts';
