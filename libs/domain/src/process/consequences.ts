import { isIssued, isLive, overdueAt } from '../authorisation/state.ts';
import { barsActivation, barsAmendment } from '../grant/activation.ts';
import { causesOf, isLiveGrant, usedOf, type KnownGrant } from '../grant/state.ts';
import { discrepanciesOf, measured, useOf } from '../evidence/judge.ts';
import { runKeyOf } from '../evidence/state.ts';
import type { Instant, Recorded } from '../kernel/index.ts';
import { bearers, isTerminatedAt } from '../liability/state.ts';
import type { KnownSession } from '../session/state.ts';
import type { DomainView } from '../states.ts';
import { endingOf, restsOn } from './endings.ts';
import { scopeOf, wholeScope, type Scope } from './scope.ts';

/** A command that a rule makes follow, with the event that made it follow. */
export interface Consequence {
  readonly type: string;
  readonly category: string;
  readonly id: string;
  readonly payload: object;
  readonly cause: string;
  readonly rule: string;
  readonly effectiveAt?: Instant;
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
  'TestFindingRecorded',
  'AuditEngaged',
  'IndependenceDeclared',
  'AuditorRecused',
  'AuditEvidencePinned',
  'AuditFindingRaised',
  'AuditFindingGraded',
  'ManagementResponseRecorded',
  'CorrectiveActionCommitted',
  'CorrectiveActionVerified',
  'AuditFindingClosed',
  'AuditConclusionIssued',
  'AuditReportAmended',
  'EvidenceQuarantined',
  'EvidenceSuperseded',
  'DiscrepancyNoted',
  'AccessDenied',
  'AccessDenialsCounted',
]);
export const mayHaveConsequences = (type: string): boolean => !WITHOUT_CONSEQUENCE.has(type);

/**
 * Everything that the rules make follow from the present state and has not followed yet: coming into force, expiry,
 * overdue reports, activation, suspension and reinstatement by cause (R12), opening, termination orders, voiding (R13),
 * quota that comes back, discrepancies (R14). A reconciliation: it depends on the state only, so it can be run at any time,
 * again, after any crash, and each command's id comes from its cause. `scope`: where to look; everywhere if absent.
 */
export function consequences(view: DomainView, now: Instant, scope: Scope = wholeScope(view)): readonly Consequence[] {
  return [
    ...ofCriteria(view, now, scope.criteria),
    ...ofPartners(view, now, scope.partners),
    ...ofAuthorisations(view, now, scope.authorisations),
    ...ofLiabilities(view, now, scope.liabilities),
    ...ofTesters(view, now, scope.testers),
    ...[...scope.grants].flatMap((id) => {
      const grant = view.state('grant', id);
      return grant === undefined || grant.status === 'unknown' ? [] : [...ofGrant(view, id, grant, now)];
    }),
    ...ofSessions(view, now, scope.sessions),
    ...ofEvidence(view, now, scope.evidence),
  ];
}

