export { consequences, mayHaveConsequences, type Consequence } from './consequences.ts';
export { scopeOf, wholeScope, type Scope } from './scope.ts';
