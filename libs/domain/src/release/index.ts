export * from './assess.ts';
export * from './sealed-reasons.ts';
