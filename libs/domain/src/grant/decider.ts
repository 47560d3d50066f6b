import { isIssued } from '../authorisation/state.ts';
import { authorise, type AccessRequest } from '../authorise.ts';
import { Checks, comesBefore, notForRole, refs, refuse, sinceOf, type Decider } from '../kernel/index.ts';
import { familyOf } from '../model/decider.ts';
import type { DomainView } from '../states.ts';
import { GRANT_COMMANDS, type GrantCommand } from './commands.ts';
import type { GrantEvent, GrantScope, RecordedGrantEvent } from './events.ts';
import { barsActivation, barsAmendment, belowUse } from './activation.ts';
import { causesOf, isLiveGrant, type GrantState, type KnownGrant, type SessionUse } from './state.ts';
import { checkWithinAuthorisation } from './within.ts';

export const grantDecider: Decider<GrantState, GrantCommand, GrantEvent, DomainView> = {
  category: 'grant',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(GRANT_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now, effectiveAt = now } = command;
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };

    if (command.type === 'RequestGrant') {
      const { partner: partnerId, scope } = command.payload;
      const partner = view.state('partner', partnerId);
      const known = partner === undefined || partner.status === 'unknown' ? undefined : partner;
      const authorisation = view.state('authorisation', scope.authorisation);
      const checks = new Checks()
        .require(state.status === 'unknown', 'id-taken', `${id} exists already`)
        .require(known?.party === actor.party, 'not-entitled', 'a partner asks for itself')
        .require(
          isIssued(authorisation) && authorisation.partner === partnerId,
          'not-found',
          'the authorisation is not for this partner',
        );
      checkWithinAuthorisation(checks, scope, view);
      checkScope(checks, scope, partnerId, view);
      const [developer = ''] = developersOf(
        scope.items.flatMap(({ versions }) => versions),
        view,
      );
      return checks.then<GrantEvent>(() => [
        {
          type: 'GrantRequested',
          data: { partner: partnerId, party: known?.party ?? '', authority: known?.authority ?? '', developer, scope },
          refs: aboutScope(id, partnerId, [scope], view),
        },
      ]);
    }

    if (state.status === 'unknown') return refuse('not-found', `there is no grant ${id}`);
    const checks = new Checks();
    // Also what is asked for, while it is on the table.
    const scopes = [state.scope, ...(state.amendment ? [state.amendment.scope] : [])];
    const about = aboutScope(id, state.partner, scopes, view);
    const ofSession = (session: string, use: Pick<SessionUse, 'request' | 'liability'> | undefined) => ({
      ...about,
      ...refs({
        session: [session],
        testers: use?.request.testers,
        modelFamily: [use && familyOf(view, use.request.modelVersion)],
        modelVersion: [use?.request.modelVersion],
        liability: [use?.liability],
      }),
    });
    const one = (event: GrantEvent) => checks.then<GrantEvent>(() => [{ ...event, ...effective }]);
    const its = () =>
      checks
        .require(
          actor.role !== 'trusted-partner' || actor.party === state.party,
          'not-entitled',
          'the grant is of another partner',
        )
        .require(
          actor.role !== 'developer' || actor.party === state.developer,
          'not-entitled',
          'the models are of another developer',
        )
        .require(
          actor.role !== 'allied-authority' || actor.party === state.authority,
          'not-entitled',
          'the partner is of another authority',
        );
    const live = () => checks.require(isLiveGrant(state, now), 'wrong-state', `the grant is ${state.status}`);
    const ended = 'ended' in state ? state.ended : undefined;

    switch (command.type) {
      case 'ApproveGrant':
      case 'RefuseGrant': {
        its();
        const { of } = command.payload;
        const as = actor.role as 'developer' | 'allied-authority';
        const approvals = of === 'grant' ? state.approvals : state.amendment?.approvals;
        checks
          .require(
            of === 'grant' ? state.status === 'requested' : state.amendment !== undefined,
            'wrong-state',
            `there is no ${of} to decide on`,
          )
          .require(approvals?.[as] === undefined, 'wrong-state', `the ${as} has approved already`)
          .require(actor.party !== state.requestedBy, 'four-eyes', 'nobody approves what they asked for')
          .require(
            command.type === 'RefuseGrant' || state.developer !== state.authority,
            'four-eyes',
            'one party cannot approve twice',
          );
        return command.type === 'ApproveGrant'
          ? one({ type: 'GrantApproved', data: { as, of }, refs: about })
          : one({ type: 'GrantRefused', data: command.payload, refs: about });
      }
      case 'ActivateGrant': {
        checks.require(state.status === 'requested', 'wrong-state', `the grant is ${state.status}`);
        checks.all(barsActivation(id, state, view, now));
        const authorisation = view.state('authorisation', state.scope.authorisation);
        checks.require(
          isIssued(authorisation) && id in authorisation.reserved,
          'quantity-not-reserved',
          'its quantity is not reserved',
        );
        return one({ type: 'GrantActivated', data: {}, refs: about });
      }
      case 'RequestGrantAmendment': {
        its();
        live();
        const { scope } = command.payload;
        checks.require(
          scope.authorisation === state.scope.authorisation,
          'scope-exceeds-authorisation',
          'an amendment stays under its authorisation',
        );
        for (const { item, amount } of scope.items) {
          const now = state.scope.items.find((each) => each.item === item)?.amount ?? 0;
          checks.require(amount <= now, 'quantity-not-reserved', `${item} has ${now}: more needs a grant of its own`);
        }
        checks.all(belowUse(state, scope));
        checkWithinAuthorisation(checks, scope, view);
        checkScope(checks, scope, state.partner, view);
        return one({
          type: 'GrantAmendmentRequested',
          data: command.payload,
          refs: aboutScope(id, state.partner, [...scopes, scope], view),
        });
      }
      case 'AmendGrant': {
        live();
        checks.all(barsAmendment(state, view));
        return one({ type: 'GrantAmended', data: { scope: state.amendment?.scope ?? state.scope }, refs: about });
      }
      case 'OpenSession': {
        const { payload } = command;
        const session = payload.session ?? command.newId?.('session') ?? '';
        const request: AccessRequest = { ...payload, grant: id, party: actor.party };
        checks.require(
          view.state('session', session) === undefined && !(session in state.sessions),
          'id-taken',
          `there is a session ${session} already`,
        );
        const decision = authorise(view, request, now);
        if ('deny' in decision) {
          checks.all(decision.deny);
          return checks.then<GrantEvent>(() => []);
        }
        const { item, reserved, criteria, basis, assessments, personal } = decision.permit;
        const { modelVersion, modality, testers, facility, place, endUse } = payload;
        return checks.then<GrantEvent>(() => [
          {
            type: 'SessionAuthorised',
            data: {
              session,
              modelVersion,
              modality,
              item,
              reserved,
              testers: [...testers],
              ...(facility === undefined ? {} : { facility }),
              place,
              endUse,
              criteria,
              basis,
              assessments: [...assessments],
            },
            refs: ofSession(session, {
              request: {
                ...decision.permit,
                ...payload,
                session,
                testers: [...testers],
                assessments: [...assessments],
              },
              liability: decision.permit.liability,
            }),
            personal: personal,
          },
        ]);
      }
      case 'ReturnSessionQuota': {
        const { session, amount } = command.payload;
        const use = state.sessions[session];
        checks
          .require(use !== undefined && use.returned === undefined, 'wrong-state', 'there is nothing to return')
          .require(amount <= (use?.reserved ?? 0), 'quantity-exceeded', 'more than the session took');
        return one({
          type: 'SessionQuotaReturned',
          data: { session, item: use?.item ?? '', amount },
          refs: ofSession(session, use),
        });
      }
      case 'SuspendGrant': {
        its();
        const key = `by ${actor.role}`;
        live();
        checks.require(
          comesBefore(causesOf(state)[key], effectiveAt, now),
          'wrong-state',
          `the ${actor.role} has suspended it already`,
        );
        // The event is its own cause: its id is that of this command's first event, which evolve knows.
        return one({
          type: 'GrantSuspended',
          data: { causes: [{ key, event: 'self' }], reason: command.payload.reason },
          refs: about,
        });
      }
      case 'ReinstateGrant': {
        its();
        const key = `by ${actor.role}`;
        const cause = causesOf(state)[key];
        live();
        checks
          .require(cause !== undefined, 'wrong-state', `the ${actor.role} has not suspended it`)
          .require(effectiveAt <= now, 'counts-at-once', 'a reinstatement counts when it is recorded');
        return one({
          type: 'GrantReinstated',
          data: { lifted: [{ key, event: cause?.by ?? 'self' }], reason: command.payload.reason },
          refs: about,
        });
      }
      case 'SuspendGrantByCause': {
        live();
        const held = causesOf(state);
        checks.require(
          command.payload.causes.every(({ key }) => !(key in held)),
          'wrong-state',
          'the cause is known already',
        );
        return one({ type: 'GrantSuspended', data: command.payload, refs: about });
      }
      case 'LiftGrantCauses': {
        const held = causesOf(state);
        checks.require(
          command.payload.lifted.every(({ key }) => key in held),
          'wrong-state',
          'the cause is not there',
        );
        return one({ type: 'GrantReinstated', data: command.payload, refs: about });
      }
      case 'RevokeGrant':
        its();
        // What was approved and is not active yet can be taken back too.
        if (state.status !== 'requested') live();
        checks.require(comesBefore(ended, effectiveAt, now), 'wrong-state', `the grant is ${state.status} already`);
        return one({ type: 'GrantRevoked', data: command.payload, refs: about });
      case 'ExpireGrant': {
        if (state.status !== 'requested') live();
        const until = Date.parse(state.scope.period.until);
        checks.require(until <= now, 'wrong-state', 'the grant has not expired');
        return checks.then<GrantEvent>(() => [{ type: 'GrantExpired', data: {}, refs: about, effectiveAt: until }]);
      }
    }
  },

  evolve(state, recorded): GrantState {
    const event = recorded as RecordedGrantEvent;
    const since = sinceOf(event);
    if (event.type === 'GrantRequested') {
      const { partner, party, authority, developer, scope } = event.data;
      return {
        status: 'requested',
        partner,
        party,
        ally: event.refs.ally?.[0] as string,
        authority,
        developer,
        families: event.refs.modelFamily ?? [],
        requestedBy: event.actor,
        requested: event.id,
        scope,
        approvals: {},
        sessions: {},
      };
    }
    if (state.status === 'unknown') return state;
    switch (event.type) {
      case 'GrantApproved': {
        const { as, of } = event.data;
        if (of === 'grant') return { ...state, approvals: { ...state.approvals, [as]: event.id } };
        if (!state.amendment) return state;
        const approvals = { ...state.amendment.approvals, [as]: event.id };
        return { ...state, amendment: { ...state.amendment, approvals } };
      }
      case 'GrantRefused': {
        if (event.data.of === 'grant') return { ...known(state), status: 'refused' };
        const { amendment: _, ...rest } = state;
        return rest;
      }
      case 'GrantActivated':
        return { ...known(state), status: 'active', activated: since };
      case 'GrantAmendmentRequested':
        return { ...state, amendment: { scope: event.data.scope, approvals: {}, by: event.id } };
      case 'GrantAmended': {
        const { amendment: _, ...rest } = state;
        return { ...rest, scope: event.data.scope };
      }
      case 'SessionAuthorised': {
        const { session, item, modality, reserved } = event.data;
        const [liability] = event.refs.liability ?? [];
        const rests = liability === undefined ? {} : { liability };
        const use = { item, modality, reserved, authorised: since, request: event.data, ...rests };
        return { ...state, sessions: { ...state.sessions, [session]: use } };
      }
      case 'SessionQuotaReturned': {
        const { session, amount } = event.data;
        const use = state.sessions[session];
        return use ? { ...state, sessions: { ...state.sessions, [session]: { ...use, returned: amount } } } : state;
      }
      case 'GrantSuspended': {
        if (!('activated' in state) || state.activated === undefined) return state;
        const causes = { ...causesOf(state) };
        for (const { key, event: by } of event.data.causes)
          causes[key] = { ...since, by: (by === 'self' ? event.id : by) as typeof since.by };
        return 'ended' in state
          ? { ...state, causes }
          : { ...known(state), status: 'suspended', activated: state.activated, causes };
      }
      case 'GrantReinstated': {
        const lifted = new Set(event.data.lifted.map(({ key }) => key));
        const causes = Object.fromEntries(Object.entries(causesOf(state)).filter(([key]) => !lifted.has(key)));
        if ('ended' in state) return { ...state, causes };
        if (state.status !== 'suspended') return state;
        return Object.keys(causes).length > 0
          ? { ...state, causes }
          : { ...known(state), status: 'active', activated: state.activated };
      }
      case 'GrantRevoked':
      case 'GrantExpired': {
        const activated = 'activated' in state && state.activated ? { activated: state.activated } : {};
        const status = event.type === 'GrantRevoked' ? 'revoked' : 'expired';
        return { ...known(state), ...activated, causes: causesOf(state), status, ended: since };
      }
    }
  },
};

