import {
  Checks,
  comesBefore,
  noStanding,
  notForRole,
  refs,
  refuse,
  standing,
  type Decider,
  type EventId,
  type Instant,
  type Sealed,
  type Standing,
  type View,
  sinceOf,
  type Since,
} from '../kernel/index.ts';
import type { PartnerState } from '../partner/index.ts';
import { parseStatuses } from '../release/index.ts';
import { TESTER_COMMANDS, type TesterCommand } from './commands.ts';
import type { RecordedTesterEvent, TesterEvent } from './events.ts';

export type TesterState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'rostered' | 'left';
      readonly partner: string;
      readonly party: string;
      readonly ally: string;
      readonly authority: string;
      readonly rostered: EventId;
      /** The statuses that count: those verified, else those declared. */
      readonly nationality?: Since & { readonly verified: boolean; readonly sealed: Sealed };
      readonly clearance?: Since & { readonly level: string; readonly until: Instant; readonly ended?: Since };
      readonly needToKnow: readonly string[];
      readonly left?: Since;
    };

export type TesterView = View<{ partner: PartnerState }>;

type Clearance = NonNullable<Extract<TesterState, { status: 'rostered' | 'left' }>['clearance']>;

/** Whether a clearance has begun, and nothing has ended it or will. */
const runsAt = (clearance: Clearance | undefined, now: Instant): clearance is Clearance =>
  clearance !== undefined && clearance.from <= now && now < clearance.until && clearance.ended === undefined;

/** Whether a tester is on the roster and cleared at an instant. */
export function testerAt(state: TesterState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('is on no roster');
  if (state.left !== undefined && state.left.from <= now) return noStanding('has left the roster', state.left);
  const { clearance } = state;
  if (clearance === undefined || clearance.from > now) return noStanding('is not cleared');
  if (clearance.until <= now || (clearance.ended !== undefined && clearance.ended.from <= now))
    return noStanding('is not cleared any more', clearance.ended);
  return standing(clearance.by);
}

export const testerDecider: Decider<TesterState, TesterCommand, TesterEvent, TesterView> = {
  category: 'tester',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(TESTER_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now, effectiveAt = now } = command;
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    const personal = command.personal ? { personal: [{ ...command.personal, person: id }] } : {};
    if (command.type === 'RosterTester') {
      const partner = view.state('partner', command.payload.partner);
      if (state.status !== 'unknown') return refuse('id-taken', `${id} is on a roster already`);
      if (partner === undefined || partner.status === 'unknown')
        return refuse('not-found', `there is no partner ${command.payload.partner}`);
      if (partner.party !== actor.party) return refuse('not-entitled', 'the roster is of another partner');
      const about = refs({
        ally: [partner.ally],
        partner: [command.payload.partner],
        testers: [id],
        parties: [partner.party, partner.authority],
      });
      return [{ type: 'TesterRostered', data: command.payload, refs: about, ...effective, ...personal }];
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no tester ${id}`);
    const about = refs({
      ally: [state.ally],
      partner: [state.partner],
      testers: [id],
      parties: [state.party, state.authority],
    });
    const checks = new Checks()
      .require(
        actor.role !== 'trusted-partner' || actor.party === state.party,
        'not-entitled',
        'the tester is on the roster of another partner',
      )
      .require(
        actor.role !== 'allied-authority' || actor.party === state.authority,
        'not-entitled',
        'the tester is of another authority',
      )
      .require(
        command.type === 'WithdrawTester'
          ? comesBefore(state.left, effectiveAt, now)
          : state.left === undefined || state.left.from > now,
        'wrong-state',
        'the tester has left the roster',
      );
    const one = (event: TesterEvent) => checks.then<TesterEvent>(() => [{ ...event, ...effective, ...personal }]);
    switch (command.type) {
      case 'DeclareNationality':
      case 'VerifyNationality': {
        const statuses = command.personal ? parseStatuses(command.personal.fields) : undefined;
        checks.require(
          statuses !== undefined,
          'invalid-statuses',
          'personal.fields.statuses lists {kind, country, since}, each dated',
        );
        return command.type === 'DeclareNationality'
          ? one({ type: 'NationalityDeclared', data: {}, refs: about })
          : one({ type: 'NationalityVerified', data: {}, refs: about });
      }
      case 'RecordClearance': {
        const { period } = command.payload;
        checks
          .require(period.from < period.until, 'invalid-period', 'the period ends before it begins')
          .require(
            !runsAt(state.clearance, now) || Date.parse(period.from) <= state.clearance.until,
            'invalid-period',
            'a renewal leaves no gap: after one, record the clearance when the former has ended',
          );
        return one({ type: 'ClearanceRecorded', data: command.payload, refs: about });
      }
      case 'EndClearance':
        checks.require(
          state.clearance !== undefined && comesBefore(state.clearance.ended, effectiveAt, now),
          'wrong-state',
          'there is no clearance to end',
        );
        return one({ type: 'ClearanceEnded', data: command.payload, refs: about });
      case 'ConfirmNeedToKnow':
        return one({
          type: 'NeedToKnowConfirmed',
          data: command.payload,
          refs: { ...about, ...refs({ modelFamily: command.payload.families }) },
        });
      case 'WithdrawTester':
        return one({ type: 'TesterWithdrawn', data: command.payload, refs: about });
    }
  },

  evolve(state, recorded): TesterState {
    const event = recorded as RecordedTesterEvent;
    const since = sinceOf(event);
    if (event.type === 'TesterRostered')
      return {
        status: 'rostered',
        partner: event.data.partner,
        party: event.actor,
        ally: event.refs.ally?.[0] as string,
        authority: event.refs.parties?.find((party) => party !== event.actor) ?? event.actor,
        rostered: event.id,
        needToKnow: [],
      };
    if (state.status === 'unknown') return state;
    switch (event.type) {
      case 'NationalityDeclared':
      case 'NationalityVerified': {
        const verified = event.type === 'NationalityVerified';
        const sealed = event.personal?.[0];
        if (!sealed || (state.nationality?.verified && !verified)) return state;
        return { ...state, nationality: { ...since, verified, sealed } };
      }
      case 'ClearanceRecorded': {
        const { level, period } = event.data;
        const from = Math.max(Date.parse(period.from), since.from);
        const until = Date.parse(period.until);
        const { clearance: held } = state;
        // Renewed ahead of time it goes on without a break.
        const began = runsAt(held, event.recordedAt) && from <= held.until ? Math.min(from, held.from) : from;
        return { ...state, clearance: { ...since, level, from: began, until } };
      }
      case 'ClearanceEnded':
        return state.clearance ? { ...state, clearance: { ...state.clearance, ended: since } } : state;
      case 'NeedToKnowConfirmed':
        return { ...state, needToKnow: event.data.families };
      case 'TesterWithdrawn':
        return { ...state, status: 'left', left: since };
    }
  },
};
