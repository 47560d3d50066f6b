import { Type } from 'typebox';
import {
  commandsOf,
  Countries,
  event,
  IdText,
  IdTexts,
  Modality,
  Name,
  notForRole,
  refs,
  Text,
  type CommandOf,
  type Decider,
  type EventOf,
  type RecordedEventOf,
} from '../kernel/index.ts';
import { familyOf } from '../model/decider.ts';
import { sealReasons } from '../release/index.ts';
import type { DomainView } from '../states.ts';
import type { DenialState } from './state.ts';

const closed = { additionalProperties: false };
const Reason = Type.Object({ rule: Name, detail: Text, countries: Type.Optional(Countries) }, closed);
const request = {
  grant: IdText,
  modelVersion: IdText,
  modality: Modality,
  testers: IdTexts,
  facility: Type.Optional(IdText),
  place: Type.String({ pattern: '^[A-Z]{2}$' }),
  endUse: Name,
};

export const DENIAL_EVENTS = [
  /**
   * A refusal of access with every rule that failed (R15). Reasons that name a person's status have their detail in
   * `personal`, sealed under that person's key.
   */
  event(
    'AccessDenied',
    { ...request, reasons: Type.Array(Reason, { minItems: 1 }), countries: Type.Optional(Countries) },
    ['ally', 'partner', 'parties', 'grant'],
  ),
  /** How often the same refusal came again within ten minutes of the first. */
  event('AccessDenialsCounted', { first: IdText, count: Type.Integer({ minimum: 1 }) }, ['ally', 'partner', 'parties']),
] as const;
export type DenialEvent = EventOf<(typeof DENIAL_EVENTS)[number]>;
type RecordedDenialEvent = RecordedEventOf<(typeof DENIAL_EVENTS)[number]>;

const command = commandsOf('denial');
export const DENIAL_COMMANDS = [
  command('DenyAccess', ['system'], { ...request, reasons: Type.Array(Reason, { minItems: 1 }) }),
  command('CountDenials', ['system'], { first: IdText, count: Type.Integer({ minimum: 1 }), grant: IdText }),
] as const;
export type DenialCommand = CommandOf<(typeof DENIAL_COMMANDS)[number]>;

export const keyOf = (asked: object): string => JSON.stringify(Object.entries(asked).sort());

export const denialDecider: Decider<DenialState, DenialCommand, DenialEvent, DomainView> = {
  category: 'denial',
  initial: { latest: {}, count: 0 },

  decide(command, _, view) {
    const refused = notForRole(DENIAL_COMMANDS, command);
    if (refused) return refused;
    const grant = view.state('grant', command.payload.grant);
    const known = grant !== undefined && grant.status !== 'unknown' ? grant : undefined;
    const about = {
      ally: [known?.ally],
      partner: [known?.partner],
      parties: [known?.party, known?.authority, known?.developer],
    };
    if (command.type === 'CountDenials') {
      const { first, count } = command.payload;
      return [{ type: 'AccessDenialsCounted', data: { first, count }, refs: refs(about) }];
    }
    const { reasons, ...asked } = command.payload;
    const countries = [...new Set(reasons.flatMap((reason) => reason.countries ?? []))].sort();
    const plain = sealReasons(reasons, asked.testers);
    return [
      {
        type: 'AccessDenied',
        data: {
          ...asked,
          ...(countries.length > 0 ? { countries } : {}),
          reasons: plain.reasons,
        },
        refs: refs({
          ...about,
          grant: [asked.grant],
          testers: asked.testers,
          modelVersion: [asked.modelVersion],
          modelFamily: [familyOf(view, asked.modelVersion)],
          authorisation: [known?.scope.authorisation],
        }),
        personal: plain.personal,
      },
    ];
  },

  evolve(state, recorded): DenialState {
    const event = recorded as RecordedDenialEvent;
    if (event.type !== 'AccessDenied') return state;
    const { reasons, countries: _, ...asked } = event.data;
    const key = keyOf(asked);
    const denied = { by: event.id, at: event.recordedAt, index: event.index, request: key, reasons };
    return { latest: { ...state.latest, [key]: denied }, count: state.count + 1 };
  },
};
