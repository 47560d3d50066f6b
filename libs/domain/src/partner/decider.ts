import { criteriaInForceAt, type CriteriaState, type CriteriaVersion } from '../criteria/index.ts';
import {
  Checks,
  comesBefore,
  notForRole,
  refs,
  refuse,
  type Decider,
  type Period,
  type Since,
  type View,
  sinceOf,
} from '../kernel/index.ts';
import type { PartyState } from '../party/index.ts';
import { PARTNER_COMMANDS, type PartnerCommand } from './commands.ts';
import type { PartnerEvent, RecordedPartnerEvent } from './events.ts';
import { suspensionOf, type Admission, type PartnerState } from './state.ts';

type Known = Exclude<PartnerState, { status: 'unknown' }>;
export type PartnerView = View<{ party: PartyState; criteria: CriteriaState }>;

const countryOf = (view: PartnerView, party: string): string | undefined => {
  const state = view.state('party', party);
  return state && state.status !== 'unknown' ? state.country : undefined;
};

/** The criteria version that it applied under. */
function versionOf(state: Known, view: PartnerView): CriteriaVersion | undefined {
  const criteria = view.state('criteria', state.criteriaSet);
  return criteria?.status === 'published' && state.version !== undefined ? criteria.versions[state.version] : undefined;
}

/** R1: everything that bars an admission. */
function barsAdmission(state: Known, view: PartnerView): Checks {
  const version = versionOf(state, view);
  const checks = new Checks().require(version !== undefined, 'criterion-unassessed', 'the partner has not applied yet');
  for (const { criterion, mandatory } of version?.criteria ?? []) {
    const outcome = state.assessments[criterion];
    if (!mandatory) continue;
    checks
      .require(outcome !== undefined, 'criterion-unassessed', `${criterion} is mandatory and not assessed`)
      .require(outcome !== 'not-met', 'criterion-not-met', `${criterion} is mandatory and not met`);
  }
  for (const [screening, { hits }] of Object.entries(state.screenings))
    for (const [hit, outcome] of Object.entries(hits))
      checks
        .require(outcome !== 'open', 'screening-hit-open', `hit ${hit} of screening ${screening} is not adjudicated`)
        .require(outcome !== 'true-match', 'screening-match', `hit ${hit} of screening ${screening} is a match`);
  return checks.require(state.consent !== undefined, 'no-consent-to-review', 'consent to on-site review is missing');
}

const admissionOf = (
  { by, from: counts }: Since,
  { from, until }: Period,
  conditions: readonly string[],
): Admission => ({
  by,
  from: Math.max(Date.parse(from), counts),
  until: Date.parse(until),
  conditions,
});

