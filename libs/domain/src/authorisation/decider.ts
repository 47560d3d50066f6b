import { annexEntryAt, instrumentAt, type InstrumentState } from '../instrument/index.ts';
import { Checks, notForRole, refs, refuse, sinceOf, type Decider, type Modality, type View } from '../kernel/index.ts';
import type { PartnerState } from '../partner/index.ts';
import { AUTHORISATION_COMMANDS, type AuthorisationCommand } from './commands.ts';
import type { AuthorisationEvent, AuthorisationScope, RecordedAuthorisationEvent } from './events.ts';
import { isIssued, itemOf, leftOf, overdueAt, type AuthorisationState } from './state.ts';

export type AuthorisationView = View<{ instrument: InstrumentState; partner: PartnerState }>;

const within = <T>(inner: 'all' | readonly T[], outer: 'all' | readonly T[]): boolean =>
  outer === 'all' || (inner !== 'all' && inner.every((each) => outer.includes(each)));

/** R7: what an authorisation frees lies within what its instrument controls, or its annex lists. */
function checkWithinInstrument(
  checks: Checks,
  scope: AuthorisationScope,
  instrument: InstrumentState | undefined,
  annexEntry: string | undefined,
): void {
  if (instrument?.status !== 'recorded') {
    checks.require(false, 'not-found', 'there is no such instrument');
    return;
  }
  const { families, modalities, destinations } = instrument.scope;
  checks.require(
    within(scope.destinations, destinations),
    'scope-exceeds-instrument',
    'a destination is outside the instrument',
  );
  const listed = annexEntry === undefined ? undefined : instrument.annex[annexEntry];
  for (const { item, family, modality, countries } of scope.items) {
    checks
      .require(
        within([family], families),
        'scope-exceeds-instrument',
        `the family of ${item} is outside the instrument`,
      )
      .require(
        modalities.includes(modality),
        'scope-exceeds-instrument',
        `the modality of ${item} is outside the instrument`,
      );
    if (annexEntry === undefined) continue;
    const freed = listed?.items.find((each) => each.family === family && each.modality === modality);
    checks.require(
      freed !== undefined && within(countries, freed.countries),
      'scope-exceeds-annex',
      `${item} is not in the annex entry ${annexEntry}`,
    );
  }
}

function checkScope(checks: Checks, { items, period }: AuthorisationScope): void {
  checks
    .require(period.from < period.until, 'invalid-period', 'the period ends before it begins')
    .require(new Set(items.map(({ item }) => item)).size === items.length, 'item-twice', 'an item comes twice')
    .require(
      new Set(items.map(({ family, modality }) => `${family} ${modality}`)).size === items.length,
      'item-twice',
      'a family comes twice by the same modality',
    );
}

export const authorisationDecider: Decider<
  AuthorisationState,
  AuthorisationCommand,
  AuthorisationEvent,
  AuthorisationView
