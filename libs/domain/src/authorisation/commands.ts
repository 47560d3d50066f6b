import { Type } from 'typebox';
import { commandsOf, IdText, Name, oneOf, Text, type CommandOf } from '../kernel/index.ts';
import { AuthorisationScope, Condition, Month, Reserved, RevokedItems } from './events.ts';

const command = commandsOf('authorisation');
const LICENSING = ['licensing-authority'] as const;
const HOLDERS = ['developer', 'trusted-partner'] as const;

export const AUTHORISATION_COMMANDS = [
  command(
    'ApplyForAuthorisation',
    HOLDERS,
    { partner: IdText, instrument: IdText, reference: Name, scope: AuthorisationScope },
    'begins a stream',
  ),
  command('ReferApplication', LICENSING, { agency: Name }),
  command('HoldApplication', LICENSING, { reason: Text }),
  command('RecordAgencyPosition', ['licensing-authority', 'allied-authority'], {
    agency: Name,
    position: oneOf('approve', 'approve-with-conditions', 'deny', 'no-position'),
  }),
  command('IssueIntentToDeny', LICENSING, { reason: Text }),
  command('ReturnApplicationWithoutAction', LICENSING, { reason: Text }),
  command('DenyAuthorisation', LICENSING, { reason: Text }),
  /** On an application, whose scope it may narrow. */
  command('IssueAuthorisation', LICENSING, {
    scope: Type.Optional(AuthorisationScope),
    conditions: Type.Array(Condition),
  }),
  /** A listing or an exception has no application: it begins with its issue. Its id is the caller's or drawn. */
  command('ListAuthorisation', LICENSING, {
    kind: oneOf('exception', 'annex-listing'),
    holder: IdText,
    partner: IdText,
    instrument: IdText,
    annexEntry: Type.Optional(IdText),
    reference: Name,
    scope: AuthorisationScope,
    conditions: Type.Array(Condition),
  }),
  command('CommunicateConditions', LICENSING, {}),
  command('AcknowledgeConditions', HOLDERS, {}),
  command('ReportOnCondition', HOLDERS, { condition: IdText, period: Month }),
  command('MarkConditionOverdue', ['system'], { condition: IdText, period: Month }),
  command('DecrementAuthorisation', ['system'], { grant: IdText, items: Reserved }),
  command('ReplenishAuthorisation', ['system'], { grant: IdText, items: Reserved }),
  command('SupersedeAuthorisation', LICENSING, { successor: IdText }),
  command('AmendAuthorisation', LICENSING, { scope: AuthorisationScope, reason: Text }),
  command('SuspendAuthorisation', LICENSING, { reason: Text }),
  command('ReinstateAuthorisation', LICENSING, { reason: Text }),
  command('RevokeAuthorisation', LICENSING, { items: Type.Optional(RevokedItems), reason: Text }),
  command('ExpireAuthorisation', ['system'], {}),
] as const;

export type AuthorisationCommand = CommandOf<(typeof AUTHORISATION_COMMANDS)[number]>;