function checkScope(checks: Checks, scope: GrantScope, partner: string, view: DomainView): void {
  const { testers, items, period, criteriaSet } = scope;
  checks
    .require(period.from < period.until, 'invalid-period', 'the period ends before it begins')
    .require(new Set(items.map(({ item }) => item)).size === items.length, 'item-twice', 'an item comes twice');
  for (const tester of testers) {
    const state = view.state('tester', tester);
    checks.require(
      state !== undefined && state.status !== 'unknown' && state.partner === partner,
      'tester-not-rostered',
      `${tester} is not on the partner's roster`,
    );
  }
  const criteria = view.state('criteria', criteriaSet);
  checks.require(
    criteria?.status === 'published' && criteria.kind === 'testing',
    'not-found',
    `there is no testing criteria set ${criteriaSet}`,
  );
  checks.require(
    developersOf(
      items.flatMap(({ versions }) => versions),
      view,
    ).length === 1,
    'several-developers',
    'a grant is for models of one developer',
  );
}

const developersOf = (versions: readonly string[], view: DomainView): readonly string[] => [
  ...new Set(
    versions.flatMap((version) => {
      const family = view.state('model', familyOf(view, version) ?? '');
      return family?.status === 'registered' ? [family.developer] : [];
    }),
  ),
];

