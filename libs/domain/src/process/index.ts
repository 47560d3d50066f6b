export { consequences, mayHaveConsequences, type Consequence } from './consequences.ts';
