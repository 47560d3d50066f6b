import { isIssued, type AuthorisationState } from '../authorisation/state.ts';
import type { GrantState } from '../grant/state.ts';
import {
  Checks,
  comesBefore,
  notForRole,
  refs,
  refuse,
  sinceOf,
  type Decider,
  type Refs,
  type View,
} from '../kernel/index.ts';
import type { ModelState } from '../model/decider.ts';
import { LIABILITY_COMMANDS, type LiabilityCommand } from './commands.ts';
import type { LiabilityEvent, LiabilityTerms, RecordedLiabilityEvent } from './events.ts';
import { bearers, type LiabilityState } from './state.ts';

export type LiabilityView = View<{ grant: GrantState; authorisation: AuthorisationState; model: ModelState }>;

/** What the grant is about is what its liability is about. */
function aboutGrant(view: LiabilityView, id: string): Refs {
  const grant = view.state('grant', id);
  if (grant === undefined || grant.status === 'unknown') return refs({ grant: [id] });
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  return refs({
    ally: [grant.ally],
    partner: [grant.partner],
    modelFamily: grant.families,
    modelVersion: grant.scope.items.flatMap(({ versions }) => versions),
    instrument: [isIssued(authorisation) ? authorisation.instrument : undefined],
    authorisation: [grant.scope.authorisation],
    grant: [id],
  });
}

/** R19, and what else a text must be to be put on the table. */
function checkTerms(checks: Checks, { heads, period }: LiabilityTerms): void {
  checks.require(period.from < period.until, 'invalid-period', 'the period ends before it begins');
  checks.require(
    new Set(heads.map(({ head }) => head)).size === heads.length,
    'head-twice',
    'a head of loss comes twice',
  );
  for (const { head, regime, shares } of heads) {
    if (regime === 'cross-waiver' || regime === 'excluded') continue;
    const sum = shares.reduce((total, { basisPoints }) => total + basisPoints, 0);
    checks.require(sum === 10_000, 'shares-do-not-add-up', `the shares of ${head} add up to ${sum}, not 10,000`);
    checks.require(
      new Set(shares.map(({ party }) => party)).size === shares.length,
      'party-twice',
      `a party has two shares of ${head}`,
    );
  }
}