function* ofCriteria(view: DomainView, now: Instant, ids: Iterable<string>): Iterable<Consequence> {
  for (const id of ids) {
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

function* ofPartners(view: DomainView, now: Instant, ids: Iterable<string>): Iterable<Consequence> {
  for (const id of ids) {
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

function* ofAuthorisations(view: DomainView, now: Instant, ids: Iterable<string>): Iterable<Consequence> {
  for (const id of ids) {
    const state = view.state('authorisation', id);
    if (!isIssued(state)) continue;
    const of = { category: 'authorisation', id, cause: state.issued.by };
    for (const late of overdueAt(state, now))
      yield { ...of, type: 'MarkConditionOverdue', payload: late, rule: `overdue ${late.condition} ${late.period}` };
    if (isLive(state, now) && Date.parse(state.scope.period.until) <= now)
      yield { ...of, type: 'ExpireAuthorisation', payload: {}, rule: 'expiry' };
  }
}

function* ofTesters(view: DomainView, now: Instant, ids: Iterable<string>): Iterable<Consequence> {
  for (const id of ids) {
    const state = view.state('tester', id);
    if (state?.status !== 'rostered' || !state.clearance || state.clearance.ended) continue;
    const { by, until } = state.clearance;
    if (until <= now)
      yield {
        type: 'EndClearance',
        category: 'tester',
        id,
        payload: { reason: 'its period has ended' },
        cause: by,
        rule: 'expiry',
        effectiveAt: until,
      };
  }
}

function* ofLiabilities(view: DomainView, now: Instant, ids: Iterable<string>): Iterable<Consequence> {
  for (const id of ids) {
    const state = view.state('liability', id);
    if (state === undefined || state.status === 'unknown' || isTerminatedAt(state, now)) continue;
    const of = { category: 'liability', id };
    const reason = 'its period has ended';
    for (const [policy, { by, until, lapsed }] of Object.entries(state.insurance))
      if (until <= now && lapsed === undefined)
        yield {
          ...of,
          type: 'LapseInsurance',
          payload: { policy, reason },
          cause: by,
          rule: `lapse ${policy}`,
          effectiveAt: until,
        };
    const last = state.versions.at(-1);
    const until = last === undefined ? Infinity : Date.parse(last.terms.period.until);
    if (last !== undefined && until <= now)
      yield {
        ...of,
        type: 'TerminateLiability',
        payload: { reason },
        cause: last.by,
        rule: 'expiry',
        effectiveAt: until,
      };
    if (!state.proposal) continue;
    const { digest, terms, signatures, declinedBy } = state.proposal;
    const signed = Object.values(signatures).at(-1);
    if (signed === undefined || declinedBy !== undefined || !bearers(terms).every((party) => party in signatures))
      continue;
    const type = state.versions.length === 0 ? 'BringLiabilityInForce' : 'AmendLiability';
    yield { ...of, type, payload: { digest }, cause: signed, rule: 'R20' };
  }
}

function* ofGrant(view: DomainView, id: string, grant: KnownGrant, now: Instant): Iterable<Consequence> {
  const of = { category: 'grant', id };
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  const reserved = isIssued(authorisation) ? authorisation.reserved[id] : undefined;
  const ended = 'ended' in grant && grant.ended.from <= now ? grant.ended : undefined;
  const bars = grant.status === 'requested' ? barsActivation(id, grant, view, now) : [];
  const on = { category: 'authorisation', id: grant.scope.authorisation };

  if (grant.status === 'requested') {
    if (Date.parse(grant.scope.period.until) <= now)
      yield { ...of, type: 'ExpireGrant', payload: {}, cause: grant.requested, rule: 'expiry' };
    else if (bars.length === 0) {
      const approved = grant.approvals['allied-authority'] ?? '';
      const items = grant.scope.items.map(({ item, amount }) => ({ item, amount }));
      // Once its quantity has gone back, what brings it again is that event: each cause acts once.
      const cause = (isIssued(authorisation) ? authorisation.replenished[id] : undefined) ?? approved;
      if (reserved === undefined)
        yield { ...on, type: 'DecrementAuthorisation', payload: { grant: id, items }, cause, rule: `R8 ${id}` };
      else yield { ...of, type: 'ActivateGrant', payload: {}, cause: approved, rule: 'R8' };
    }
  }

  // The unused rest goes back when the grant ends, or when its activation fails after its quantity was reserved.
  const failed = grant.status === 'refused' || bars.length > 0;
  if (reserved !== undefined && (ended !== undefined || failed)) {
    const items = Object.entries(reserved.items)
      .map(([item, amount]) => ({ item, amount: amount - usedOf(grant, item) }))
      .filter(({ amount }) => amount > 0);
    const before = Object.values(reserved.items).join(' ');
    if (items.length > 0)
      yield {
        ...on,
        type: 'ReplenishAuthorisation',
        payload: { grant: id, items },
        cause: ended?.by ?? reserved.by,
        // More may come back later, when a session returns what it did not use.
        rule: `R5 ${id} of ${before}`,
      };
  }

  if (isLiveGrant(grant, now)) {
    if (grant.amendment && barsAmendment(grant, view).length === 0)
      yield { ...of, type: 'AmendGrant', payload: {}, cause: grant.amendment.by, rule: 'R6' };
    if (Date.parse(grant.scope.period.until) <= now)
      yield { ...of, type: 'ExpireGrant', payload: {}, cause: grant.activated.by, rule: 'expiry' };
    const held = causesOf(grant);
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
      const lifting = on.lifted ?? on.by;
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

function* ofSessions(
  view: DomainView,
  now: Instant,
  sessions: Iterable<readonly [session: string, grant: string]>,
): Iterable<Consequence> {
  for (const [id, grantId] of sessions) {
    const grant = view.state('grant', grantId);
    const use = grant !== undefined && grant.status !== 'unknown' ? grant.sessions[id] : undefined;
    if (grant === undefined || grant.status === 'unknown' || use === undefined) continue;
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
    const amount = unusedOf(view, id, session, use);
    if ('ended' in session && use.returned === undefined && amount > 0)
      yield {
        type: 'ReturnSessionQuota',
        category: 'grant',
        id: grantId,
        payload: { session: id, amount },
        cause: session.ended.by,
        rule: `${session.status === 'voided' ? 'R13' : 'R5'} ${id}`,
      };
    if (session.status === 'voided') continue;
    const ending = endingFor(view, id, grantId, grant, now);
    if (ending) yield ending;
  }
}

/** The order to end, or the voiding, of a session whose basis does not hold; undefined if it holds, or all is over. */
function endingFor(
  view: DomainView,
  id: string,
  grantId: string,
  grant: KnownGrant,
  now: Instant,
): Consequence | undefined {
  const use = grant.sessions[id];
  if (use === undefined) return undefined;
  const { testers, modelVersion, modality, assessments } = use.request;
  const used = { testers, modelVersion, modality, item: use.item, assessments };
  const ended = endingOf(view, grantId, grant, used, now);
  if (ended === undefined) return undefined;
  const { since, reason } = ended;
  const of = { category: 'session', id, cause: since.by };
  const payload = { cause: since.by, reason };
  const session = view.state('session', id);
  const opened = session !== undefined && session.status !== 'unknown';
  // R13: log order decides. What ended before the decision leaves it without a basis, unless it was dated ahead of both.
  if (since.index < use.authorised.index && since.from <= Math.max(use.authorised.from, since.recordedAt))
    return opened && session.status === 'voided' ? undefined : { ...of, type: 'VoidSession', payload, rule: 'R13' };
  if (opened && (session.status !== 'open' || session.terminationOrdered !== undefined)) return undefined;
  const effect = new Date(since.from).toISOString();
  return { ...of, type: 'OrderSessionTermination', payload: { ...payload, effect }, rule: 'R12' };
}

/** What may end something that sessions rest on, at the place in the log where it stands. */
const MAY_END: ReadonlySet<string> = new Set([
  'PartySuspended',
  'PartnerSuspended',
  'PartnerRemoved',
  'AdmissionExpired',
  'ModelVersionWithdrawn',
  'AnnexEntryRemoved',
  'InstrumentSuperseded',
  'InstrumentLifted',
  'AuthorisationSuspended',
  'AuthorisationRevoked',
  'AuthorisationExpired',
  'AuthorisationAmended',
  'AuthorisationSuperseded',
  'GrantSuspended',
  'GrantRevoked',
  'GrantExpired',
  'GrantAmended',
  'LiabilityTerminated',
  'LiabilityAmended',
  'InsuranceLapsed',
  'TesterWithdrawn',
  'ClearanceEnded',
  'NationalityVerified',
]);

/**
 * What an entry makes follow for sessions at its own place in the log, whatever comes after it (R12, R13): a suspension ends
 * the sessions that were open when it was recorded, and what was authorised under it has no basis, also when it is lifted
 * before anybody could act on it. To be asked of each entry once the view has it and nothing after it, with the log time.
 */
export function owedAt(view: DomainView, entry: Recorded, now: Instant): readonly Consequence[] {
  if (entry.type !== 'SessionAuthorised' && !MAY_END.has(entry.type)) return [];
  return [...scopeOf(view, [entry]).sessions].flatMap(([id, grantId]) => {
    const grant = view.state('grant', grantId);
    const ending = grant && grant.status !== 'unknown' ? endingFor(view, id, grantId, grant, now) : undefined;
    return ending ? [ending] : [];
  });
}

/** Whether what was owed is still to be done: `later` while its session is decided on and not opened yet. */
export function isOwed(view: DomainView, { type, id }: Pick<Consequence, 'type' | 'id'>): 'now' | 'later' | 'never' {
  const session = view.state('session', id);
  if (session === undefined || session.status === 'unknown') return 'later';
  if (type === 'VoidSession') return session.status === 'voided' ? 'never' : 'now';
  return session.status === 'open' && session.terminationOrdered === undefined ? 'now' : 'never';
}

/**
 * What of a session's quantity comes back: all of it if it was voided (R13); of hours, calls and tokens, what it reserved
 * and did not use, once it has ended and its use is known (R5). An opened session counts as one, however it ended.
 */
function unusedOf(view: DomainView, id: string, session: KnownSession, use: KnownGrant['sessions'][string]): number {
  if (session.status === 'voided') return use.reserved;
  const used = useOf(view, id, session);
  return used === undefined ? 0 : Math.max(0, use.reserved - used);
}

/** R14: what a file and the ledger disagree about is noted, a broken file is put aside, an edited one takes the place of the former. */
function* ofEvidence(view: DomainView, now: Instant, ids: Iterable<string>): Iterable<Consequence> {
  for (const id of ids) {
    const evidence = view.state('evidence', id);
    if (evidence === undefined || evidence.status === 'unknown') continue;
    const of = { category: 'evidence', id };
    if (evidence.damage && evidence.status === 'received')
      yield { ...of, type: 'QuarantineEvidence', payload: evidence.damage, cause: evidence.received.by, rule: 'R14' };
    if (evidence.status === 'quarantined' || evidence.status === 'superseded') continue;
    for (const { cause, ...payload } of discrepanciesOf(view, id, evidence, now))
      if (!(payload.key in evidence.discrepancies))
        yield { ...of, type: 'NoteDiscrepancy', payload, cause, rule: `R14 ${payload.key}` };
    if (!evidence.log) continue;
    const run = runKeyOf(evidence.run);
    for (const [session, link] of Object.entries(evidence.links)) {
      const state = view.state('session', session);
      if (state === undefined || state.status === 'unknown' || state.status === 'voided') continue;
      for (const { criterion, derived } of measured(view, state, evidence.log))
        if (derived && !(criterion.criterion in state.outcomes))
          yield {
            category: 'session',
            id: session,
            type: 'RecordCriterionOutcome',
            payload: { criterion: criterion.criterion, ...derived, evidence: id },
            cause: link.since.by,
            rule: `metric ${criterion.criterion}`,
          };
      for (const earlier of run === undefined ? [] : view.related('evidence', 'session', session)) {
        const held = earlier === id ? undefined : view.state('evidence', earlier);
        if (held === undefined || held.status !== 'accepted' || runKeyOf(held.run) !== run) continue;
        if ((held.links[session]?.since.index ?? Infinity) < link.since.index)
          yield {
            category: 'evidence',
            id: earlier,
            type: 'SupersedeEvidence',
            payload: { by: id, reason: 'the same run with another digest' },
            cause: link.since.by,
            rule: 'same run',
          };
      }
    }
  }
}
