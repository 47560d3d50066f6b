import { notForRole, refs, refuse, type Decider, type EventId, type View } from '../kernel/index.ts';
import { CUSTODY_COMMANDS, FoundLedger, SealLedger, type CustodyCommand } from './commands.ts';
import type { CustodyEvent, RecordedCustodyEvent } from './events.ts';

/** A move to another store; whether it went on here or there, each store knows of itself. */
export interface Seal {
  readonly by: EventId;
  readonly index: number;
  readonly target: 'sqlite' | 'esdb';
  readonly move: string;
}

/** The ledger's founding, its policy parameters, each with the event that set it, and its last move. */
export type CustodyState =
  | { readonly status: 'unfounded' }
  | {
      readonly status: 'founded';
      readonly origin: string;
      readonly mode: 'demo' | 'operational';
      readonly custodian: string;
      readonly parameters: Readonly<Record<string, { readonly value: string; readonly by: EventId }>>;
      readonly seal?: Seal;
    };

/** The one stream of the ledger itself. */
export const LEDGER_STREAM = 'custody-ledger';

/** Each parameter that decisions read, and the values that it may have. */
export const POLICY_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  /** Which status of a person decides a release: 15 CFR 734.13(b) and 734.14(b), or 22 CFR 120.50(b) and 120.51(b). */
  'release-assessment': ['ear-most-recent', 'itar-all-held'],
};

const unknown = (parameters: Readonly<Record<string, string>>): string | undefined =>
  Object.entries(parameters)
    .find(([name, value]) => !POLICY_PARAMETERS[name]?.includes(value))
    ?.join('=');

export const custodyDecider: Decider<CustodyState, CustodyCommand, CustodyEvent, View> = {
  category: 'custody',
  initial: { status: 'unfounded' },

  decide(command, state) {
    const refused = notForRole([FoundLedger, SealLedger, ...CUSTODY_COMMANDS], command);
    if (refused) return refused;
    const { actor } = command;
    switch (command.type) {
      case 'FoundLedger': {
        const { payload } = command;
        if (state.status !== 'unfounded') return refuse('wrong-state', 'the ledger is founded already');
        const bad = unknown(payload.parameters);
        if (bad !== undefined) return refuse('unknown-policy-parameter', `${bad} is no policy parameter`);
        return [
          {
            type: 'LedgerFounded',
            data: { ...payload, keys: payload.keys },
            refs: refs({ parties: [payload.custodian] }),
          },
        ];
      }
      case 'SetPolicyParameter': {
        const { payload } = command;
        if (state.status !== 'founded') return refuse('wrong-state', 'the ledger is not founded yet');
        if (actor.party !== state.custodian) return refuse('not-entitled', 'only the custodian sets policy parameters');
        const bad = unknown({ [payload.name]: payload.value });
        if (bad !== undefined) return refuse('unknown-policy-parameter', `${bad} is no policy parameter`);
        return [{ type: 'PolicyParameterSet', data: payload, refs: refs({ parties: [actor.party] }) }];
      }
      case 'SealLedger': {
        const { payload } = command;
        if (state.status !== 'founded') return refuse('wrong-state', 'the ledger is not founded yet');
        if (payload.move === state.seal?.move)
          return refuse('wrong-state', 'the ledger is sealed for that move already');
        return [{ type: 'LedgerSealed', data: payload, refs: refs({ parties: [state.custodian] }) }];
      }
    }
  },

  evolve(state, recorded): CustodyState {
    const event = recorded as RecordedCustodyEvent;
    switch (event.type) {
      case 'LedgerFounded':
        return {
          status: 'founded',
          origin: event.data.origin,
          mode: event.data.mode,
          custodian: event.data.custodian,
          parameters: Object.fromEntries(
            Object.entries(event.data.parameters).map(([name, value]) => [name, { value, by: event.id }]),
          ),
        };
      case 'PolicyParameterSet': {
        if (state.status !== 'founded') return state;
        const { name, value } = event.data;
        return { ...state, parameters: { ...state.parameters, [name]: { value, by: event.id } } };
      }
      case 'LedgerSealed': {
        if (state.status !== 'founded') return state;
        const { target, move } = event.data;
        return { ...state, seal: { by: event.id, index: event.index, target, move } };
      }
    }
  },
};
