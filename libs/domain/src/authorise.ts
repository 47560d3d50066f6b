import { authorisedItemAt, covers, isIssued, itemOf } from './authorisation/state.ts';
import { criteriaInForceAt } from './criteria/decider.ts';
import { LEDGER_STREAM } from './custody/decider.ts';
import { liabilityFor } from './grant/activation.ts';
import type { AuthorisedSession } from './grant/events.ts';
import { grantAt, quotaLeft, type KnownGrant } from './grant/state.ts';
import { annexStandingOf, instrumentStandingOf } from './authorisation/instrument.ts';
import type { Instant, Modality, PersonalData, Refusal, Standing } from './kernel/index.ts';
import { familyOf, modelVersionAt } from './model/decider.ts';
import { partnerAt } from './partner/state.ts';
import { partyAt } from './party/decider.ts';
import { assessRelease, parseStatuses, type ReleasePolicy } from './release/index.ts';
import type { DomainView } from './states.ts';
import { testerAt } from './tester/decider.ts';

/** What someone asks for: may these testers use this model version so, here, for this? */
export interface AccessRequest {
  readonly grant: string;
  /** Who asks: the grant's partner. */
  readonly party: string;
  readonly modelVersion: string;
  readonly modality: Modality;
  readonly testers: readonly string[];
  readonly facility?: string;
  /** Country of the place; a report may leave it and the end use out, a request never does. */
  readonly place?: string;
  readonly endUse?: string;
  /** In the item's unit, where that is not sessions. */
  readonly reserve?: number;
}

export interface Permit extends Pick<AuthorisedSession, 'item' | 'reserved' | 'criteria' | 'basis' | 'assessments'> {
  readonly liability: string;
  /** The inputs of each assessment, to be sealed. */
  readonly personal: readonly PersonalData[];
}
export interface Deny {
  readonly deny: readonly [Refusal, ...Refusal[]];
}

/**
 * The one rule engine (design.md, decision 5): R10 whole, against one view at one instant. Every rule is looked at, in
 * this fixed order, so that a refusal names all that failed:
 * party, partner, model version, grant, authorisation, instrument, annex, liability, testers, scope, criteria, release, quota.
 */
