import { authorise } from '../authorise.ts';
import { criteriaInForceAt } from '../criteria/decider.ts';
import { Checks, notForRole, refs, refuse, sinceOf, type Decider, type Refs } from '../kernel/index.ts';
import { familyOf } from '../model/decider.ts';
import { sealReasons } from '../release/index.ts';
import type { DomainView } from '../states.ts';
import { SESSION_COMMANDS, type SessionCommand } from './commands.ts';
import type { RecordedSessionEvent, SessionEvent } from './events.ts';
import type { KnownSession, SessionState } from './state.ts';

export const sessionDecider: Decider<SessionState, SessionCommand, SessionEvent, DomainView> = {
  category: 'session',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(SESSION_COMMANDS, command);
    if (refused) return refused;
    const { id, actor } = command;
    if (command.type === 'RecordSessionOpened') {
      const grant = view.state('grant', command.payload.grant);
      const use = grant !== undefined && grant.status !== 'unknown' ? grant.sessions[id] : undefined;
      if (state.status !== 'unknown') return refuse('wrong-state', `${id} is opened already`);
      if (use === undefined) return refuse('not-found', `${command.payload.grant} has authorised no session ${id}`);
      return [
        {
          type: 'SessionOpened',
          data: {
            grant: command.payload.grant,
            party: grant !== undefined && grant.status !== 'unknown' ? grant.party : '',
            authorised: use.authorised.by,
            ...use.request,
          },
          refs: aboutGrant(view, id, command.payload.grant, use.request.modelVersion, use.request.testers),
          effectiveAt: use.authorised.from,
        },
      ];
    }
    if (command.type === 'ReportSession') {
      const { payload } = command;
      const grant = view.state('grant', payload.grant);
      if (state.status !== 'unknown') return refuse('id-taken', `there is a session ${id} already`);
      if (grant === undefined || grant.status === 'unknown')
        return refuse('not-found', `there is no grant ${payload.grant}`);
      if (![grant.party, grant.developer].includes(actor.party as string))
        return refuse('not-entitled', 'the grant is of other parties');
      const judged = authorise(view, { ...payload, party: grant.party, reserve: 0 }, Date.parse(payload.startedAt));
      const plain = sealReasons('deny' in judged ? judged.deny : [], payload.testers);
      return [
        {
          type: 'SessionReported',
          personal: plain.personal,
          data: {
            ...payload,
            party: grant.party,
            misfits: plain.reasons,
          },
          refs: aboutGrant(view, id, payload.grant, payload.modelVersion, payload.testers),
          effectiveAt: Date.parse(payload.startedAt),
        },
      ];
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no session ${id}`);
    const grant = view.state('grant', state.grant);
    const developer = grant !== undefined && grant.status !== 'unknown' ? grant.developer : undefined;
    const about = aboutGrant(view, id, state.grant, state.modelVersion, state.testers);
    const effective = command.effectiveAt === undefined ? {} : { effectiveAt: command.effectiveAt };
    const checks = new Checks()
      .require(
        actor.role !== 'trusted-partner' || actor.party === state.party,
        'not-entitled',
        'the session is of another partner',
      )
      .require(
        actor.role !== 'developer' || actor.party === developer,
        'not-entitled',
        'the model is of another developer',
      );
    const one = (event: SessionEvent) => checks.then<SessionEvent>(() => [{ ...event, ...effective }]);
    const open = () => checks.require(state.status === 'open', 'wrong-state', `the session is ${state.status}`);

    switch (command.type) {
      case 'RecordCriterionOutcome': {
        const { criterion } = command.payload;
        checks
          .require(state.status !== 'voided', 'wrong-state', 'the session is voided')
          .require(
            criteriaOf(state, view).includes(criterion),
            'criterion-not-in-force',
            `${criterion} is not in the criteria that the session is judged by`,
          )
          .require(!(criterion in state.outcomes), 'wrong-state', `${criterion} has an outcome: correct it instead`);
        return one({ type: 'CriterionOutcomeRecorded', data: command.payload, refs: about });
      }
      case 'RecordTestFinding':
        checks.require(
          !(command.payload.finding in state.findings),
          'id-taken',
          'there is a finding of that id already',
        );
        return one({ type: 'TestFindingRecorded', data: command.payload, refs: about });
      case 'OrderSessionTermination':
        open();
        checks.require(state.terminationOrdered === undefined, 'wrong-state', 'termination is ordered already');
        return one({ type: 'SessionTerminationOrdered', data: command.payload, refs: about });
      case 'TerminateSession':
        open();
        return one({ type: 'SessionTerminated', data: command.payload, refs: about });
      case 'CompleteSession':
        checks.require(
          state.status === 'open' || state.status === 'reported',
          'wrong-state',
          `the session is ${state.status}`,
        );
        return one({ type: 'SessionCompleted', data: {}, refs: about });
      case 'CancelSession':
        open();
        return one({ type: 'SessionCancelled', data: command.payload, refs: about });
      case 'FailSession':
        checks.require(
          state.status === 'open' || state.status === 'reported',
          'wrong-state',
          `the session is ${state.status}`,
        );
        return one({ type: 'SessionFailed', data: command.payload, refs: about });
      case 'VoidSession':
        checks.require(state.status !== 'voided', 'wrong-state', 'the session is voided already');
        return one({ type: 'SessionVoided', data: command.payload, refs: about });
      case 'ReportActivity':
        // What happened is recorded whatever the session's status is (R14).
        return one({ type: 'ActivityReported', data: command.payload, refs: about });
    }
  },

  evolve(state, recorded): SessionState {
    const event = recorded as RecordedSessionEvent;
    const since = sinceOf(event);
    const partner = event.refs.partner?.[0] as string;
    const fresh = { partner, began: since, outcomes: {}, findings: {}, activity: [] };
    if (event.type === 'SessionOpened') {
      const { grant, party, authorised: _, ...authorised } = event.data;
      const { modelVersion, modality, testers } = authorised;
      return { ...fresh, status: 'open', grant, modelVersion, modality, testers, authorised, party };
    }
    if (event.type === 'SessionReported') {
      const { grant, party, modelVersion, modality, testers } = event.data;
      return { ...fresh, status: 'reported', grant, modelVersion, modality, testers, party };
    }
    if (state.status === 'unknown') return state;
    const ended = (status: 'completed' | 'cancelled' | 'failed' | 'terminated' | 'voided'): SessionState => ({
      ...state,
      status,
      ended: since,
    });
    switch (event.type) {
      case 'CriterionOutcomeRecorded': {
        const { criterion, ...outcome } = event.data;
        return { ...state, outcomes: { ...state.outcomes, [criterion]: { ...outcome, by: event.id } } };
      }
      case 'TestFindingRecorded': {
        const { finding, severity } = event.data;
        return { ...state, findings: { ...state.findings, [finding]: { severity, by: event.id } } };
      }
      case 'SessionTerminationOrdered':
        return { ...state, terminationOrdered: { ...since, cause: event.data.cause } };
      case 'SessionTerminated':
        return ended('terminated');
      case 'SessionCompleted':
        return ended('completed');
      case 'SessionCancelled':
        return ended('cancelled');
      case 'SessionFailed':
        return ended('failed');
      case 'SessionVoided':
        return ended('voided');
      case 'ActivityReported': {
        const { calls, lastAt } = event.data;
        return { ...state, activity: [...state.activity, { calls, lastAt, by: event.id }] };
      }
    }
  },
};

/** R11: the criteria of the version that was in force when the session opened. */
function criteriaOf(state: KnownSession, view: DomainView): readonly string[] {
  const grant = view.state('grant', state.grant);
  const set =
    state.authorised?.criteria.set ??
    (grant !== undefined && grant.status !== 'unknown' ? grant.scope.criteriaSet : '');
  const criteria = view.state('criteria', set);
  if (criteria?.status !== 'published') return [];
  const version = state.authorised?.criteria.version ?? criteriaInForceAt(criteria, state.began.from)?.version;
  return criteria.versions[version ?? '']?.criteria.map(({ criterion }) => criterion) ?? [];
}

function aboutGrant(
  view: DomainView,
  id: string,
  grantId: string,
  modelVersion: string,
  testers: readonly string[],
): Refs {
  const grant = view.state('grant', grantId);
  if (grant === undefined || grant.status === 'unknown') return refs({ session: [id], grant: [grantId] });
  const authorisation = view.state('authorisation', grant.scope.authorisation);
  return refs({
    ally: [grant.ally],
    partner: [grant.partner],
    parties: [grant.party, grant.authority, grant.developer],
    modelFamily: [familyOf(view, modelVersion)],
    modelVersion: [modelVersion],
    instrument: [
      authorisation !== undefined && authorisation.status !== 'unknown' ? authorisation.instrument : undefined,
    ],
    authorisation: [grant.scope.authorisation],
    grant: [grantId],
    session: [id],
    testers,
  });
}
