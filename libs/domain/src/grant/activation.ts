import { annexStandingOf, instrumentStandingOf } from '../authorisation/instrument.ts';
import { authorisationAt, authorisedItemAt, isIssued, leftOf } from '../authorisation/state.ts';
import { Checks, type Instant, type Refusal, type Standing } from '../kernel/index.ts';
import type { GrantScope } from './events.ts';
import { liabilityAt } from '../liability/state.ts';
import { partnerAt } from '../partner/state.ts';
import type { DomainView } from '../states.ts';
import { isApproved, usedOf, type KnownGrant } from './state.ts';
import { checkWithinAuthorisation } from './within.ts';

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
  const rests = (rule: string, on: Standing) => {
    if (!on.holds) bar(rule, on.because);
  };
  // R7, again: its authorisation, or what that rests on, may have changed since it was asked for.
  bars.push(...reachesBeyond(grant.scope, view));
  rests('instrument-not-in-force', instrumentStandingOf(view, authorisation, now));
  if (authorisation.annexEntry !== undefined)
    rests('annex-entry-not-in-force', annexStandingOf(view, authorisation, now));
  if (now >= Date.parse(grant.scope.period.until)) bar('grant-not-active', 'the grant has expired');
  if (authorisation.conditions.length > 0 && authorisation.acknowledged === undefined)
    bar('conditions-not-acknowledged', 'the conditions of the authorisation are not acknowledged');
  for (const { item, amount } of grant.scope.items) {
    if (inForce.holds) rests('authorisation-not-in-force', authorisedItemAt(authorisation, item, now));
    if (!(id in authorisation.reserved) && leftOf(authorisation, item) < amount)
      bar('quantity-exhausted', `the authorisation has ${leftOf(authorisation, item)} of ${item} left, not ${amount}`);
    const modality = authorisation.scope.items.find((each) => each.item === item)?.modality;
    const covered = modality !== undefined && liabilityFor(id, modality, view, now).standing.holds;
    if (!covered) bar('liability-not-in-force', `no liability in force covers ${modality ?? item}`);
  }
  return bars;
}

/** R6, R7, R9: everything that bars an amendment from taking effect. */
export function barsAmendment(grant: KnownGrant, view: DomainView): readonly Refusal[] {
  const { amendment } = grant;
  if (amendment === undefined || !isApproved(amendment.approvals))
    return [{ rule: 'four-eyes', detail: 'the amendment is not approved by both' }];
  return [...reachesBeyond(amendment.scope, view), ...belowUse(grant, amendment.scope)];
}

/** R9: a quota never falls below what sessions have used. */
export const belowUse = (grant: KnownGrant, scope: GrantScope): readonly Refusal[] =>
  [...new Set(Object.values(grant.sessions).map(({ item }) => item))].flatMap((item) => {
    const used = usedOf(grant, item);
    const amount = scope.items.find((each) => each.item === item)?.amount ?? 0;
    return used <= amount ? [] : [{ rule: 'quota-exhausted', detail: `sessions have used ${used} of ${item}` }];
  });

function reachesBeyond(scope: GrantScope, view: DomainView): readonly Refusal[] {
  const checks = new Checks();
  checkWithinAuthorisation(checks, scope, view);
  const result = checks.then(() => []);
  return 'refused' in result ? result.refused : [];
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
