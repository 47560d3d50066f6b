import type { Recorded } from '../kernel/index.ts';
import type { DomainView } from '../states.ts';

/** Of which streams something may follow: all of them, or those that entries since the last time bear on. */
export interface Scope {
  readonly partners: ReadonlySet<string>;
  readonly testers: ReadonlySet<string>;
  readonly authorisations: ReadonlySet<string>;
  readonly liabilities: ReadonlySet<string>;
  readonly criteria: ReadonlySet<string>;
  readonly grants: ReadonlySet<string>;
  /** Session → its grant. */
  readonly sessions: ReadonlyMap<string, string>;
  readonly evidence: ReadonlySet<string>;
}

/** An authorisation's entries that change nothing but the grant that they name, or nothing that a grant rests on. */
const OF_ONE_GRANT: ReadonlySet<string> = new Set(['AuthorisationDecremented', 'AuthorisationReplenished']);
const OF_NO_GRANT: ReadonlySet<string> = new Set([
  'ConditionsCommunicated',
  'ConditionReported',
  'ConditionOverdue',
  'LiabilityProposed',
  'LiabilityCountersigned',
  'LiabilityDeclined',
  'LiabilityAmendmentProposed',
]);

const idsOf = (view: DomainView, category: Parameters<DomainView['all']>[0]) => new Set(view.all(category));

/** Everything: at a start, and when time has passed. */
export function wholeScope(view: DomainView): Scope {
  const sessions = new Map<string, string>();
  for (const id of view.all('grant')) {
    const grant = view.state('grant', id);
    if (grant !== undefined && grant.status !== 'unknown')
      for (const session of Object.keys(grant.sessions)) sessions.set(session, id);
  }
  return {
    partners: idsOf(view, 'partner'),
    testers: idsOf(view, 'tester'),
    authorisations: idsOf(view, 'authorisation'),
    liabilities: idsOf(view, 'liability'),
    criteria: idsOf(view, 'criteria'),
    grants: idsOf(view, 'grant'),
    sessions,
    evidence: idsOf(view, 'evidence'),
  };
}

/** What these entries bear on, so that a command costs what it touches and not what the ledger holds. */
export function scopeOf(view: DomainView, entries: readonly Recorded[]): Scope {
  // An instrument may stand in for others that it replaced; such entries are few.
  if (entries.some(({ stream }) => stream.startsWith('instrument-'))) return wholeScope(view);
  const scope = {
    partners: new Set<string>(),
    testers: new Set<string>(),
    authorisations: new Set<string>(),
    liabilities: new Set<string>(),
    criteria: new Set<string>(),
    grants: new Set<string>(),
    sessions: new Map<string, string>(),
    evidence: new Set<string>(),
  };
  const session = (id: string, grant: string | undefined): void => {
    if (grant === undefined) return;
    scope.sessions.set(id, grant);
    for (const evidence of view.related('evidence', 'session', id)) scope.evidence.add(evidence);
  };
  const grant = (id: string): void => {
    scope.grants.add(id);
    for (const each of view.related('session', 'grant', id)) session(each, id);
    const state = view.state('grant', id);
    if (state !== undefined && state.status !== 'unknown')
      for (const each of Object.keys(state.sessions)) session(each, id);
  };
  const grants = (ref: 'parties' | 'partner' | 'authorisation' | 'modelFamily', id: string): void => {
    for (const each of view.related('grant', ref, id)) grant(each);
  };
  for (const { stream, type, refs } of entries) {
    const category = stream.slice(0, stream.indexOf('-'));
    switch (category) {
      case 'party':
        grants('parties', stream);
        break;
      case 'model':
        grants('modelFamily', stream);
        break;
      case 'criteria':
        scope.criteria.add(stream);
        break;
      case 'partner':
        scope.partners.add(stream);
        grants('partner', stream);
        break;
      case 'tester':
        for (const tester of refs.testers ?? []) {
          scope.testers.add(tester);
          for (const id of view.related('session', 'testers', tester)) {
            const state = view.state('session', id);
            session(id, state !== undefined && state.status !== 'unknown' ? state.grant : undefined);
          }
        }
        break;
      case 'authorisation':
        scope.authorisations.add(stream);
        if (OF_ONE_GRANT.has(type)) for (const id of refs.grant ?? []) scope.grants.add(id);
        else if (!OF_NO_GRANT.has(type)) grants('authorisation', stream);
        break;
      case 'liability':
        scope.liabilities.add(stream);
        if (!OF_NO_GRANT.has(type)) for (const id of refs.grant ?? []) grant(id);
        break;
      case 'grant':
        if (type === 'SessionAuthorised') for (const id of refs.session ?? []) session(id, stream);
        else if (type === 'SessionQuotaReturned') scope.grants.add(stream);
        else grant(stream);
        break;
      case 'session':
        session(stream, refs.grant?.[0]);
        break;
      case 'evidence':
        scope.evidence.add(stream);
        break;
    }
  }
  return scope;
}
