import { notForRole, refs, refuse, type Decider, type EventId, type View } from '../kernel/index.ts';
import { CUSTODY_COMMANDS, FoundLedger, type CustodyCommand } from './commands.ts';
import type { CustodyEvent, RecordedCustodyEvent } from './events.ts';

/** The ledger's founding and its policy parameters, each with the event that set it. */
export type CustodyState =
  | { readonly status: 'unfounded' }
  | {
      readonly status: 'founded';
      readonly origin: string;
      readonly mode: 'demo' | 'operational';
      readonly custodian: string;
      readonly parameters: Readonly<Record<string, { readonly value: string; readonly by: EventId }>>;
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
    const refused = notForRole([FoundLedger, ...CUSTODY_COMMANDS], command);
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
    }
  },
};
