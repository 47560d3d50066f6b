import { Type } from 'typebox';
import { commandsOf, Country, IdText, Modality, Name, oneOf, Text, type CommandOf } from '../kernel/index.ts';
import { Cause, GrantScope } from './events.ts';

const command = commandsOf('grant');
const PARTNER = ['trusted-partner'] as const;
const APPROVERS = ['developer', 'allied-authority'] as const;
const of = oneOf('grant', 'amendment');

export const GRANT_COMMANDS = [
  command('RequestGrant', PARTNER, { partner: IdText, scope: GrantScope }, 'begins a stream'),
  command('ApproveGrant', APPROVERS, { of }),
  command('RefuseGrant', APPROVERS, { of, reason: Text }),
  command('ActivateGrant', ['system'], {}),
  command('RequestGrantAmendment', PARTNER, { scope: GrantScope }),
  command('AmendGrant', ['system'], {}),
  /** Asks for access: decided against everything that it would rest on. */
  command('OpenSession', PARTNER, {
    session: Type.Optional(IdText),
    modelVersion: IdText,
    modality: Modality,
    testers: Type.Array(IdText, { minItems: 1, maxItems: 50 }),
    facility: Type.Optional(IdText),
    place: Country,
    endUse: Name,
    /** How much it asks for, where the item counts in hours, calls or tokens. */
    reserve: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  command('ReturnSessionQuota', ['system'], { session: IdText, amount: Type.Integer({ minimum: 0 }) }),
  command('SuspendGrant', APPROVERS, { reason: Text }),
  command('ReinstateGrant', APPROVERS, { reason: Text }),
  command('SuspendGrantByCause', ['system'], { causes: Type.Array(Cause, { minItems: 1 }), reason: Text }),
  command('LiftGrantCauses', ['system'], { lifted: Type.Array(Cause, { minItems: 1 }), reason: Text }),
  command('RevokeGrant', APPROVERS, { reason: Text }),
  command('ExpireGrant', ['system'], {}),
] as const;

export type GrantCommand = CommandOf<(typeof GRANT_COMMANDS)[number]>;
