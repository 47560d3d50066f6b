export * from './answers.ts';
export { Entries, History, type Asked, type Moment } from './moment.ts';
export { StatesAt, type Opener, type States } from './states-at.ts';
export { ReadModels, type EntrySource } from './sqlite/read-models.ts';
export { Reports, type Report, type ReportedLog } from './reports.ts';
