import { authorisationAt, authorisedItemAt, covers, isIssued, overdueAt } from '../authorisation/state.ts';
import { barsActivation, liabilityFor } from '../grant/activation.ts';
import { isApproved, type KnownGrant } from '../grant/state.ts';
import { annexEntryAt } from '../instrument/decider.ts';
import { noStanding, standing, type Instant, type Since, type Standing } from '../kernel/index.ts';
import { bearers } from '../liability/state.ts';
import { familyOf, modelVersionAt } from '../model/decider.ts';
import { partnerAt } from '../partner/state.ts';
import { partyAt } from '../party/decider.ts';
import type { DomainView } from '../states.ts';
import { testerAt } from '../tester/decider.ts';

/** A command that a rule makes follow, with the event that made it follow. */
export interface Consequence {
  readonly type: string;
  readonly category: string;
  readonly id: string;
  readonly payload: object;
  readonly cause: string;
  readonly rule: string;
}

/** Events after which no rule makes anything follow: they change nothing that another stream rests on. */
const WITHOUT_CONSEQUENCE: ReadonlySet<string> = new Set([
  'PartyRegistered',
  'PartyAmended',
  'FacilityRegistered',
  'PartyKeyAdded',
  'PartyKeyRetired',
  'ModelFamilyRegistered',
  'ModelVersionReleased',
  'ModelClassified',
  'InstrumentLegalStatusAsserted',
  'PartnerNominated',
  'EligibilityApplicationSubmitted',
  'EligibilityApplicationReturned',
  'ScreeningPerformed',
  'ScreeningHitAdjudicated',
  'OnSiteReviewConsented',
  'OnSiteReviewCompleted',
  'EligibilityCriterionAssessed',
  'TesterRostered',
  'NationalityDeclared',
  'NeedToKnowConfirmed',
  'CriterionOutcomeRecorded',
  'TestFindingRecorded',
  'ActivityReported',
  'AccessDenied',
  'AccessDenialsCounted',
]);
export const mayHaveConsequences = (type: string): boolean => !WITHOUT_CONSEQUENCE.has(type);

/**
 * Everything that the rules make follow from the present state and has not followed yet: coming into force, expiry,
 * overdue reports, activation, suspension and reinstatement by cause (R12), opening, termination orders, voiding (R13),
 * quota that comes back. A reconciliation: it depends on the state only, so it can be run at any time, again, after any
 * crash, and each command's id comes from its cause.
 */
export function consequences(view: DomainView, now: Instant): readonly Consequence[] {
  return [
    ...ofCriteria(view, now),
    ...ofPartners(view, now),
    ...ofAuthorisations(view, now),
    ...ofLiabilities(view),
    ...view.all('grant').flatMap((id) => {
      const grant = view.state('grant', id);
      return grant === undefined || grant.status === 'unknown' ? [] : [...ofGrant(view, id, grant, now)];
    }),
    ...ofSessions(view, now),
  ];
}

function* ofCriteria(view: DomainView, now: Instant): Iterable<Consequence> {
  for (const id of view.all('criteria')) {
    const set = view.state('criteria', id);
    if (set?.status !== 'published') continue;
    for (const [version, { inForce, inForceFrom, published }] of Object.entries(set.versions))
      if (inForce === undefined && inForceFrom !== undefined && inForceFrom <= now)
        yield {
          type: 'BringCriteriaSetIntoForce',
          category: 'criteria',
          id,
          payload: { version },
          cause: published.by,
          rule: 'in-force',
        };
  }
}

function* ofPartners(view: DomainView, now: Instant): Iterable<Consequence> {
  for (const id of view.all('partner')) {
    const partner = view.state('partner', id);
    if ((partner?.status === 'admitted' || partner?.status === 'suspended') && partner.admission.until <= now)
      yield {
        type: 'ExpireAdmission',
        category: 'partner',
        id,
        payload: {},
        cause: partner.admission.by,
        rule: 'expiry',
      };
  }
}

function* ofAuthorisations(view: DomainView, now: Instant): Iterable<Consequence> {
  for (const id of view.all('authorisation')) {
    const state = view.state('authorisation', id);
    if (!isIssued(state)) continue;
    const of = { category: 'authorisation', id, cause: state.issued.by };
    for (const late of overdueAt(state, now))
      yield { ...of, type: 'MarkConditionOverdue', payload: late, rule: `overdue ${late.condition} ${late.period}` };
    if ((state.status === 'issued' || state.status === 'suspended') && Date.parse(state.scope.period.until) <= now)
      yield { ...of, type: 'ExpireAuthorisation', payload: {}, rule: 'expiry' };
  }
}

