import { isIssued } from '../authorisation/state.ts';
import { criteriaInForceAt } from '../criteria/decider.ts';
import { Checks, notForRole, refs, refuse, sinceOf, type Decider, type Refs } from '../kernel/index.ts';
import type { DomainView } from '../states.ts';
import { AUDIT_COMMANDS, type AuditCommand } from './commands.ts';
import type { AuditEvent, AuditScope, RecordedAuditEvent } from './events.ts';
import { lackingOf, type AuditFinding, type AuditState, type KnownAudit } from './state.ts';

export const auditDecider: Decider<AuditState, AuditCommand, AuditEvent, DomainView> = {
  category: 'audit',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(AUDIT_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now } = command;
    if (command.type === 'EngageAudit') {
      const { auditor, scope, period, criteriaSet, assurance } = command.payload;
      const party = view.state('party', auditor);
      const criteria = view.state('criteria', criteriaSet);
      const inForce = criteriaInForceAt(criteria, now);
      const inScope = partiesOf(view, scope);
      const checks = new Checks()
        .require(state.status === 'unknown', 'id-taken', `${id} is engaged already`)
        .require(
          party !== undefined && party.status !== 'unknown' && party.kind === 'auditor',
          'not-found',
          `there is no auditor ${auditor}`,
        )
        .require(!inScope.includes(auditor), 'no-self-assessment', 'nobody audits themselves')
        .require(period.from < period.until, 'invalid-period', 'the period ends before it begins')
        .require(
          criteria?.status === 'published' && criteria.kind === 'audit',
          'not-found',
          `there is no audit criteria set ${criteriaSet}`,
        )
        .require(inForce !== undefined, 'no-criteria-in-force', `no version of ${criteriaSet} is in force`)
        .require(
          actor.role !== 'allied-authority' || inScope.includes(actor.party as string),
          'not-entitled',
          'an allied authority has its own partners audited',
        );
      for (const grant of scope.grants)
        checks.require(isKnown(view.state('grant', grant)), 'not-found', `there is no grant ${grant}`);
      for (const session of scope.sessions) {
        const held = view.state('session', session);
        checks.require(
          held !== undefined && held.status !== 'unknown' && scope.grants.includes(held.grant),
          'not-found',
          `there is no session ${session} under the grants in scope`,
        );
      }
      return checks.then<AuditEvent>(() => [
        {
          type: 'AuditEngaged',
          data: {
            auditor,
            scope,
            parties: inScope,
            period,
            criteria: { set: criteriaSet, version: inForce?.version ?? '' },
            assurance,
          },
          refs: aboutScope(view, id, scope, [auditor, actor.party]),
        },
      ]);
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no audit ${id}`);
    const about = aboutScope(view, id, state.scope, [state.auditor, state.engagedBy]);
    const checks = new Checks()
      .require(
        actor.role !== 'auditor' || actor.party === state.auditor,
        'not-entitled',
        'the audit is another auditor’s',
      )
      .require(
        actor.role === 'auditor' || state.parties.includes(actor.party as string),
        'not-entitled',
        'the party is not in scope',
      );
    const one = (event: AuditEvent) => checks.then<AuditEvent>(() => [event]);
    const inStatus = (...allowed: readonly KnownAudit['status'][]) =>
      checks.require(allowed.includes(state.status), 'wrong-state', `the audit is ${state.status}`);
    const at = (finding: string): AuditFinding | undefined => {
      const held = state.findings[finding];
      checks
        .require(held !== undefined, 'not-found', `there is no finding ${finding}`)
        .require(held?.closed === undefined, 'wrong-state', `finding ${finding} is closed`);
      return held;
    };
    const afterGrading = (finding: string): AuditFinding | undefined => {
      const held = at(finding);
      checks.require(held?.graded !== undefined, 'finding-not-graded', `finding ${finding} is not graded yet`);
      return held;
    };
    const WORKING = ['engaged', 'fieldwork'] as const;
    const LIVE = [...WORKING, 'reported', 'follow-up'] as const;
    const CONCLUDED = ['follow-up', 'reported', 'closed'] as const;

    switch (command.type) {
      case 'DeclareIndependence': {
        const { statement, interests } = command.payload;
        inStatus('engaged');
        const shared = interests.filter((party) => state.parties.includes(party));
        checks
          .require(state.independence === undefined, 'wrong-state', 'independence is declared already')
          .require(shared.length === 0, 'auditor-not-independent', `an interest in ${shared.join(', ')}: recuse`);
        return one({ type: 'IndependenceDeclared', data: { statement }, refs: about });
      }
      case 'RecuseAuditor':
        inStatus(...WORKING);
        return one({ type: 'AuditorRecused', data: command.payload, refs: about });
      case 'PinAuditEvidence':
        inStatus(...WORKING);
        checks
          .require(state.independence !== undefined, 'independence-not-declared', 'independence comes before fieldwork')
          .require(command.payload.position <= view.index, 'not-found', `the log ends at ${view.index}`);
        return one({ type: 'AuditEvidencePinned', data: command.payload, refs: about });
      case 'RaiseAuditFinding': {
        const { finding, sessions, criterion } = command.payload;
        inStatus(...WORKING);
        checks
          .require(state.independence !== undefined, 'independence-not-declared', 'independence comes before fieldwork')
          .require(
            state.findings[finding]?.graded === undefined,
            'wrong-state',
            `finding ${finding} is graded already`,
          );
        for (const session of sessions) {
          const held = view.state('session', session);
          checks.require(
            held !== undefined &&
              held.status !== 'unknown' &&
              state.scope.grants.includes(held.grant) &&
              (state.scope.sessions.length === 0 || state.scope.sessions.includes(session)),
            'not-found',
            `session ${session} is not in scope`,
          );
        }
        if (criterion !== undefined) {
          const set = view.state('criteria', criterion.set);
          const held = set?.status === 'published' ? set.versions[criterion.version] : undefined;
          checks.require(
            held?.criteria.some((each) => each.criterion === criterion.criterion) ?? false,
            'not-found',
            `there is no criterion ${criterion.criterion} in ${criterion.set} ${criterion.version}`,
          );
        }
        return one({ type: 'AuditFindingRaised', data: command.payload, refs: about });
      }
      case 'GradeAuditFinding': {
        const { finding, material, pervasive } = command.payload;
        inStatus(...WORKING);
        const held = at(finding);
        const lacking = held ? lackingOf(held) : [];
        checks
          .require(lacking.length === 0, 'finding-incomplete', `finding ${finding} lacks ${lacking.join(', ')}`)
          .require(held?.graded === undefined, 'wrong-state', `finding ${finding} is graded already`)
          .require(material || !pervasive, 'conclusion-does-not-fit', 'what is pervasive is material');
        return one({ type: 'AuditFindingGraded', data: command.payload, refs: about });
      }
      case 'RecordManagementResponse':
        inStatus(...LIVE);
        afterGrading(command.payload.finding);
        return one({ type: 'ManagementResponseRecorded', data: command.payload, refs: about });
      case 'CommitCorrectiveAction': {
        const { finding, action } = command.payload;
        inStatus(...LIVE);
        const held = afterGrading(finding);
        checks.require(!(action in (held?.actions ?? {})), 'id-taken', `there is an action ${action} already`);
        return one({ type: 'CorrectiveActionCommitted', data: command.payload, refs: about });
      }
      case 'VerifyCorrectiveAction': {
        const { finding, action } = command.payload;
        inStatus(...LIVE);
        const held = at(finding)?.actions[action];
        checks
          .require(held !== undefined, 'not-found', `there is no action ${action}`)
          .require(held?.verified === undefined, 'wrong-state', `action ${action} is verified already`)
          .require(held?.party !== actor.party, 'no-self-assessment', 'whoever fixes a finding does not verify it');
        return one({ type: 'CorrectiveActionVerified', data: command.payload, refs: about });
      }
      case 'CloseAuditFinding': {
        const { finding } = command.payload;
        inStatus(...LIVE);
        const held = afterGrading(finding);
        const actions = Object.values(held?.actions ?? {});
        checks
          .require(
            actions.every(({ verified }) => verified !== undefined),
            'action-not-verified',
            'a corrective action is not verified',
          )
          .require(
            actions.length > 0 || held?.graded?.grade === 'observation',
            'action-not-verified',
            'only an observation is closed without a corrective action',
          );
        return one({ type: 'AuditFindingClosed', data: command.payload, refs: about });
      }
      case 'IssueAuditConclusion': {
        const { conclusion, scopeLimitation } = command.payload;
        inStatus('fieldwork');
        const findings = Object.entries(state.findings);
        const ungraded = findings.find(([, { graded }]) => graded === undefined);
        const open = findings.filter(([, { closed }]) => closed === undefined);
        checks.require(ungraded === undefined, 'finding-not-graded', `finding ${ungraded?.[0]} is not graded yet`);
        const fitting = fittingConclusions(
          open.some(([, { graded }]) => graded?.material ?? false),
          open.some(([, { graded }]) => graded?.pervasive ?? false),
          scopeLimitation !== undefined,
        );
        checks.require(
          fitting.includes(conclusion),
          'conclusion-does-not-fit',
          `the findings that are open and the scope allow ${fitting.join(' or ')}`,
        );
        const openFindings = open.map(([finding]) => finding).sort();
        return one({ type: 'AuditConclusionIssued', data: { ...command.payload, openFindings }, refs: about });
      }
      case 'AmendAuditReport':
        inStatus(...CONCLUDED);
        for (const finding of command.payload.findings)
          checks.require(finding in state.findings, 'not-found', `there is no finding ${finding}`);
        return one({ type: 'AuditReportAmended', data: command.payload, refs: about });
    }
  },

  evolve(state, recorded): AuditState {
    const event = recorded as RecordedAuditEvent;
    const since = sinceOf(event);
    if (event.type === 'AuditEngaged') {
      const { auditor, scope, parties, period, criteria, assurance } = event.data;
      return {
        status: 'engaged',
        auditor,
        engagedBy: event.actor,
        scope,
        parties,
        period,
        criteria,
        assurance,
        pinned: [],
        findings: {},
        reports: [],
      };
    }
    if (state.status === 'unknown') return state;
    const on = (finding: string, change: (held: AuditFinding) => Partial<AuditFinding>): AuditState => {
      const held = state.findings[finding];
      if (!held) return state;
      const findings = { ...state.findings, [finding]: { ...held, ...change(held) } };
      if (!('conclusion' in state)) return { ...state, findings };
      const open = Object.values(findings).some(({ closed }) => closed === undefined);
      return { ...state, findings, status: open ? 'follow-up' : 'closed' };
    };
    switch (event.type) {
      case 'IndependenceDeclared':
        return { ...state, independence: since };
      case 'AuditorRecused':
        return { ...known(state), status: 'recused', ended: since };
      case 'AuditEvidencePinned': {
        const { position, subject } = event.data;
        return working({ ...known(state), pinned: [...state.pinned, { position, subject, by: event.id }] });
      }
      case 'AuditFindingRaised': {
        const { finding, ...parts } = event.data;
        const before = state.findings[finding] ?? { raised: since, responses: [], actions: {} };
        return working({ ...known(state), findings: { ...state.findings, [finding]: { ...before, ...parts } } });
      }
      case 'AuditFindingGraded': {
        const { finding, ...graded } = event.data;
        return on(finding, () => ({ graded }));
      }
      case 'ManagementResponseRecorded': {
        const { finding, agrees } = event.data;
        return on(finding, ({ responses }) => ({
          responses: [...responses, { party: event.actor, agrees, by: event.id }],
        }));
      }
      case 'CorrectiveActionCommitted': {
        const { finding, action, due } = event.data;
        return on(finding, ({ actions }) => ({
          actions: { ...actions, [action]: { party: event.actor, due, by: event.id } },
        }));
      }
      case 'CorrectiveActionVerified': {
        const { finding, action } = event.data;
        return on(finding, ({ actions }) => {
          const held = actions[action];
          return held ? { actions: { ...actions, [action]: { ...held, verified: event.id } } } : {};
        });
      }
      case 'AuditFindingClosed':
        return on(event.data.finding, () => ({ closed: since }));
      case 'AuditConclusionIssued': {
        const open = Object.values(state.findings).some(({ closed }) => closed === undefined);
        const { conclusion } = event.data;
        return { ...known(state), status: open ? 'reported' : 'closed', conclusion, concluded: since };
      }
      case 'AuditReportAmended':
        return { ...state, reports: [...state.reports, event.id] };
    }
  },
};

/** R18: the conclusions that fit what is open when it is issued. */
export function fittingConclusions(
  material: boolean,
  pervasive: boolean,
  limited: boolean,
): readonly ('unmodified' | 'qualified' | 'adverse' | 'disclaimer')[] {
  if (pervasive) return ['adverse'];
  if (limited) return ['qualified', 'disclaimer'];
  return material ? ['qualified'] : ['unmodified'];
}

type Common = Omit<Extract<AuditState, { status: 'engaged' | 'fieldwork' }>, 'status'>;

const working = (state: Common): AuditState => ({ ...state, status: 'fieldwork' });

/** What every status has. */
function known(state: KnownAudit): Common {
  const { auditor, engagedBy, scope, parties, period, criteria, assurance, independence, pinned, findings, reports } =
    state;
  const declared = independence === undefined ? {} : { independence };
  return { auditor, engagedBy, scope, parties, period, criteria, assurance, ...declared, pinned, findings, reports };
}

const isKnown = (state: { readonly status: string } | undefined): boolean =>
  state !== undefined && state.status !== 'unknown';

function grantsOf(view: DomainView, { grants }: AuditScope) {
  return grants.flatMap((id) => {
    const grant = view.state('grant', id);
    return grant === undefined || grant.status === 'unknown' ? [] : [grant];
  });
}

const partiesOf = (view: DomainView, scope: AuditScope): string[] => [
  ...new Set(grantsOf(view, scope).flatMap(({ party, authority, developer }) => [party, authority, developer])),
];

function aboutScope(view: DomainView, id: string, scope: AuditScope, more: readonly string[]): Refs {
  const grants = grantsOf(view, scope);
  return refs({
    audit: [id],
    ally: grants.map(({ ally }) => ally),
    partner: grants.map(({ partner }) => partner),
    parties: [...partiesOf(view, scope), ...more],
    modelFamily: grants.flatMap(({ families }) => families),
    modelVersion: grants.flatMap(({ scope: { items } }) => items.flatMap(({ versions }) => versions)),
    instrument: grants.map(({ scope: { authorisation } }) => {
      const state = view.state('authorisation', authorisation);
      return isIssued(state) ? state.instrument : undefined;
    }),
    authorisation: grants.map(({ scope: { authorisation } }) => authorisation),
    grant: scope.grants,
    session: scope.sessions,
  });
}
