import { isIssued, itemOf } from '../authorisation/state.ts';
import type { Checks } from '../kernel/index.ts';
import { isWithin } from '../kernel/index.ts';
import { familyOf } from '../model/decider.ts';
import type { DomainView } from '../states.ts';
import type { GrantScope } from './events.ts';

/** R7: a grant's scope lies within its authorisation's. */
export function checkWithinAuthorisation(checks: Checks, scope: GrantScope, view: DomainView): void {
  const authorisation = view.state('authorisation', scope.authorisation);
  if (!isIssued(authorisation)) {
    checks.require(
      false,
      'authorisation-not-in-force',
      `there is no authorisation ${scope.authorisation} that was issued`,
    );
    return;
  }
  const outer = authorisation.scope;
  checks
    .require(
      isWithin(scope.facilities, outer.facilities),
      'scope-exceeds-authorisation',
      'a facility is outside the authorisation',
    )
    .require(
      isWithin(scope.places, outer.destinations),
      'scope-exceeds-authorisation',
      'a place is outside the authorisation',
    )
    .require(
      isWithin(scope.endUses, outer.endUses),
      'scope-exceeds-authorisation',
      'an end use is outside the authorisation',
    )
    .require(
      outer.period.from <= scope.period.from && scope.period.until <= outer.period.until,
      'scope-exceeds-authorisation',
      'the period is outside that of the authorisation',
    );
  for (const { item, amount, versions } of scope.items) {
    const authorised = itemOf(authorisation, item);
    checks
      .require(authorised !== undefined, 'scope-exceeds-authorisation', `the authorisation has no item ${item}`)
      .require(
        amount <= (authorised?.quantity.amount ?? 0),
        'scope-exceeds-authorisation',
        `${item} is for less than ${amount}`,
      );
    for (const version of versions)
      checks.require(
        familyOf(view, version) === authorised?.family,
        'scope-exceeds-authorisation',
        `${version} is not of the family of ${item}`,
      );
  }
}
