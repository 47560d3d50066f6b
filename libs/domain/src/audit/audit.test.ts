import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { actor, given, type Fact } from '../testing/specification.ts';
import { auditDecider, fittingConclusions } from './index.ts';

const auditor = actor('party-aud-1', 'auditor');
const authority = actor('party-us-la', 'licensing-authority');
const lab = actor('party-gb-lab', 'trusted-partner');
const developer = actor('party-dev', 'developer');
const id = 'audit-1';
const grant = {
  status: 'active',
  partner: 'partner-gb',
  party: 'party-gb-lab',
  ally: 'GB',
  authority: 'party-gb-aisi',
  developer: 'party-dev',
  families: ['model-1'],
  scope: { authorisation: 'authorisation-1', items: [{ item: 'api', amount: 1, versions: ['v-1'] }] },
};
const criterion = { set: 'criteria-aud', version: '1', criterion: 'A-1' };
const view = {
  index: 100,
  state: ((category: string, of: string) => {
    if (category === 'grant') return of === 'grant-1' ? grant : undefined;
    if (category === 'party') return { status: 'registered', kind: of === 'party-aud-1' ? 'auditor' : 'developer' };
    if (category === 'criteria')
      return {
        status: 'published',
        kind: 'audit',
        versions: {
          '1': { criteria: [{ criterion: 'A-1' }], published: { by: 'e', from: 0, index: 0 }, inForceFrom: 0 },
        },
      };
    return category === 'session' && of === 'session-1' ? { status: 'completed', grant: 'grant-1' } : undefined;
  }) as never,
};
const period = { from: '2026-07-22T00:00:00.000Z', until: '2026-09-05T00:00:00.000Z' };
const scope = { grants: ['grant-1'], sessions: [] };
const asked = { auditor: 'party-aud-1', scope, period, criteriaSet: 'criteria-aud', assurance: 'limited' };
const engaged: Fact = {
  type: 'AuditEngaged',
  data: {
    auditor: 'party-aud-1',
    scope,
    parties: ['party-gb-lab', 'party-gb-aisi', 'party-dev'],
    period,
    criteria: { set: 'criteria-aud', version: '1' },
    assurance: 'limited',
  },
  refs: { parties: ['party-aud-1', 'party-dev', 'party-gb-aisi', 'party-gb-lab', 'party-us-la'] },
};
const independent: Fact = { type: 'IndependenceDeclared', data: { statement: 'no ties' } };
const pinned: Fact = { type: 'AuditEvidencePinned', data: { position: 3, subject: 'session-1' } };
const raised = (finding: string, parts: object = { criterion, cause: 'haste', effect: 'doubt' }): Fact => ({
  type: 'AuditFindingRaised',
  data: { finding, sessions: ['session-1'], condition: 'the log names no packages', ...parts },
});
const graded = (finding: string, grade: string, material = false, pervasive = false): Fact => ({
  type: 'AuditFindingGraded',
  data: { finding, grade, material, pervasive },
});
const committed = (finding: string): Fact => ({
  type: 'CorrectiveActionCommitted',
  data: { finding, action: 'a-1', description: 'name them', due: '2026-10-31' },
});
const after = (...history: Fact[]) => given(auditDecider, { id, history, view });
const concluding = (conclusion: string, more: object = {}) => ({ conclusion, grounds: 'as found', ...more });

