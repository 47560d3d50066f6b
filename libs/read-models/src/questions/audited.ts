import type { States } from '../states-at.ts';

/** The grants that an auditor's audits have in scope: what the auditor may see, as of any moment. */
export function auditedBy(states: States, auditor: string): ReadonlySet<string> {
  const scope = new Set<string>();
  for (const id of states.related('audit', 'parties', auditor)) {
    const audit = states.state('audit', id);
    if (audit === undefined || audit.status === 'unknown' || audit.auditor !== auditor || audit.status === 'recused')
      continue;
    for (const grant of audit.scope.grants) scope.add(grant);
  }
  return scope;
}
