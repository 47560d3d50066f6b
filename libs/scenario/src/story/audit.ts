import { ALLIES, AUDIT, AUDITING, AUDITOR, DEVELOPER, grant, LA, partnerParty, TESTING } from './cast.ts';
import { at, type Step } from './step.ts';

/** 7 September to 23 October: AUD-1, from its engagement to the report that amends its own. */
export function audits(): Step[] {
  const inScope = ['s1', 's2', 's3', 's4', 's5', 's6', 's8', 's9'].map((session) => `session-${session}`);
  const auditor = (time: string, what: string, body: Record<string, unknown>) =>
    at(time, AUDITOR, `audits/${AUDIT}/${what}`, body);
  const audited = (time: string, by: string, what: string, body: Record<string, unknown>) =>
    at(time, by, `audits/${AUDIT}/${what}`, body);
  const audit = (criterionId: string) => ({ set: AUDITING, version: '1.0', criterion: criterionId });
  const de = partnerParty('DE');
  return [
    at('2026-09-07', LA, 'audits', {
      id: AUDIT,
      auditor: AUDITOR,
      scope: { grants: ALLIES.map(({ country }) => grant(country)), sessions: inScope },
      period: { from: '2026-07-22T00:00:00.000Z', until: '2026-09-06T00:00:00.000Z' },
      criteriaSet: AUDITING,
      assurance: 'limited',
    }),
    auditor('2026-09-07T10:00:00.000Z', 'declare-independence', {
      statement: 'No interest in any party in scope, and no work for one in the last three years.',
      interests: [],
    }),
    ...inScope.map((session) =>
      auditor('2026-09-08', 'pin-audit-evidence', {
        position: { before: '2026-09-06T00:00:00.000Z' },
        subject: session,
        note: 'as logged by 5 September',
      }),
    ),
    auditor('2026-09-21', 'raise-audit-finding', {
      finding: 'F-1',
      sessions: ['session-s4'],
      condition: 'The log of S4 names no packages and no revision.',
      criterion: audit('AC-2'),
      cause: 'It was written by a version of the framework that leaves them out.',
      effect: 'The run cannot be made again with certainty.',
      recommendation: 'Use a version that names them.',
    }),
    auditor('2026-09-21', 'raise-audit-finding', {
      finding: 'F-2',
      sessions: ['session-s9'],
      condition: 'The last call of the model was 41 s after the revocation took effect; TP-13 allows 30 s.',
      criterion: { set: TESTING, version: '1.1', criterion: 'TP-13' },
      cause: 'The gateway had cached its permission and did not ask again.',
      effect: 'Three calls were answered without authority.',
      recommendation: 'Ask before each call, or keep a permission for less than 30 s.',
    }),
    auditor('2026-09-21', 'raise-audit-finding', {
      finding: 'F-3',
      sessions: ['session-s3'],
      condition: 'S3 was cancelled and no reason given in five days.',
      criterion: audit('AC-3'),
      cause: 'The form lets it be left out.',
      effect: 'Why the session ended is not on record.',
    }),
    auditor('2026-09-22', 'grade-audit-finding', { finding: 'F-1', grade: 'minor', material: false, pervasive: false }),
    auditor('2026-09-22', 'grade-audit-finding', { finding: 'F-2', grade: 'major', material: true, pervasive: false }),
    auditor('2026-09-22', 'grade-audit-finding', {
      finding: 'F-3',
      grade: 'observation',
      material: false,
      pervasive: false,
    }),
    audited('2026-09-23', de, 'record-management-response', {
      finding: 'F-1',
      agrees: true,
      response: 'The framework is brought up to date.',
    }),
    audited('2026-09-23', de, 'commit-corrective-action', {
      finding: 'F-1',
      action: 'F-1-a',
      description: 'Evaluation framework brought up to a version that names packages and revision.',
      due: '2026-10-15',
    }),
    audited('2026-09-23', DEVELOPER, 'record-management-response', {
      finding: 'F-2',
      agrees: true,
      response: 'The gateway will ask before each call.',
    }),
    audited('2026-09-23', DEVELOPER, 'commit-corrective-action', {
      finding: 'F-2',
      action: 'F-2-a',
      description: 'No permission is cached for longer than five seconds; a cut-off drill shows it.',
      due: '2026-10-20',
    }),
    audited('2026-09-23', partnerParty('FR'), 'record-management-response', {
      finding: 'F-3',
      agrees: true,
      response: 'A reason will be given.',
    }),
    auditor('2026-09-25', 'issue-audit-conclusion', {
      conclusion: 'qualified',
      grounds: 'Except for F-2, nothing came to our attention that the sessions in scope do not conform.',
    }),
    auditor('2026-10-12', 'verify-corrective-action', {
      finding: 'F-1',
      action: 'F-1-a',
      shownBy: 'A log of October that names packages and revision.',
    }),
    auditor('2026-10-12', 'close-audit-finding', { finding: 'F-1', reason: 'fixed' }),
    auditor('2026-10-12T10:00:00.000Z', 'close-audit-finding', { finding: 'F-3', reason: 'an observation, answered' }),
    auditor('2026-10-20', 'verify-corrective-action', {
      finding: 'F-2',
      action: 'F-2-a',
      shownBy: 'A cut-off drill: last call 4 s after the effect of the revocation.',
    }),
    auditor('2026-10-20', 'close-audit-finding', { finding: 'F-2', reason: 'fixed' }),
    auditor('2026-10-23', 'amend-audit-report', {
      report: 'Follow-up: F-1 and F-2 are fixed and verified. The conclusion on the period is unchanged.',
      findings: ['F-1', 'F-2'],
    }),
  ];
}
