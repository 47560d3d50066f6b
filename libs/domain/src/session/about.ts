import { refs, type Refs } from '../kernel/index.ts';
import { familyOf } from '../model/decider.ts';
import type { DomainView } from '../states.ts';

/** Everything that an entry about a session refers to. */
export function aboutGrantedSession(
  view: DomainView,
  id: string,
  grantId: string,
  modelVersion: string,
  testers: readonly string[],
): Refs {
  const grant = view.state('grant', grantId);
  if (grant === undefined || grant.status === 'unknown') return refs({ session: [id], grant: [grantId] });
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  return refs({
    ally: [grant.ally],
    partner: [grant.partner],
    parties: [grant.party, grant.authority, grant.developer],
    modelFamily: [familyOf(view, modelVersion)],
    modelVersion: [modelVersion],
    instrument: [
      authorisation !== undefined && authorisation.status !== 'unknown' ? authorisation.instrument : undefined,
    ],
    authorisation: [grant.scope.authorisation],
    grant: [grantId],
    session: [id],
    testers,
    liability: [grant.sessions[id]?.liability],
  });
}

/** The same, of a session that the ledger has. */
export function aboutSession(view: DomainView, id: string): Refs {
  const state = view.state('session', id);
  return state === undefined || state.status === 'unknown'
    ? refs({ session: [id] })
    : aboutGrantedSession(view, id, state.grant, state.modelVersion, state.testers);
}
