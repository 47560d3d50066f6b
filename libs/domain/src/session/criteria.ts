import { criteriaInForceAt } from '../criteria/decider.ts';
import type { Criterion } from '../criteria/events.ts';
import type { DomainView } from '../states.ts';
import type { KnownSession } from './state.ts';

/** R11: the criteria of the version that was in force when the session opened. */
export function criteriaOf(state: KnownSession, view: DomainView): readonly Criterion[] {
  const grant = view.state('grant', state.grant);
  const set =
    state.authorised?.criteria.set ??
    (grant !== undefined && grant.status !== 'unknown' ? grant.scope.criteriaSet : '');
  const criteria = view.state('criteria', set);
  if (criteria?.status !== 'published') return [];
  const version = state.authorised?.criteria.version ?? criteriaInForceAt(criteria, state.began.from)?.version;
  return criteria.versions[version ?? '']?.criteria ?? [];
}