describe('an audit', () => {
  test('is engaged by an authority, under audit criteria in force', () =>
    after()
      .when('EngageAudit', asked, authority)
      .then([{ type: 'AuditEngaged', data: engaged.data }]));

  test('is of others: nobody audits themselves (R2), and its auditor is one', () => {
    after()
      .when('EngageAudit', { ...asked, auditor: 'party-gb-lab' }, authority)
      .refused('not-found', 'no-self-assessment');
    after().when('EngageAudit', asked, auditor).refused('not-entitled');
  });

  test('begins with a declaration of independence (R16)', () => {
    after(engaged).when('PinAuditEvidence', pinned.data, auditor).refused('independence-not-declared');
    after(engaged)
      .when('DeclareIndependence', { statement: 'no ties', interests: ['party-other'] }, auditor)
      .then([independent]);
    after(engaged)
      .when('DeclareIndependence', { statement: 'some ties', interests: ['party-dev'] }, auditor)
      .refused('auditor-not-independent');
    after(engaged, independent).when('PinAuditEvidence', pinned.data, auditor).then([pinned]);
    after(engaged, independent)
      .when('PinAuditEvidence', { position: 101, subject: 'session-1' }, auditor)
      .refused('not-found');
  });

  test('ends when its auditor recuses', () => {
    const recused = { type: 'AuditorRecused', data: { reason: 'a tie came up' } };
    after(engaged, independent).when('RecuseAuditor', recused.data, auditor).then([recused]);
    after(engaged, independent, recused).when('RaiseAuditFinding', raised('F-1').data, auditor).refused('wrong-state');
  });

  test('grades a finding when condition, criterion, cause and effect are there (R17)', () => {
    const grade = graded('F-1', 'minor');
    after(engaged, independent, raised('F-1', {}))
      .when('GradeAuditFinding', grade.data, auditor)
      .refused('finding-incomplete');
    after(engaged, independent, raised('F-1', {}), raised('F-1'))
      .when('GradeAuditFinding', grade.data, auditor)
      .then([grade]);
  });

  test('has what it finds fixed by the audited, and verified by the auditor (R17)', () => {
    const history = [engaged, independent, raised('F-1'), graded('F-1', 'minor')];
    after(...history)
      .when('CommitCorrectiveAction', committed('F-1').data, lab)
      .then([committed('F-1')]);
    after(...history)
      .when('CommitCorrectiveAction', committed('F-1').data, actor('party-other', 'trusted-partner'))
      .refused('not-entitled');
    const verification = { finding: 'F-1', action: 'a-1', shownBy: 'a new log' };
    after(...history, committed('F-1'))
      .when('VerifyCorrectiveAction', verification, lab)
      .refused('not-entitled');
    after(...history, committed('F-1'))
      .when('VerifyCorrectiveAction', verification, auditor)
      .then([{ type: 'CorrectiveActionVerified', data: verification }]);
    after(...history, committed('F-1'))
      .when('CloseAuditFinding', { finding: 'F-1', reason: 'fixed' }, auditor)
      .refused('action-not-verified');
    after(...history)
      .when('CloseAuditFinding', { finding: 'F-1', reason: 'minor' }, auditor)
      .refused('action-not-verified');
    after(...history, committed('F-1'), { type: 'CorrectiveActionVerified', data: verification })
      .when('CloseAuditFinding', { finding: 'F-1', reason: 'fixed' }, auditor)
      .then([{ type: 'AuditFindingClosed', data: { finding: 'F-1', reason: 'fixed' } }]);
    after(...history)
      .when('RecordManagementResponse', { finding: 'F-1', agrees: true, response: 'yes' }, developer)
      .then([{ type: 'ManagementResponseRecorded', data: { finding: 'F-1', agrees: true, response: 'yes' } }]);
  });

  test.each([
    [false, false, 'unmodified'],
    [true, false, 'qualified'],
    [true, true, 'adverse'],
  ] as const)(
    'with an open finding that is material: %s, pervasive: %s, concludes %s (R18)',
    (material, pervasive, fits) => {
      const history = [engaged, independent, raised('F-1'), graded('F-1', 'major', material, pervasive)];
      for (const conclusion of ['unmodified', 'qualified', 'adverse', 'disclaimer']) {
        const issuing = after(...history).when('IssueAuditConclusion', concluding(conclusion), auditor);
        if (conclusion === fits)
          issuing.then([{ type: 'AuditConclusionIssued', data: { ...concluding(fits), openFindings: ['F-1'] } }]);
        else issuing.refused('conclusion-does-not-fit');
      }
    },
  );

  test('with a limitation of scope concludes qualified or disclaims (R18)', () => {
    const limited = { scopeLimitation: 'no access to the weights facility' };
    const history = [engaged, independent, pinned];
    after(...history)
      .when('IssueAuditConclusion', concluding('disclaimer', limited), auditor)
      .then([{ type: 'AuditConclusionIssued', data: { ...concluding('disclaimer', limited), openFindings: [] } }]);
    after(...history)
      .when('IssueAuditConclusion', concluding('unmodified', limited), auditor)
      .refused('conclusion-does-not-fit');
  });

  test('keeps its conclusion, and is amended only by a further report (R18)', () => {
    const concluded = { type: 'AuditConclusionIssued', data: { ...concluding('qualified'), openFindings: ['F-1'] } };
    const history = [engaged, independent, raised('F-1'), graded('F-1', 'major', true), concluded];
    after(...history)
      .when('IssueAuditConclusion', concluding('qualified'), auditor)
      .refused('wrong-state');
    const amended = { report: 'F-1 is fixed', findings: ['F-1'] };
    after(...history)
      .when('AmendAuditReport', amended, auditor)
      .then([{ type: 'AuditReportAmended', data: amended }]);
  });

  test('always has exactly one kind of conclusion that fits, or two where scope was limited', () =>
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (material, pervasive, limited) => {
        const fitting = fittingConclusions(material || pervasive, pervasive, limited);
        expect(fitting.includes('unmodified')).toBe(!material && !pervasive && !limited);
        expect(fitting.includes('adverse')).toBe(pervasive);
        expect(fitting.includes('disclaimer')).toBe(limited && !pervasive);
      }),
    ));
});