> = {
  category: 'authorisation',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(AUTHORISATION_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now } = command;
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    const about = (
      partnerId: string,
      instrument: string,
      parties: readonly string[],
      scope: AuthorisationScope,
      grant?: string,
    ) => {
      const partner = view.state('partner', partnerId);
      const known = partner === undefined || partner.status === 'unknown' ? undefined : partner;
      return refs({
        ally: [known?.ally],
        partner: [partnerId],
        parties: [known?.party, ...parties, ...(actor.party === 'system' ? [] : [actor.party])],
        modelFamily: scope.items.map(({ family }) => family),
        instrument: [instrument],
        authorisation: [id],
        grant: [grant],
      });
    };

    if (command.type === 'ApplyForAuthorisation' || command.type === 'ListAuthorisation') {
      const { partner: partnerId, instrument: instrumentId, scope, reference } = command.payload;
      const partner = view.state('partner', partnerId);
      const instrument = view.state('instrument', instrumentId);
      const known = partner === undefined || partner.status === 'unknown' ? undefined : partner;
      const annexEntry = command.type === 'ListAuthorisation' ? command.payload.annexEntry : undefined;
      const checks = new Checks()
        .require(state.status === 'unknown', 'id-taken', `${id} exists already`)
        .require(known !== undefined, 'not-found', `there is no partner ${partnerId}`);
      checkScope(checks, scope);
      checkWithinInstrument(checks, scope, instrument, annexEntry);
      if (command.type === 'ApplyForAuthorisation') {
        checks.require(
          actor.role === 'developer' || known?.party === actor.party,
          'not-entitled',
          'a partner applies for itself',
        );
        return checks.then<AuthorisationEvent>(() => [
          {
            type: 'AuthorisationApplied',
            data: { partner: partnerId, instrument: instrumentId, reference, scope },
            refs: about(partnerId, instrumentId, [], scope),
          },
        ]);
      }
      const { kind, holder, conditions } = command.payload;
      const inForce = instrumentAt(instrument, now);
      checks.require(inForce.holds, 'instrument-not-in-force', inForce.holds ? '' : inForce.because);
      if (kind === 'annex-listing') {
        const entry = annexEntryAt(instrument, annexEntry ?? '', now);
        checks.require(entry.holds, 'annex-entry-not-in-force', entry.holds ? '' : entry.because);
        const listed = instrument?.status === 'recorded' ? instrument.annex[annexEntry ?? ''] : undefined;
        checks.require(
          listed?.party === holder,
          'holder-not-listed',
          'the holder is not the party that the annex lists',
        );
      }
      return checks.then<AuthorisationEvent>(() => [
        {
          type: 'AuthorisationIssued',
          data: {
            kind,
            holder,
            partner: partnerId,
            instrument: instrumentId,
            ...(annexEntry === undefined ? {} : { annexEntry }),
            reference,
            scope,
            conditions,
          },
          refs: about(partnerId, instrumentId, [holder], scope),
          ...effective,
        },
      ]);
    }

    if (state.status === 'unknown') return refuse('not-found', `there is no authorisation ${id}`);
    const checks = new Checks();
    const these = about(state.partner, state.instrument, [state.holder], state.scope);
    const one = (event: AuthorisationEvent) => checks.then<AuthorisationEvent>(() => [{ ...event, ...effective }]);
    const pending = () =>
      checks.require(state.status === 'pending', 'wrong-state', `the authorisation is ${state.status}`);
    /** R3: never the applicant. */
    const notApplicant = () =>
      checks.require(
        state.status !== 'pending' || state.applicant !== actor.party,
        'no-self-authorisation',
        'nobody decides on their own application',
      );
    const holder = () =>
      checks.require(state.holder === actor.party, 'not-entitled', 'the authorisation is held by another party');
    /** R4: denied, revoked and expired are final. */
    const live = () =>
      checks.require(
        state.status === 'issued' || state.status === 'suspended',
        'wrong-state',
        `the authorisation is ${state.status}`,
      );

    switch (command.type) {
      case 'ReferApplication':
        pending();
        return one({ type: 'ApplicationReferred', data: command.payload, refs: these });
      case 'HoldApplication':
        pending();
        return one({ type: 'ApplicationHeld', data: command.payload, refs: these });
      case 'RecordAgencyPosition':
        pending();
        return one({ type: 'AgencyPositionRecorded', data: command.payload, refs: these });
      case 'IssueIntentToDeny':
        pending();
        notApplicant();
        return one({ type: 'IntentToDenyIssued', data: command.payload, refs: these });
      case 'ReturnApplicationWithoutAction':
        pending();
        notApplicant();
        return one({ type: 'ApplicationReturnedWithoutAction', data: command.payload, refs: these });
      case 'DenyAuthorisation':
        pending();
        notApplicant();
        return one({ type: 'AuthorisationDenied', data: command.payload, refs: these });
      case 'IssueAuthorisation': {
        pending();
        notApplicant();
        const scope = command.payload.scope ?? state.scope;
        const instrument = view.state('instrument', state.instrument);
        const inForce = instrumentAt(instrument, now);
        checks.require(inForce.holds, 'instrument-not-in-force', inForce.holds ? '' : inForce.because);
        checkScope(checks, scope);
        checkWithinInstrument(checks, scope, instrument, undefined);
        const { holder: held, partner, instrument: rests, reference } = state;
        return one({
          type: 'AuthorisationIssued',
          data: {
            kind: 'individual-licence',
            holder: held,
            partner,
            instrument: rests,
            reference,
            scope,
            conditions: command.payload.conditions,
          },
          refs: these,
        });
      }
      case 'CommunicateConditions':
        live();
        return one({ type: 'ConditionsCommunicated', data: {}, refs: these });
      case 'AcknowledgeConditions':
        live();
        holder();
        checks.require(
          isIssued(state) && state.acknowledged === undefined,
          'wrong-state',
          'the conditions are acknowledged already',
        );
        return one({ type: 'ConditionsAcknowledged', data: {}, refs: these });
      case 'ReportOnCondition': {
        // A report of what happened is never refused for its time (R14): also late, also when suspended.
        const { condition, period } = command.payload;
        holder();
        checks
          .require(
            isIssued(state) && state.conditions.some((each) => each.condition === condition),
            'not-found',
            `there is no condition ${condition}`,
          )
          .require(
            !isIssued(state) || !state.reported.includes(`${condition} ${period}`),
            'wrong-state',
            'the report is in already',
          );
        return one({ type: 'ConditionReported', data: command.payload, refs: these });
      }
      case 'MarkConditionOverdue': {
        const { condition, period } = command.payload;
        const late =
          isIssued(state) &&
          overdueAt(state, now).some((each) => each.condition === condition && each.period === period);
        checks.require(late, 'wrong-state', 'the report is not overdue');
        return one({ type: 'ConditionOverdue', data: command.payload, refs: these });
      }
      case 'DecrementAuthorisation': {
        const { grant, items } = command.payload;
        live();
        checks.require(
          isIssued(state) && !(grant in state.reserved),
          'wrong-state',
          'the grant has its quantity already',
        );
        for (const { item, amount } of items) {
          const left = isIssued(state) && itemOf(state, item) ? leftOf(state, item) : 0;
          checks.require(amount <= left, 'quantity-exhausted', `item ${item} has ${left} left, not ${amount}`);
        }
        return one({
          type: 'AuthorisationDecremented',
          data: command.payload,
          refs: { ...these, ...refs({ grant: [grant] }) },
        });
      }
      case 'ReplenishAuthorisation': {
        const { grant, items } = command.payload;
        const reserved = isIssued(state) ? state.reserved[grant] : undefined;
        checks.require(reserved !== undefined, 'wrong-state', 'the grant has no quantity to return');
        for (const { item, amount } of items)
          checks.require(
            amount <= (reserved?.[item] ?? 0),
            'quantity-exceeded',
            `the grant has not reserved ${amount} of ${item}`,
          );
        return one({
          type: 'AuthorisationReplenished',
          data: command.payload,
          refs: { ...these, ...refs({ grant: [grant] }) },
        });
      }
      case 'SupersedeAuthorisation':
        live();
        checks.require(command.payload.successor !== id, 'not-found', 'the successor is another authorisation');
        return one({ type: 'AuthorisationSuperseded', data: command.payload, refs: these });
      case 'AmendAuthorisation': {
        live();
        checkScope(checks, command.payload.scope);
        checkWithinInstrument(
          checks,
          command.payload.scope,
          view.state('instrument', state.instrument),
          isIssued(state) ? state.annexEntry : undefined,
        );
        return one({ type: 'AuthorisationAmended', data: command.payload, refs: these });
      }
      case 'SuspendAuthorisation':
        checks.require(state.status === 'issued', 'wrong-state', `the authorisation is ${state.status}`);
        return one({ type: 'AuthorisationSuspended', data: command.payload, refs: these });
      case 'ReinstateAuthorisation':
        checks.require(state.status === 'suspended', 'wrong-state', `the authorisation is ${state.status}`);
        return one({ type: 'AuthorisationReinstated', data: command.payload, refs: these });
      case 'RevokeAuthorisation':
        live();
        for (const item of command.payload.items ?? [])
          checks
            .require(isIssued(state) && itemOf(state, item) !== undefined, 'not-found', `there is no item ${item}`)
            .require(
              !isIssued(state) || !(item in state.revokedItems),
              'wrong-state',
              `item ${item} is revoked already`,
            );
        return one({ type: 'AuthorisationRevoked', data: command.payload, refs: these });
      case 'ExpireAuthorisation': {
        live();
        const until = Date.parse(state.scope.period.until);
        checks.require(until <= now, 'wrong-state', 'the authorisation has not expired');
        return checks.then<AuthorisationEvent>(() => [
          { type: 'AuthorisationExpired', data: {}, refs: these, effectiveAt: until },
        ]);
      }
    }
  },

  evolve(state, recorded): AuthorisationState {
    const event = recorded as RecordedAuthorisationEvent;
    const since = sinceOf(event);
    const ally = event.refs.ally?.[0] as string;
    if (event.type === 'AuthorisationApplied') {
      const { partner, instrument, reference, scope } = event.data;
      return {
        status: 'pending',
        stage: 'applied',
        applicant: event.actor,
        holder: event.actor,
        partner,
        ally,
        instrument,
        reference,
        scope,
      };
    }
    if (event.type === 'AuthorisationIssued')
      return {
        status: 'issued',
        ...event.data,
        ally,
        issued: since,
        reported: [],
        overdue: [],
        reserved: {},
        revokedItems: {},
      };
    if (state.status === 'unknown') return state;
    if (!isIssued(state)) {
      if (state.status !== 'pending') return state;
      const { holder, partner, instrument, reference, scope } = state;
      const closed = { holder, partner, ally: state.ally, instrument, reference, scope };
      switch (event.type) {
        case 'ApplicationReferred':
          return { ...state, stage: 'referred' };
        case 'ApplicationHeld':
          return { ...state, stage: 'held' };
        case 'IntentToDenyIssued':
          return { ...state, stage: 'intent-to-deny' };
        case 'ApplicationReturnedWithoutAction':
          return { ...closed, status: 'returned-without-action' };
        case 'AuthorisationDenied':
          return { ...closed, status: 'denied' };
        default:
          return state;
      }
    }
    switch (event.type) {
      case 'ConditionsAcknowledged':
        return { ...state, acknowledged: event.id };
      case 'ConditionReported':
        return { ...state, reported: [...state.reported, `${event.data.condition} ${event.data.period}`] };
      case 'ConditionOverdue':
        return { ...state, overdue: [...state.overdue, `${event.data.condition} ${event.data.period}`] };
      case 'AuthorisationDecremented': {
        const items = Object.fromEntries(event.data.items.map(({ item, amount }) => [item, amount]));
        return { ...state, reserved: { ...state.reserved, [event.data.grant]: items } };
      }
      case 'AuthorisationReplenished': {
        const held = { ...state.reserved[event.data.grant] };
        for (const { item, amount } of event.data.items) held[item] = (held[item] ?? 0) - amount;
        return { ...state, reserved: { ...state.reserved, [event.data.grant]: held } };
      }
      case 'AuthorisationAmended':
        return { ...state, scope: event.data.scope, amended: since };
      case 'AuthorisationSuspended':
        return { ...state, status: 'suspended', suspension: since };
      case 'AuthorisationReinstated': {
        if (state.status !== 'suspended') return state;
        const { suspension: _, ...rest } = state;
        return { ...rest, status: 'issued', reinstated: since };
      }
      case 'AuthorisationRevoked': {
        const revokedItems = {
          ...state.revokedItems,
          ...Object.fromEntries((event.data.items ?? []).map((item) => [item, since])),
        };
        const whole = event.data.items === undefined || state.scope.items.every(({ item }) => item in revokedItems);
        return whole ? { ...state, revokedItems, status: 'revoked', ended: since } : { ...state, revokedItems };
      }
      case 'AuthorisationExpired':
        return { ...state, status: 'expired', ended: since };
      case 'AuthorisationSuperseded':
        return { ...state, status: 'superseded', ended: since, successor: event.data.successor };
      default:
        return state;
    }
  },
};

/** Which item of a scope frees a family by a modality. */
export const itemFor = (scope: AuthorisationScope, family: string, modality: Modality) =>
  scope.items.find((item) => item.family === family && item.modality === modality);
