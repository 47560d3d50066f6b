import type { Criterion } from '../criteria/events.ts';
import type { DomainView } from '../states.ts';
import type { KnownSession } from './state.ts';

/** R11: the criteria of the version that was in force when the session opened, whatever came later. */
export function criteriaOf({ criteria }: KnownSession, view: DomainView): readonly Criterion[] {
  const set = view.state('criteria', criteria?.set ?? '');
  return set?.status === 'published' ? (set.versions[criteria?.version ?? '']?.criteria ?? []) : [];
}