export function authorise(
  view: DomainView,
  request: AccessRequest,
  now: Instant,
  policy?: ReleasePolicy,
): { readonly permit: Permit } | Deny {
  const failed: Refusal[] = [];
  const basis: Record<string, string> = {};
  const rest = (key: string, rule: string, on: Standing) => {
    if (on.holds) basis[key] = on.by;
    else failed.push({ rule, detail: `${key}: ${on.because}` });
  };
  const require = (holds: boolean, rule: string, detail: string) => {
    if (!holds) failed.push({ rule, detail });
  };
  const { modelVersion, modality, testers, facility, place, endUse } = request;
  const grant = view.state('grant', request.grant);
  if (grant === undefined || grant.status === 'unknown')
    return { deny: [{ rule: 'not-found', detail: `there is no grant ${request.grant}` }] };
  require(grant.party === request.party, 'not-entitled', 'the grant is of another partner');

  rest('party', 'party-suspended', partyAt(view.state('party', grant.party), now));
  rest('partner', 'partner-not-admitted', partnerAt(view.state('partner', grant.partner), now));
  const family = familyOf(view, modelVersion);
  rest(
    'modelVersion',
    'model-version-not-available',
    modelVersionAt(view.state('model', family ?? ''), modelVersion, now),
  );
  const model = view.state('model', family ?? '');
  const released = model?.status === 'registered' ? model.versions[modelVersion] : undefined;
  require(released === undefined ||
    released.modalities.includes(modality), 'modality-not-covered', `the model version is not released by ${modality}`);
  rest('grant', 'grant-not-active', grantAt(grant, now));

  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const item = isIssued(authorisation)
    ? authorisation.scope.items.find((each) => each.family === family && each.modality === modality)
    : undefined;
  rest(
    'authorisation',
    'authorisation-not-in-force',
    authorisedItemAt(authorisation, item?.item ?? 'of that model and modality', now),
  );
  if (isIssued(authorisation)) {
    rest('instrument', 'instrument-not-in-force', instrumentStandingOf(view, authorisation, now));
    if (authorisation.annexEntry !== undefined)
      rest('annexEntry', 'annex-entry-not-in-force', annexStandingOf(view, authorisation, now));
  }
  const liability = liabilityFor(request.grant, modality, view, now);
  rest('liability', 'liability-not-in-force', liability.standing);

  for (const tester of testers) {
    const state = view.state('tester', tester);
    require(grant.scope.testers.includes(tester), 'tester-not-on-grant', `${tester} is not on the grant`);
    require(state !== undefined &&
      state.status !== 'unknown' &&
      state.partner === grant.partner, 'tester-not-rostered', `${tester} is not on the partner's roster`);
    rest(`tester:${tester}`, 'tester-not-cleared', testerAt(state, now));
  }

  const granted = grant.scope.items.find((each) => each.item === item?.item);
  require(granted !== undefined, 'modality-not-covered', `the grant does not cover that model by ${modality}`);
  require(granted?.versions.includes(modelVersion) ??
    false, 'model-version-not-covered', 'the grant does not cover that model version');
  require(place === undefined ||
    grant.scope.places.includes(place), 'place-not-covered', `the grant does not cover ${place}`);
  require(facility === undefined ||
    grant.scope.facilities.includes(facility), 'facility-not-covered', `the grant does not cover ${facility}`);
  require(endUse === undefined ||
    grant.scope.endUses.includes(endUse), 'end-use-not-covered', `the grant does not cover the end use ${endUse}`);

  const stated = (value: string | undefined) => (value === undefined ? [] : [value]);
  const extent = { places: stated(place), facilities: stated(facility), endUses: stated(endUse) };
  require(!isIssued(authorisation) ||
    covers(
      authorisation,
      extent,
    ), 'scope-exceeds-authorisation', 'the authorisation, as it stands, does not cover the place, the facility or the end use');

  const criteria = criteriaInForceAt(view.state('criteria', grant.scope.criteriaSet), now);
  require(criteria !== undefined, 'no-criteria-in-force', `no version of ${grant.scope.criteriaSet} is in force`);

  const assessments: AuthorisedSession['assessments'] = [];
  const personal: PersonalData[] = [];
  const inForce = policyInForce(view);
  for (const tester of testers) {
    const assessed = assess(view, tester, policy ?? inForce.policy, now, item?.countries ?? []);
    if ('rule' in assessed) failed.push(assessed);
    else {
      const { statusesBy, outcome, countries, inputs } = assessed;
      assessments.push({
        tester,
        policy: policy ?? inForce.policy,
        policyBy: inForce.by,
        statusesBy,
        outcome,
        countries,
      });
      personal.push({ person: tester, fields: inputs });
    }
  }

  const unit = item?.quantity.unit;
  const reserved = unit === 'sessions' ? 1 : (request.reserve ?? 0);
  require(unit === 'sessions' ||
    unit === undefined ||
    request.reserve !== undefined, 'reserve-missing', `say how many ${unit} it asks for`);
  const left = quotaLeft(grant as KnownGrant, item?.item ?? '');
  require(granted === undefined ||
    reserved <= left, 'quota-exhausted', `${left} ${unit ?? ''} left, ${reserved} asked for`);

  const [first, ...others] = failed;
  if (first !== undefined) return { deny: [first, ...others] };
  return {
    permit: {
      item: itemOf(authorisation as Extract<typeof authorisation, { issued: unknown }>, item?.item ?? '')?.item ?? '',
      reserved,
      criteria: { set: grant.scope.criteriaSet, version: criteria?.version ?? '', by: criteria?.by ?? '' },
      basis,
      assessments,
      liability: liability.id ?? '',
      personal,
    },
  };
}

function policyInForce(view: DomainView): { policy: ReleasePolicy; by: string } {
  const ledger = view.state('custody', LEDGER_STREAM);
  const parameter = ledger?.status === 'founded' ? ledger.parameters['release-assessment'] : undefined;
  // A founded ledger has the parameter; without one, the stricter policy.
  return { policy: (parameter?.value ?? 'itar-all-held') as ReleasePolicy, by: parameter?.by ?? '' };
}

interface Assessed {
  readonly outcome: 'release' | 'no-release';
  readonly countries: string[];
  readonly statusesBy: string;
  readonly inputs: PersonalData['fields'];
}

/** The release assessment of one tester against the countries that an item is for. */
export function assess(
  view: DomainView,
  tester: string,
  policy: ReleasePolicy,
  now: Instant,
  permitted: 'all' | readonly string[],
): Refusal | Assessed {
  const state = view.state('tester', tester);
  const nationality = state === undefined || state.status === 'unknown' ? undefined : state.nationality;
  const fields = nationality && view.open(nationality.sealed);
  const statuses = fields && parseStatuses(fields);
  if (nationality === undefined || statuses === undefined)
    return { rule: 'nationality-unknown', detail: `${tester} has stated no nationality that can be read` };
  const day = new Date(now).toISOString().slice(0, 10);
  const result = assessRelease(policy, statuses, day);
  const about = { statusesBy: nationality.by as string, inputs: { ...statuses, day } };
  switch (result.outcome) {
    case 'undecided':
      return { rule: 'release-undecided', detail: `${tester}: the allied authority must verify which status counts` };
    case 'no-release':
      return { ...about, outcome: 'no-release', countries: [] };
    case 'release': {
      const outside = permitted === 'all' ? [] : result.countries.filter((country) => !permitted.includes(country));
      return outside.length > 0
        ? {
            rule: 'release-not-permitted',
            detail: `${tester}: a release to ${outside.join(', ')}, which the authorisation does not cover`,
            countries: outside,
          }
        : { ...about, outcome: 'release', countries: [...result.countries] };
    }
  }
}