function* ofLiabilities(view: DomainView): Iterable<Consequence> {
  for (const id of view.all('liability')) {
    const state = view.state('liability', id);
    if (state === undefined || state.status === 'unknown' || state.status === 'terminated' || !state.proposal) continue;
    const { digest, terms, signatures, declinedBy } = state.proposal;
    const last = Object.values(signatures).at(-1);
    if (last === undefined || declinedBy !== undefined || !bearers(terms).every((party) => party in signatures))
      continue;
    const type = state.versions.length === 0 ? 'BringLiabilityInForce' : 'AmendLiability';
    yield { type, category: 'liability', id, payload: { digest }, cause: last, rule: 'R20' };
  }
}

/** What a grant as a whole rests on: key → standing. */
function restsOn(
  view: DomainView,
  id: string,
  grant: KnownGrant,
  now: Instant,
): readonly (readonly [string, Standing])[] {
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const modalities = isIssued(authorisation)
    ? authorisation.scope.items
        .filter(({ item }) => grant.scope.items.some((each) => each.item === item))
        .map(({ modality }) => modality)
    : [];
  const liabilities = [...new Set(modalities)].map((modality) => liabilityFor(id, modality, view, now).standing);
  // While one modality is covered the grant goes on; sessions by the others end.
  const liability = liabilities.find(({ holds }) => holds) ?? liabilities[0];
  return [
    [`party ${grant.party}`, partyAt(view.state('party', grant.party), now)],
    [`partner ${grant.partner}`, partnerAt(view.state('partner', grant.partner), now)],
    [`authorisation ${grant.scope.authorisation}`, authorisationAt(authorisation, now)],
    ...(isIssued(authorisation) && authorisation.annexEntry !== undefined
      ? [
          [
            `annex ${authorisation.instrument} ${authorisation.annexEntry}`,
            annexEntryAt(view.state('instrument', authorisation.instrument), authorisation.annexEntry, now),
          ] as const,
        ]
      : []),
    // An amendment that no longer covers the grant is an ending; what it does to single items ends their sessions only.
    ...(isIssued(authorisation) && authorisation.amended !== undefined
      ? [
          [
            `scope ${grant.scope.authorisation}`,
            covers(authorisation, grant.scope)
              ? standing(authorisation.amended.by)
              : noStanding('the grant reaches beyond its amended authorisation', authorisation.amended),
          ] as const,
        ]
      : []),
    ...(liability ? [['liability', liability] as const] : []),
  ];
}

function* ofGrant(view: DomainView, id: string, grant: KnownGrant, now: Instant): Iterable<Consequence> {
  const of = { category: 'grant', id };
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const reserved = isIssued(authorisation) ? authorisation.reserved[id] : undefined;

  if (
    grant.status === 'requested' &&
    isApproved(grant.approvals) &&
    barsActivation(id, grant, view, now).length === 0
  ) {
    const cause = grant.approvals['allied-authority'] ?? '';
    if (reserved === undefined) {
      const items = grant.scope.items.map(({ item, amount }) => ({ item, amount }));
      yield {
        type: 'DecrementAuthorisation',
        category: 'authorisation',
        id: grant.scope.authorisation,
        payload: { grant: id, items },
        cause,
        rule: `R8 ${id}`,
      };
    } else yield { ...of, type: 'ActivateGrant', payload: {}, cause, rule: 'R8' };
  }

  const over = grant.status === 'refused' || grant.status === 'revoked' || grant.status === 'expired';
  if (over && reserved !== undefined) {
    const items = Object.entries(reserved)
      .map(([item, amount]) => ({ item, amount: amount - used(grant, item) }))
      .filter(({ amount }) => amount > 0);
    const cause = 'ended' in grant ? grant.ended.by : Object.values(grant.approvals).at(-1);
    if (items.length > 0 && cause !== undefined)
      yield {
        type: 'ReplenishAuthorisation',
        category: 'authorisation',
        id: grant.scope.authorisation,
        payload: { grant: id, items },
        cause,
        rule: `R5 ${id}`,
      };
  }

  if (grant.status === 'active' || grant.status === 'suspended') {
    if (grant.amendment && isApproved(grant.amendment.approvals))
      yield { ...of, type: 'AmendGrant', payload: {}, cause: grant.amendment.by, rule: 'R6' };
    if (Date.parse(grant.scope.period.until) <= now)
      yield { ...of, type: 'ExpireGrant', payload: {}, cause: grant.activated.by, rule: 'expiry' };
    const held = grant.status === 'suspended' ? grant.causes : {};
    const standings = restsOn(view, id, grant, now);
    const ended = standings.flatMap(([key, on]) =>
      !on.holds && on.ended && !(key in held) ? [{ key, on, event: on.ended.by }] : [],
    );
    for (const { key, on, event } of ended)
      yield {
        ...of,
        type: 'SuspendGrantByCause',
        payload: { causes: [{ key, event }], reason: on.holds ? '' : on.because },
        cause: event,
        rule: `R12 ${key}`,
      };
    for (const [key, on] of standings) {
      const cause = held[key];
      if (cause === undefined || !on.holds) continue;
      const lifting =
        (key.startsWith('authorisation') && isIssued(authorisation) && authorisation.reinstated?.by) || on.by;
      yield {
        ...of,
        type: 'LiftGrantCauses',
        payload: { lifted: [{ key, event: lifting }], reason: 'what it rests on holds again' },
        cause: lifting,
        rule: `R12 lift ${cause.by}`,
      };
    }
  }
}

