export * from './answers.ts';
export { History, type Asked, type Moment } from './moment.ts';
export { StatesAt, type Opener } from './states-at.ts';
export { reportsOf, type Report } from './reports.ts';