export const liabilityDecider: Decider<LiabilityState, LiabilityCommand, LiabilityEvent, LiabilityView> = {
  category: 'liability',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(LIABILITY_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now, effectiveAt = now } = command;
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    if (command.type === 'ProposeLiability') {
      const { grant, terms } = command.payload;
      const about = view.state('grant', grant);
      const checks = new Checks()
        .require(state.status === 'unknown', 'id-taken', `${id} is proposed already`)
        .require(about !== undefined && about.status !== 'unknown', 'not-found', `there is no grant ${grant}`)
        .require(bearers(terms).includes(actor.party), 'not-entitled', 'only a party that bears something proposes');
      checkTerms(checks, terms);
      return checks.then<LiabilityEvent>(() => {
        return [
          {
            type: 'LiabilityProposed',
            data: { grant, terms, digest: view.digest(terms) },
            refs: {
              ...aboutGrant(view, grant),
              ...refs({ liability: [id], parties: [...bearers(terms), actor.party] }),
            },
          },
        ];
      });
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no liability assignment ${id}`);
    const { proposal, versions } = state;
    const inForce = versions.at(-1)?.terms;
    const onTable = proposal === undefined ? [] : bearers(proposal.terms);
    // Who bears by the text in force commands it; who would bear by the text on the table signs that.
    const signing = command.type === 'CountersignLiability' || command.type === 'DeclineLiability';
    const bearing = signing || inForce === undefined ? onTable : bearers(inForce);
    const parties = [...(inForce === undefined ? [] : bearers(inForce)), ...onTable];
    const about = {
      ...aboutGrant(view, state.grant),
      ...refs({ liability: [id], parties: [...parties, ...(actor.party === 'system' ? [] : [actor.party])] }),
    };
    const terminated = state.status === 'terminated' ? state.terminated : undefined;
    const checks = new Checks()
      .require(
        actor.role === 'system' || bearing.includes(actor.party),
        'not-entitled',
        `${actor.party} bears nothing here`,
      )
      .require(
        command.type === 'TerminateLiability'
          ? comesBefore(terminated, effectiveAt, now)
          : terminated === undefined || terminated.from > now,
        'wrong-state',
        'the liability assignment is terminated',
      );
    const one = (event: LiabilityEvent) => checks.then<LiabilityEvent>(() => [event]);
    const signedByAll =
      proposal !== undefined && bearers(proposal.terms).every((party) => party in proposal.signatures);

    switch (command.type) {
      case 'CountersignLiability':
      case 'DeclineLiability': {
        const { digest } = command.payload;
        checks
          .require(
            proposal !== undefined && proposal.declinedBy === undefined,
            'wrong-state',
            'there is no text on the table',
          )
          .require(proposal?.digest === digest, 'other-text', 'the digest is of another text than the one on the table')
          .require(!(actor.party in (proposal?.signatures ?? {})), 'wrong-state', 'signed already');
        return command.type === 'CountersignLiability'
          ? one({ type: 'LiabilityCountersigned', data: { digest }, refs: about })
          : one({ type: 'LiabilityDeclined', data: command.payload, refs: about });
      }
      case 'BringLiabilityInForce':
      case 'AmendLiability': {
        const first = versions.length === 0;
        checks
          .require(
            first === (command.type === 'BringLiabilityInForce'),
            'wrong-state',
            'a first text comes into force, a later one amends',
          )
          .require(
            proposal?.digest === command.payload.digest && signedByAll,
            'not-countersigned',
            'not every bearing party has signed this text',
          )
          .require(
            (command.effectiveAt ?? now) >= now,
            'never-backwards',
            'a text never counts from before it was signed by all',
          );
        const type = first ? 'LiabilityInForce' : 'LiabilityAmended';
        return one({ type, data: command.payload, refs: about, ...effective });
      }
      case 'ProposeLiabilityAmendment': {
        const amended = command.payload.terms;
        checks.require(versions.length > 0, 'wrong-state', 'nothing is in force that could be amended');
        checkTerms(checks, amended);
        return one({
          type: 'LiabilityAmendmentProposed',
          data: { terms: amended, digest: view.digest(amended) },
          refs: { ...about, ...refs({ parties: [...(about.parties ?? []), ...bearers(amended)] }) },
        });
      }
      case 'EvidenceInsurance':
        checks.require(
          !(command.payload.policy in state.insurance),
          'id-taken',
          `policy ${command.payload.policy} is evidenced already`,
        );
        return one({ type: 'InsuranceEvidenced', data: command.payload, refs: about });
      case 'LapseInsurance': {
        const policy = state.insurance[command.payload.policy];
        checks
          .require(policy !== undefined, 'not-found', `there is no policy ${command.payload.policy}`)
          .require(policy?.lapsed === undefined, 'wrong-state', 'the policy has lapsed already');
        return one({ type: 'InsuranceLapsed', data: command.payload, refs: about, ...effective });
      }
      case 'TerminateLiability':
        return one({ type: 'LiabilityTerminated', data: command.payload, refs: about, ...effective });
    }
  },

  evolve(state, recorded): LiabilityState {
    const event = recorded as RecordedLiabilityEvent;
    const since = sinceOf(event);
    if (event.type === 'LiabilityProposed') {
      const { grant, terms, digest } = event.data;
      return {
        status: 'proposed',
        grant,
        partner: event.refs.partner?.[0] as string,
        ally: event.refs.ally?.[0] as string,
        versions: [],
        proposal: { terms, digest, by: event.id, signatures: {} },
        insurance: {},
      };
    }
    if (state.status === 'unknown') return state;
    const { proposal, ...settled } = state;
    switch (event.type) {
      case 'LiabilityAmendmentProposed':
        return { ...state, proposal: { ...event.data, by: event.id, signatures: {} } };
      case 'LiabilityCountersigned':
        if (!proposal) return state;
        return { ...state, proposal: { ...proposal, signatures: { ...proposal.signatures, [event.actor]: event.id } } };
      case 'LiabilityDeclined':
        return proposal ? { ...state, proposal: { ...proposal, declinedBy: event.actor } } : state;
      case 'LiabilityInForce':
      case 'LiabilityAmended':
        if (!proposal) return state;
        return {
          ...settled,
          ...(settled.status === 'terminated' ? {} : { status: 'in-force' as const }),
          versions: [...state.versions, { ...since, terms: proposal.terms, digest: proposal.digest }],
        };
      case 'InsuranceEvidenced': {
        const { policy, period } = event.data;
        const insurance = { by: event.id, from: Date.parse(period.from), until: Date.parse(period.until) };
        return { ...state, insurance: { ...state.insurance, [policy]: insurance } };
      }
      case 'InsuranceLapsed': {
        const held = state.insurance[event.data.policy];
        if (!held) return state;
        return { ...state, insurance: { ...state.insurance, [event.data.policy]: { ...held, lapsed: since } } };
      }
      case 'LiabilityTerminated':
        return { ...state, status: 'terminated', terminated: since };
    }
  },
};
