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
  refuse,
  Text,
  type CommandOf,
  type Decider,
  type EventOf,
  type RecordedEventOf,
  type Refusal,
} from '../kernel/index.ts';
import { isIssued } from '../authorisation/state.ts';
import { familyOf } from '../model/decider.ts';
import { partnerOfParty } from '../partner/state.ts';
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
  /** Who asked, where that is not the grant's own partner. */
  askedBy: Type.Optional(IdText),
};

export const DENIAL_EVENTS = [
  /**
   * A refusal of access with every rule that failed (R15). Reasons that name a person's status have their detail in
   * `personal`, sealed under that person's key.
   */
  event(
    'AccessDenied',
    { ...request, reasons: Type.Array(Reason, { minItems: 1 }), countries: Type.Optional(Countries) },
    ['ally', 'partner', 'parties', 'modelVersion', 'instrument', 'authorisation', 'grant', 'testers'],
  ),
  /** How often the same refusal came again within ten minutes of the first. */
  event('AccessDenialsCounted', { first: IdText, count: Type.Integer({ minimum: 1 }) }, [
    'ally',
    'partner',
    'parties',
    'modelVersion',
    'authorisation',
    'grant',
    'testers',
  ]),
] as const;
export type DenialEvent = EventOf<(typeof DENIAL_EVENTS)[number]>;
type RecordedDenialEvent = RecordedEventOf<(typeof DENIAL_EVENTS)[number]>;

const command = commandsOf('denial');
export const DENIAL_COMMANDS = [
  command('DenyAccess', ['system'], { ...request, reasons: Type.Array(Reason, { minItems: 1 }) }),
  command('CountDenials', ['system'], { first: IdText, count: Type.Integer({ minimum: 1 }), grant: IdText }),
] as const;
export type DenialCommand = CommandOf<(typeof DENIAL_COMMANDS)[number]>;

/** What makes a refusal the same: what was asked, and the rules that failed. */
export const keyOf = (asked: object, reasons: readonly Pick<Refusal, 'rule'>[]): string =>
  JSON.stringify([Object.entries(asked).sort(), reasons.map(({ rule }) => rule)]);

export const denialDecider: Decider<DenialState, DenialCommand, DenialEvent, DomainView> = {
  category: 'denial',
  initial: { latest: {}, earlier: {}, count: 0 },

  decide(command, state, view) {
    const refused = notForRole(DENIAL_COMMANDS, command);
    if (refused) return refused;
    if (command.type === 'CountDenials') {
      const { first, count } = command.payload;
      const denied = Object.values(state.latest).find(({ by }) => by === first) ?? state.earlier[first];
      if (denied === undefined) return refuse('not-found', `there is no refusal ${first}`);
      return [{ type: 'AccessDenialsCounted', data: { first, count }, refs: denied.refs }];
    }
    const { reasons, ...asked } = command.payload;
    const grant = view.state('grant', asked.grant);
    const known = grant !== undefined && grant.status !== 'unknown' ? grant : undefined;
    const authorisation = view.state('authorisation', known?.scope.authorisation ?? '');
    const asker = asked.askedBy === undefined ? undefined : partnerOfParty(view, asked.askedBy);
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
          ally: [known?.ally, asker?.ally],
          partner: [known?.partner, asker?.id],
          parties: [known?.party, known?.authority, known?.developer, asked.askedBy],
          instrument: [isIssued(authorisation) ? authorisation.instrument : undefined],
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
    if (event.type === 'AccessDenialsCounted') {
      const { [event.data.first]: _, ...earlier } = state.earlier;
      return { ...state, earlier };
    }
    const { reasons, countries: _, ...asked } = event.data;
    const key = keyOf(asked, reasons);
    const denied = { by: event.id, at: event.recordedAt, index: event.index, refs: event.refs, reasons };
    const before = state.latest[key];
    return {
      latest: { ...state.latest, [key]: denied },
      earlier: before === undefined ? state.earlier : { ...state.earlier, [before.by]: before },
      count: state.count + 1,
    };
  },
};
