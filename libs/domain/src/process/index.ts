export { consequences, isOwed, mayHaveConsequences, owedAt, type Consequence } from './consequences.ts';
export { scopeOf, wholeScope, type Scope } from './scope.ts';