const used = (grant: KnownGrant, item: string): number =>
  Object.values(grant.sessions)
    .filter((use) => use.item === item)
    .reduce((sum, { reserved, returned = 0 }) => sum + reserved - returned, 0);

function* ofSessions(view: DomainView, now: Instant): Iterable<Consequence> {
  for (const grantId of view.all('grant')) {
    const grant = view.state('grant', grantId);
    if (grant === undefined || grant.status === 'unknown') continue;
    for (const [id, use] of Object.entries(grant.sessions)) {
      const session = view.state('session', id);
      const of = { category: 'session', id };
      if (session === undefined || session.status === 'unknown') {
        yield {
          ...of,
          type: 'RecordSessionOpened',
          payload: { grant: grantId },
          cause: use.authorised.by,
          rule: 'R10',
        };
        continue;
      }
      const unused = session.status === 'voided' ? use.reserved : 0;
      if (session.status === 'voided' && use.returned === undefined)
        yield {
          type: 'ReturnSessionQuota',
          category: 'grant',
          id: grantId,
          payload: { session: id, amount: unused },
          cause: session.ended.by,
          rule: `R13 ${id}`,
        };
      if (session.status === 'voided') continue;
      const ended = endingOf(view, grantId, grant, session.testers, session.modelVersion, use, now);
      if (ended === undefined) continue;
      const { since, reason } = ended;
      const payload = { cause: since.by, reason };
      // R13: log order decides. What ended before the decision, and counted then, leaves it without a basis.
      if (since.index < use.authorised.index && since.from <= use.authorised.from)
        yield { ...of, type: 'VoidSession', payload, cause: since.by, rule: 'R13' };
      else if (session.status === 'open' && session.terminationOrdered === undefined)
        yield { ...of, type: 'OrderSessionTermination', payload, cause: since.by, rule: 'R12' };
    }
  }
}

/** The first ending of what a session rests on; undefined while all of it holds. */
function endingOf(
  view: DomainView,
  grantId: string,
  grant: KnownGrant,
  testers: readonly string[],
  modelVersion: string,
  use: KnownGrant['sessions'][string],
  now: Instant,
): { readonly since: Since; readonly reason: string } | undefined {
  const whole = restsOn(view, grantId, grant, now).map(([, on]) => on);
  const own: Standing[] = [
    authorisedItemAt(view.state('authorisation', grant.scope.authorisation), use.item, now),
    liabilityFor(grantId, use.modality, view, now).standing,
    modelVersionAt(view.state('model', familyOf(view, modelVersion) ?? ''), modelVersion, now),
    ...testers.map((tester) => testerAt(view.state('tester', tester), now)),
  ];
  for (const on of [...whole, ...own]) if (!on.holds && on.ended) return { since: on.ended, reason: on.because };
  if (grant.status === 'suspended') {
    const [cause] = Object.values(grant.causes);
    if (cause) return { since: cause, reason: 'the grant is suspended' };
  }
  if ('ended' in grant) return { since: grant.ended, reason: `the grant is ${grant.status}` };
  return undefined;
}
