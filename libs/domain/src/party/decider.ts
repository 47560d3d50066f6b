import {
  Checks,
  comesBefore,
  noStanding,
  notForRole,
  refs,
  refuse,
  standing,
  sinceOf,
  type Since,
  type Decider,
  type EventId,
  type Instant,
  type Role,
  type Standing,
  type View,
} from '../kernel/index.ts';
import { PARTY_COMMANDS, type PartyCommand } from './commands.ts';
import type { PartyEvent, RecordedPartyEvent } from './events.ts';

export interface PartyKey {
  readonly jwk: string;
  readonly addedBy: EventId;
  readonly retiredBy?: EventId;
  readonly compromised?: { readonly by: EventId; readonly since: Instant };
}

interface Known {
  readonly kind: Exclude<Role, 'system'>;
  readonly name: string;
  readonly country: string;
  readonly registeredBy: EventId;
  readonly facilities: Readonly<
    Record<string, { readonly name: string; readonly country: string; readonly by: EventId }>
  >;
  readonly keys: Readonly<Record<string, PartyKey>>;
}

export type PartyState =
  | { readonly status: 'unknown' }
  | (Known & { readonly status: 'registered'; readonly reinstated?: EventId })
  | (Known & { readonly status: 'suspended'; readonly suspension: Since; readonly because: string });

/** Whether a party is registered and not suspended at an instant. */
export function partyAt(state: PartyState | undefined, now: Instant): Standing {
  if (state === undefined || state.status === 'unknown') return noStanding('the party is not registered');
  if (state.status === 'suspended' && state.suspension.from <= now)
    return noStanding(`the party is suspended: ${state.because}`, state.suspension);
  return standing(state.registeredBy, state.status === 'registered' ? state.reinstated : undefined);
}

export const partyDecider: Decider<PartyState, PartyCommand, PartyEvent, View> = {
  category: 'party',
  initial: { status: 'unknown' },

  decide(command, state) {
    const { actor, id, now, effectiveAt = now } = command;
    const refused = notForRole(PARTY_COMMANDS, command);
    if (refused) return refused;
    const about = refs({ parties: [id, actor.party] });
    if (command.type === 'RegisterParty') {
      if (state.status !== 'unknown') return refuse('wrong-state', `${id} is registered already`);
      return [{ type: 'PartyRegistered', data: command.payload, refs: about }];
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no party ${id}`);
    const own = new Checks().require(
      actor.party === id || actor.role === 'custodian',
      'not-entitled',
      'a party commands its own keys and facilities only',
    );
    switch (command.type) {
      case 'AmendParty':
        return [{ type: 'PartyAmended', data: command.payload, refs: about }];
      case 'RegisterFacility':
        return own
          .require(
            !(command.payload.facility in state.facilities),
            'id-taken',
            `${command.payload.facility} is registered already`,
          )
          .then<PartyEvent>(() => [{ type: 'FacilityRegistered', data: command.payload, refs: about }]);
      case 'AddPartyKey':
        return own
          .require(!(command.payload.kid in state.keys), 'id-taken', `there is a key ${command.payload.kid} already`)
          .then<PartyEvent>(() => [{ type: 'PartyKeyAdded', data: command.payload, refs: about }]);
      case 'RetirePartyKey':
      case 'ReportPartyKeyCompromised': {
        const key = state.keys[command.payload.kid];
        own.require(key !== undefined, 'not-found', `there is no key ${command.payload.kid}`);
        if (command.type === 'RetirePartyKey')
          return own
            .require(key?.retiredBy === undefined, 'wrong-state', 'the key is retired already')
            .then<PartyEvent>(() => [{ type: 'PartyKeyRetired', data: command.payload, refs: about }]);
        return own
          .require(key?.compromised === undefined, 'wrong-state', 'the key is known as compromised already')
          .then<PartyEvent>(() => [{ type: 'PartyKeyCompromised', data: command.payload, refs: about }]);
      }
      case 'SuspendParty':
        if (state.status === 'suspended' && !comesBefore(state.suspension, effectiveAt, now))
          return refuse('wrong-state', 'the party is suspended already');
        return [{ type: 'PartySuspended', data: command.payload, refs: about }];
      case 'ReinstateParty':
        if (state.status !== 'suspended') return refuse('wrong-state', 'the party is not suspended');
        if (effectiveAt > now) return refuse('counts-at-once', 'a reinstatement counts when it is recorded');
        return [{ type: 'PartyReinstated', data: command.payload, refs: about }];
    }
  },

  evolve(state, recorded): PartyState {
    const event = recorded as RecordedPartyEvent;
    if (event.type === 'PartyRegistered')
      return { status: 'registered', ...event.data, registeredBy: event.id, facilities: {}, keys: {} };
    if (state.status === 'unknown') return state;
    const key = (kid: string, change: (key: PartyKey) => PartyKey): PartyState => {
      const held = state.keys[kid];
      return held ? { ...state, keys: { ...state.keys, [kid]: change(held) } } : state;
    };
    switch (event.type) {
      case 'PartyAmended':
        return { ...state, ...event.data };
      case 'FacilityRegistered': {
        const { facility, ...place } = event.data;
        return { ...state, facilities: { ...state.facilities, [facility]: { ...place, by: event.id } } };
      }
      case 'PartyKeyAdded':
        return { ...state, keys: { ...state.keys, [event.data.kid]: { jwk: event.data.jwk, addedBy: event.id } } };
      case 'PartyKeyRetired':
        return key(event.data.kid, (held) => ({ ...held, retiredBy: event.id }));
      case 'PartyKeyCompromised':
        return key(event.data.kid, (held) => ({ ...held, compromised: { by: event.id, since: event.effectiveAt } }));
      case 'PartySuspended':
        return { ...state, status: 'suspended', suspension: sinceOf(event), because: event.data.reason };
      case 'PartyReinstated': {
        const { kind, name, country, registeredBy, facilities, keys } = state;
        return { status: 'registered', kind, name, country, registeredBy, facilities, keys, reinstated: event.id };
      }
    }
  },
};
