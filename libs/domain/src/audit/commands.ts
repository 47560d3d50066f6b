import { Type } from 'typebox';
import { commandsOf, Day, IdText, IdTexts, oneOf, Period, Text, type CommandOf } from '../kernel/index.ts';
import { AuditScope, Conclusion, FindingParts } from './events.ts';

const command = commandsOf('audit');
const ENGAGING = ['licensing-authority', 'allied-authority', 'regulator'] as const;
const AUDITOR = ['auditor'] as const;
/** Whoever can be in scope; the decider looks whether they are. */
const AUDITED = ['developer', 'trusted-partner', 'allied-authority', 'licensing-authority'] as const;
const finding = IdText;

export const AUDIT_COMMANDS = [
  command(
    'EngageAudit',
    ENGAGING,
    {
      auditor: IdText,
      scope: AuditScope,
      period: Period,
      criteriaSet: IdText,
      assurance: oneOf('limited', 'reasonable'),
    },
    'begins a stream',
  ),
  /** `interests`: parties in which the auditor has any; none of them may be in scope. */
  command('DeclareIndependence', AUDITOR, { statement: Text, interests: IdTexts }),
  command('RecuseAuditor', AUDITOR, { reason: Text }),
  command('PinAuditEvidence', AUDITOR, {
    position: Type.Integer({ minimum: 0 }),
    subject: IdText,
    note: Type.Optional(Text),
  }),
  command('RaiseAuditFinding', AUDITOR, { finding, ...FindingParts }),
  command('GradeAuditFinding', AUDITOR, {
    finding,
    grade: oneOf('major', 'minor', 'observation'),
    material: Type.Boolean(),
    pervasive: Type.Boolean(),
  }),
  command('RecordManagementResponse', AUDITED, { finding, agrees: Type.Boolean(), response: Text }),
  command('CommitCorrectiveAction', AUDITED, { finding, action: IdText, description: Text, due: Day }),
  command('VerifyCorrectiveAction', AUDITOR, { finding, action: IdText, shownBy: Text }),
  command('CloseAuditFinding', AUDITOR, { finding, reason: Text }),
  command('IssueAuditConclusion', AUDITOR, {
    conclusion: Conclusion,
    grounds: Text,
    scopeLimitation: Type.Optional(Text),
  }),
  command('AmendAuditReport', AUDITOR, { report: Text, findings: IdTexts }),
] as const;

export type AuditCommand = CommandOf<(typeof AUDIT_COMMANDS)[number]>;
