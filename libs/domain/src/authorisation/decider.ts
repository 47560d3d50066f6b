import { annexEntryAt, bearsAt, type InstrumentState } from '../instrument/index.ts';
import {
  isWithin,
  Checks,
  comesBefore,
  notForRole,
  refs,
  refuse,
  sinceOf,
  type Decider,
  type Since,
  type View,
} from '../kernel/index.ts';
import type { PartnerState } from '../partner/index.ts';
import { AUTHORISATION_COMMANDS, type AuthorisationCommand } from './commands.ts';
import type { AuthorisationEvent, AuthorisationScope, RecordedAuthorisationEvent } from './events.ts';
import { inItsPlace } from './instrument.ts';
import { isIssued, isLive, itemOf, leftOf, overdueAt, reservedOf, type AuthorisationState } from './state.ts';

export type AuthorisationView = View<{
  instrument: InstrumentState;
  partner: PartnerState;
  authorisation: AuthorisationState;
}>;

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
  const { families, modalities, destinations, time } = instrument.scope;
  checks
    .require(
      isWithin(scope.destinations, destinations),
      'scope-exceeds-instrument',
      'a destination is outside the instrument',
    )
    .require(
      time?.from === undefined || time.from <= scope.period.from,
      'scope-exceeds-instrument',
      'the period begins before the instrument controls anything',
    );
  const listed = annexEntry === undefined ? undefined : instrument.annex[annexEntry];
  for (const { item, family, modality, countries } of scope.items) {
    checks
      .require(
        isWithin([family], families),
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
      freed !== undefined && isWithin(countries, freed.countries),
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
    const { id, actor, now, effectiveAt = now } = command;
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    const about = (
      partnerId: string,
      instrument: string,
      parties: readonly string[],
      scopes: readonly AuthorisationScope[],
      successor?: string,
    ) => {
      const partner = view.state('partner', partnerId);
      const known = partner === undefined || partner.status === 'unknown' ? undefined : partner;
      return refs({
        ally: [known?.ally],
        partner: [partnerId],
        parties: [known?.party, ...parties, ...(actor.party === 'system' ? [] : [actor.party])],
        modelFamily: scopes.flatMap(({ items }) => items.map(({ family }) => family)),
        instrument: [instrument],
        authorisation: [id, successor],
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
            refs: about(partnerId, instrumentId, [], [scope]),
          },
        ]);
      }
      const { kind, holder, conditions } = command.payload;
      const inForce = bearsAt(instrument, now);
      checks
        .require(holder !== actor.party, 'no-self-authorisation', 'nobody decides on their own permission')
        .require(inForce.holds, 'instrument-not-in-force', inForce.holds ? '' : inForce.because);
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
          refs: about(partnerId, instrumentId, [holder], [scope]),
          ...effective,
        },
      ]);
    }

    if (state.status === 'unknown') return refuse('not-found', `there is no authorisation ${id}`);
    const checks = new Checks();
    const these = about(state.partner, state.instrument, [state.holder], [state.scope]);
    const one = (event: AuthorisationEvent) => checks.then<AuthorisationEvent>(() => [{ ...event, ...effective }]);
    const pending = () =>
      checks.require(state.status === 'pending', 'wrong-state', `the authorisation is ${state.status}`);
    /** R3: never the applicant, who becomes the holder. */
    if (actor.role === 'licensing-authority')
      checks.require(
        state.holder !== actor.party,
        'no-self-authorisation',
        'nobody decides on their own application or permission',
      );
    const holder = () =>
      checks.require(state.holder === actor.party, 'not-entitled', 'the authorisation is held by another party');
    /** R4: denied, revoked and expired are final. */
    const live = () => checks.require(isLive(state, now), 'wrong-state', `the authorisation is ${state.status}`);
    const atOnce = () =>
      checks.require(effectiveAt <= now, 'counts-at-once', 'a reinstatement or amendment counts when it is recorded');
    const ended = 'ended' in state ? state.ended : undefined;

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
        return one({ type: 'IntentToDenyIssued', data: command.payload, refs: these });
      case 'ReturnApplicationWithoutAction':
        pending();
        return one({ type: 'ApplicationReturnedWithoutAction', data: command.payload, refs: these });
      case 'DenyAuthorisation':
        pending();
        return one({ type: 'AuthorisationDenied', data: command.payload, refs: these });
      case 'IssueAuthorisation': {
        pending();
        const scope = command.payload.scope ?? state.scope;
        const instrument = view.state('instrument', state.instrument);
        const inForce = bearsAt(instrument, now);
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
          refs: about(partner, rests, [held], [state.scope, scope]),
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
        // A report of what happened is never refused (R14): also late, again, or after the end.
        const { condition } = command.payload;
        holder();
        checks.require(
          isIssued(state) && state.conditions.some((each) => each.condition === condition),
          'not-found',
          `there is no condition ${condition}`,
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
            amount <= (reserved?.items[item] ?? 0),
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
        checks
          .require(comesBefore(ended, effectiveAt, now), 'wrong-state', `the authorisation is ${state.status}`)
          .require(
            command.payload.successor !== id && isIssued(view.state('authorisation', command.payload.successor)),
            'not-found',
            'the successor is another authorisation, which was issued',
          );
        return one({
          type: 'AuthorisationSuperseded',
          data: command.payload,
          refs: about(state.partner, state.instrument, [state.holder], [state.scope], command.payload.successor),
        });
      case 'AmendAuthorisation': {
        live();
        atOnce();
        const { scope } = command.payload;
        checkScope(checks, scope);
        const rests = inItsPlace(view, state.instrument, now);
        // After a replacement the former annex lists nothing any more: what then covers is a matter of R12.
        const entry = isIssued(state) && rests?.replaced === undefined ? state.annexEntry : undefined;
        checkWithinInstrument(checks, scope, rests?.instrument, entry);
        if (isIssued(state))
          for (const { item, quantity } of scope.items)
            checks.require(
              reservedOf(state, item) <= quantity.amount,
              'quantity-exhausted',
              `grants have reserved ${reservedOf(state, item)} of ${item}`,
            );
        return one({
          type: 'AuthorisationAmended',
          data: command.payload,
          refs: about(state.partner, state.instrument, [state.holder], [state.scope, scope]),
        });
      }
      case 'SuspendAuthorisation':
        live();
        checks.require(
          !isIssued(state) || comesBefore(state.suspension, effectiveAt, now),
          'wrong-state',
          'the authorisation is suspended already',
        );
        return one({ type: 'AuthorisationSuspended', data: command.payload, refs: these });
      case 'ReinstateAuthorisation':
        live();
        atOnce();
        checks.require(
          isIssued(state) && state.suspension !== undefined,
          'wrong-state',
          `the authorisation is ${state.status}`,
        );
        return one({ type: 'AuthorisationReinstated', data: command.payload, refs: these });
      case 'RevokeAuthorisation':
        live();
        checks.require(comesBefore(ended, effectiveAt, now), 'wrong-state', `the authorisation is ${state.status}`);
        for (const item of command.payload.items ?? [])
          checks
            .require(isIssued(state) && itemOf(state, item) !== undefined, 'not-found', `there is no item ${item}`)
            .require(
              !isIssued(state) || comesBefore(state.revokedItems[item], effectiveAt, now),
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
        replenished: {},
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
        return { ...state, reserved: { ...state.reserved, [event.data.grant]: { by: event.id, items } } };
      }
      case 'AuthorisationReplenished': {
        const { grant, items: back } = event.data;
        const { [grant]: held, ...others } = state.reserved;
        if (held === undefined) return state;
        const items = { ...held.items };
        for (const { item, amount } of back) items[item] = (items[item] ?? 0) - amount;
        const rest = Object.values(items).some((amount) => amount > 0);
        const reserved = rest ? { ...others, [grant]: { ...held, items } } : others;
        return { ...state, reserved, replenished: { ...state.replenished, [grant]: event.id } };
      }
      case 'AuthorisationAmended':
        return { ...state, scope: event.data.scope, amended: since };
      case 'AuthorisationSuspended':
        return 'ended' in state
          ? { ...state, suspension: since }
          : { ...state, status: 'suspended', suspension: since };
      case 'AuthorisationReinstated': {
        const { suspension: _, ...rest } = state;
        return 'ended' in rest ? { ...rest, reinstated: since } : { ...rest, status: 'issued', reinstated: since };
      }
      case 'AuthorisationRevoked': {
        const revokedItems = {
          ...state.revokedItems,
          ...Object.fromEntries((event.data.items ?? []).map((item) => [item, since])),
        };
        const whole = event.data.items === undefined || state.scope.items.every(({ item }) => item in revokedItems);
        if (!whole) return { ...state, revokedItems };
        // Item by item it ends when the last of them does.
        const ends = event.data.items === undefined ? since : state.scope.items.reduce(lastOf(revokedItems), since);
        return { ...state, revokedItems, status: 'revoked', ended: ends };
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

const lastOf =
  (revoked: Readonly<Record<string, Since>>) =>
  (last: Since, { item }: { readonly item: string }): Since => {
    const since = revoked[item];
    return since !== undefined && since.from > last.from ? since : last;
  };