function aboutScope(id: string, partnerId: string, scopes: readonly GrantScope[], view: DomainView) {
  const partner = view.state('partner', partnerId);
  const rests = scopes.map((scope) => scope.authorisation);
  const versions = scopes.flatMap(({ items }) => items.flatMap((item) => item.versions));
  const known = partner === undefined || partner.status === 'unknown' ? undefined : partner;
  return refs({
    ally: [known?.ally],
    partner: [partnerId],
    parties: [known?.party, known?.authority, ...developersOf(versions, view)],
    modelFamily: versions.map((version) => familyOf(view, version)),
    modelVersion: versions,
    instrument: rests.map((each) => {
      const authorisation = view.state('authorisation', each);
      return isIssued(authorisation) ? authorisation.instrument : undefined;
    }),
    authorisation: rests,
    grant: [id],
    testers: scopes.flatMap(({ testers }) => testers),
  });
}

/** What every status has. */
function known(state: KnownGrant) {
  const { partner, party, ally, authority, developer, families, requestedBy, requested } = state;
  const { scope, approvals, amendment, sessions } = state;
  return {
    partner,
    party,
    ally,
    authority,
    developer,
    families,
    requestedBy,
    requested,
    scope,
    approvals,
    ...(amendment ? { amendment } : {}),
    sessions,
  };
}