export const partnerDecider: Decider<PartnerState, PartnerCommand, PartnerEvent, PartnerView> = {
  category: 'partner',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(PARTNER_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now, effectiveAt = now } = command;
    if (command.type === 'NominatePartner') {
      const { party, criteriaSet } = command.payload;
      const country = countryOf(view, party);
      const criteria = view.state('criteria', criteriaSet);
      return new Checks()
        .require(state.status === 'unknown', 'id-taken', `${id} is nominated already`)
        .require(country !== undefined, 'not-found', `there is no party ${party}`)
        .require(
          country === countryOf(view, actor.party),
          'not-entitled',
          'an authority nominates partners of its own country',
        )
        .require(actor.party !== party, 'no-self-assessment', 'nobody nominates themselves')
        .require(
          criteria?.status === 'published' && criteria.kind === 'eligibility',
          'not-found',
          `there is no eligibility criteria set ${criteriaSet}`,
        )
        .then<PartnerEvent>(() => [
          {
            type: 'PartnerNominated',
            data: command.payload,
            refs: refs({ ally: [country], partner: [id], parties: [party, actor.party] }),
          },
        ]);
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no partner ${id}`);
    const about = refs({
      ally: [state.ally],
      partner: [id],
      parties: [
        state.party,
        state.authority,
        ...(actor.party === 'system' ? [] : [actor.party]),
        ...(command.type === 'AssessEligibilityCriterion' ? [command.payload.waiver?.by] : []),
      ],
    });
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    const checks = new Checks()
      .require(
        actor.role !== 'allied-authority' || actor.party === state.authority,
        'not-entitled',
        'the partner is of another authority',
      )
      .require(
        actor.role !== 'trusted-partner' || actor.party === state.party,
        'not-entitled',
        'the partner is another party',
      )
      .require(
        actor.role === 'trusted-partner' || actor.party !== state.party,
        'no-self-assessment',
        'nobody assesses themselves',
      );
    const inStatus = (...allowed: readonly Known['status'][]) =>
      checks.require(allowed.includes(state.status), 'wrong-state', `the partner is ${state.status}`);
    const one = (event: PartnerEvent) => checks.then<PartnerEvent>(() => [{ ...event, ...effective }]);
    const undecided = ['nominated', 'applied', 'returned'] as const;
    const ended = 'ended' in state ? state.ended : undefined;
    /** Removed, but only from a later day on: until then it is what it was. */
    const stillThere = state.status === 'removed' && state.ended.from > now;
    const beginsAndEnds = ({ from, until }: Period) =>
      checks.require(from < until, 'invalid-period', 'the period ends before it begins');
    const atOnce = () =>
      checks.require(effectiveAt <= now, 'counts-at-once', 'a reinstatement counts when it is recorded');
    const personal = command.personal ? { personal: [command.personal] } : {};

    switch (command.type) {
      case 'SubmitEligibilityApplication': {
        inStatus('nominated', 'returned');
        const inForce = criteriaInForceAt(view.state('criteria', state.criteriaSet), now);
        checks.require(inForce !== undefined, 'no-criteria-in-force', `no version of ${state.criteriaSet} is in force`);
        return one({ type: 'EligibilityApplicationSubmitted', data: { version: inForce?.version ?? '' }, refs: about });
      }
      case 'ReturnEligibilityApplication':
        inStatus('applied');
        return one({ type: 'EligibilityApplicationReturned', data: command.payload, refs: about });
      case 'RecordScreening': {
        const { screening } = command.payload;
        checks.require(!(screening in state.screenings), 'id-taken', `there is a screening ${screening} already`);
        return one({ type: 'ScreeningPerformed', data: command.payload, refs: about, ...personal });
      }
      case 'AdjudicateScreeningHit': {
        const { screening, hit } = command.payload;
        const outcome = state.screenings[screening]?.hits[hit];
        checks
          .require(outcome !== undefined, 'not-found', `screening ${screening} has no hit ${hit}`)
          .require(outcome === undefined || outcome === 'open', 'wrong-state', 'the hit is adjudicated already');
        return one({ type: 'ScreeningHitAdjudicated', data: command.payload, refs: about });
      }
      case 'ConsentToOnSiteReview':
        checks.require(state.consent === undefined, 'wrong-state', 'consent is given already');
        return one({ type: 'OnSiteReviewConsented', data: {}, refs: about });
      case 'CompleteOnSiteReview':
        checks.require(state.consent !== undefined, 'no-consent-to-review', 'consent to on-site review is missing');
        return one({ type: 'OnSiteReviewCompleted', data: command.payload, refs: about });
      case 'AssessEligibilityCriterion': {
        const { criterion, outcome, waiver } = command.payload;
        inStatus('applied');
        const criteria = versionOf(state, view)?.criteria;
        checks
          .require(
            state.status !== 'applied' || (criteria?.some((each) => each.criterion === criterion) ?? false),
            'not-found',
            `there is no criterion ${criterion} in the version that it is assessed by`,
          )
          .require(waiver?.by !== state.party, 'no-self-assessment', 'nobody waives a criterion for themselves')
          .require(
            waiver === undefined || countryOf(view, waiver.by) !== undefined,
            'not-found',
            `there is no party ${waiver?.by}`,
          );
        checks.require(
          (outcome === 'waived') === (waiver !== undefined),
          'waiver-incomplete',
          'a waiver, and only that, says who waived it and why',
        );
        return one({ type: 'EligibilityCriterionAssessed', data: command.payload, refs: about });
      }
      case 'AdmitPartner': {
        inStatus('applied');
        beginsAndEnds(command.payload.period);
        return barsAdmission(state, view)
          .also(one({ type: 'PartnerAdmitted', data: command.payload, refs: about }))
          .then<PartnerEvent>(() => [{ type: 'PartnerAdmitted', data: command.payload, refs: about, ...effective }]);
      }
      case 'RefusePartner':
        inStatus(...undecided);
        return one({ type: 'PartnerRefused', data: command.payload, refs: about });
      case 'RenewAdmission': {
        inStatus('admitted', 'suspended', 'expired');
        const { period } = command.payload;
        beginsAndEnds(period).require(
          !('admission' in state) || state.status === 'expired' || Date.parse(period.from) <= state.admission.until,
          'invalid-period',
          'a renewal leaves no gap: after one, renew the admission when it has expired',
        );
        return one({ type: 'AdmissionRenewed', data: command.payload, refs: about });
      }
      case 'ExpireAdmission': {
        inStatus('admitted', 'suspended');
        const until = 'admission' in state ? state.admission.until : Infinity;
        checks.require(until <= now, 'wrong-state', 'the admission has not expired');
        return one({ type: 'AdmissionExpired', data: {}, refs: about, effectiveAt: until });
      }
      case 'SuspendPartner':
        if (!stillThere) inStatus('admitted', 'suspended');
        checks.require(
          !('admission' in state) || comesBefore(suspensionOf(state), effectiveAt, now),
          'wrong-state',
          'the partner is suspended already',
        );
        return one({ type: 'PartnerSuspended', data: command.payload, refs: about });
      case 'ReinstatePartner':
        if (!('suspension' in state && (stillThere || state.status === 'expired'))) inStatus('suspended');
        atOnce();
        return one({ type: 'PartnerReinstated', data: command.payload, refs: about });
      case 'RemovePartner':
        if (!(stillThere && comesBefore(ended, effectiveAt, now))) inStatus('admitted', 'suspended', 'expired');
        return one({ type: 'PartnerRemoved', data: command.payload, refs: about });
    }
  },

  evolve(state, recorded): PartnerState {
    const event = recorded as RecordedPartnerEvent;
    if (event.type === 'PartnerNominated') {
      const { party, criteriaSet } = event.data;
      const ally = event.refs.ally?.[0] as string;
      return { status: 'nominated', party, ally, authority: event.actor, criteriaSet, assessments: {}, screenings: {} };
    }
    if (state.status === 'unknown') return state;
    const since = sinceOf(event);
    switch (event.type) {
      case 'EligibilityApplicationSubmitted': {
        const { version } = event.data;
        // What was assessed by another version says nothing about this one.
        const assessments = version === state.version ? state.assessments : {};
        return { ...nominated(state), status: 'applied', version, assessments };
      }
      case 'EligibilityApplicationReturned':
        return { ...nominated(state), status: 'returned' };
      case 'ScreeningPerformed': {
        const { screening, hits } = event.data;
        const open = Object.fromEntries(hits.map(({ hit }) => [hit, 'open' as const]));
        return { ...state, screenings: { ...state.screenings, [screening]: { hits: open, by: event.id } } };
      }
      case 'ScreeningHitAdjudicated': {
        const { screening, hit, outcome } = event.data;
        const held = state.screenings[screening];
        if (!held) return state;
        const hits = { ...held.hits, [hit]: outcome };
        return { ...state, screenings: { ...state.screenings, [screening]: { ...held, hits } } };
      }
      case 'OnSiteReviewConsented':
        return { ...state, consent: event.id };
      case 'OnSiteReviewCompleted':
        return { ...state, review: event.data.outcome };
      case 'EligibilityCriterionAssessed':
        return { ...state, assessments: { ...state.assessments, [event.data.criterion]: event.data.outcome } };
      case 'PartnerAdmitted':
        return {
          ...nominated(state),
          status: 'admitted',
          admission: admissionOf(since, event.data.period, event.data.conditions),
        };
      case 'AdmissionRenewed': {
        if (!('admission' in state)) return state;
        const renewed = admissionOf(since, event.data.period, state.admission.conditions);
        // Renewed ahead of time it goes on without a break.
        const from = state.status === 'expired' ? renewed.from : Math.min(renewed.from, state.admission.from);
        const suspension = suspensionOf(state);
        const admission = { ...renewed, from };
        return suspension === undefined
          ? { ...nominated(state), status: 'admitted', admission }
          : { ...nominated(state), status: 'suspended', admission, suspension };
      }
      case 'PartnerRefused':
        return { ...nominated(state), status: 'refused' };
      case 'AdmissionExpired':
        return over(state, 'expired', since);
      case 'PartnerSuspended': {
        if (!('admission' in state)) return state;
        if ('ended' in state) return { ...state, suspension: since };
        return { ...nominated(state), status: 'suspended', admission: state.admission, suspension: since };
      }
      case 'PartnerReinstated': {
        if (!('admission' in state)) return state;
        if ('ended' in state) {
          const { suspension: _, ...rest } = state;
          return rest;
        }
        return { ...nominated(state), status: 'admitted', admission: state.admission, reinstated: event.id };
      }
      case 'PartnerRemoved':
        return over(state, 'removed', since);
    }
  },
};

function over(state: Known, status: 'expired' | 'removed', ended: Since): PartnerState {
  if (!('admission' in state)) return state;
  const suspension = suspensionOf(state);
  const { admission } = state;
  return { ...nominated(state), status, admission, ended, ...(suspension === undefined ? {} : { suspension }) };
}

/** What every status has. */
function nominated(state: Known) {
  const { party, ally, authority, criteriaSet, version, assessments, screenings, consent, review } = state;
  return {
    party,
    ally,
    authority,
    criteriaSet,
    assessments,
    screenings,
    ...(version === undefined ? {} : { version }),
    ...(consent === undefined ? {} : { consent }),
    ...(review === undefined ? {} : { review }),
  };
}
