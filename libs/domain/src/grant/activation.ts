import { authorisationAt, isIssued, leftOf } from '../authorisation/state.ts';
import type { Instant, Refusal } from '../kernel/index.ts';
import { liabilityAt } from '../liability/state.ts';
import { partnerAt } from '../partner/state.ts';
import type { DomainView } from '../states.ts';
import { isApproved, type KnownGrant } from './state.ts';

/** R8: everything that bars the activation of a grant; empty if nothing does. */
export function barsActivation(id: string, grant: KnownGrant, view: DomainView, now: Instant): readonly Refusal[] {
  const bars: Refusal[] = [];
  const bar = (rule: string, detail: string) => bars.push({ rule, detail });
  if (!isApproved(grant.approvals)) bar('four-eyes', 'developer and allied authority have not both approved');
  const partner = partnerAt(view.state('partner', grant.partner), now);
  if (!partner.holds) bar('partner-not-admitted', partner.because);
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const inForce = authorisationAt(authorisation, now);
  if (!inForce.holds) bar('authorisation-not-in-force', inForce.because);
  if (!isIssued(authorisation)) return bars;
  if (authorisation.conditions.length > 0 && authorisation.acknowledged === undefined)
    bar('conditions-not-acknowledged', 'the conditions of the authorisation are not acknowledged');
  for (const { item, amount } of grant.scope.items) {
    if (!(id in authorisation.reserved) && leftOf(authorisation, item) < amount)
      bar('quantity-exhausted', `the authorisation has ${leftOf(authorisation, item)} of ${item} left, not ${amount}`);
    const modality = authorisation.scope.items.find((each) => each.item === item)?.modality;
    const covered = modality !== undefined && liabilityFor(id, modality, view, now).standing.holds;
    if (!covered) bar('liability-not-in-force', `no liability in force covers ${modality ?? item}`);
  }
  return bars;
}

/** The liability assignment of a grant that covers a modality, or the best reason why there is none. */
export function liabilityFor(grant: string, modality: 'weights' | 'api', view: DomainView, now: Instant) {
  const all = view
    .related('liability', 'grant', grant)
    .map((id) => ({ id, standing: liabilityAt(view.state('liability', id), modality, now) }));
  return (
    all.find(({ standing }) => standing.holds) ??
    all.at(-1) ?? {
      id: undefined,
      standing: { holds: false as const, because: 'the grant has no liability assignment' },
    }
  );
}
