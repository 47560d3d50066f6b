export { consequences, type Consequence } from './consequences.ts';
