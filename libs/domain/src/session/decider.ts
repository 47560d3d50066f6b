import { authorise } from '../authorise.ts';
import { criteriaInForceAt } from '../criteria/decider.ts';
import { Checks, notForRole, refuse, sinceOf, type Decider } from '../kernel/index.ts';
import { sealReasons } from '../release/index.ts';
import type { DomainView } from '../states.ts';
import { aboutGrantedSession } from './about.ts';
import { criteriaOf } from './criteria.ts';
import { SESSION_COMMANDS, type SessionCommand } from './commands.ts';
import type { RecordedSessionEvent, SessionEvent } from './events.ts';
import type { SessionState } from './state.ts';

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
          refs: aboutGrantedSession(view, id, command.payload.grant, use.request.modelVersion, use.request.testers),
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
      const unstated = [
        ...(payload.testers.length === 0 ? ['testers'] : []),
        ...(payload.place === undefined ? ['place'] : []),
        ...(payload.endUse === undefined ? ['end use'] : []),
      ].map((what) => ({ rule: 'not-stated', detail: `the report does not say the ${what}` }));
      const set = grant.scope.criteriaSet;
      const inForce = criteriaInForceAt(view.state('criteria', set), Date.parse(payload.startedAt));
      const plain = sealReasons([...('deny' in judged ? judged.deny : []), ...unstated], payload.testers);
      return [
        {
          type: 'SessionReported',
          personal: plain.personal,
          data: {
            ...payload,
            party: grant.party,
            misfits: plain.reasons,
            ...(inForce === undefined ? {} : { criteria: { set, version: inForce.version, by: inForce.by } }),
          },
          refs: aboutGrantedSession(view, id, payload.grant, payload.modelVersion, payload.testers),
          effectiveAt: Date.parse(payload.startedAt),
        },
      ];
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no session ${id}`);
    const grant = view.state('grant', state.grant);
    const developer = grant !== undefined && grant.status !== 'unknown' ? grant.developer : undefined;
    const about = aboutGrantedSession(view, id, state.grant, state.modelVersion, state.testers);
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
            criteriaOf(state, view).some((each) => each.criterion === criterion),
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
      case 'ReportActivity': {
        // What happened is recorded whatever the session's status is (R14).
        const { evidence, firstAt, offsets } = command.payload;
        const held = view.state('evidence', evidence);
        checks
          .require(
            held !== undefined && held.status !== 'unknown' && held.kind === 'gateway-log',
            'not-found',
            `there is no gateway log ${evidence}`,
          )
          .require(
            held === undefined || held.status === 'unknown' || held.party === actor.party,
            'not-entitled',
            'the gateway log is of another party',
          )
          .require(
            offsets.every((offset, i) => offset >= (offsets[i - 1] ?? 0)),
            'not-in-order',
            'calls are told in the order of their times',
          );
        const lastAt = new Date(Date.parse(firstAt) + (offsets.at(-1) ?? 0)).toISOString();
        return one({
          type: 'ActivityReported',
          data: { ...command.payload, calls: offsets.length, lastAt },
          refs: about,
        });
      }
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
      const { criteria } = authorised;
      return { ...fresh, status: 'open', grant, modelVersion, modality, testers, authorised, criteria, party };
    }
    if (event.type === 'SessionReported') {
      const { grant, party, modelVersion, modality, testers, criteria, misfits } = event.data;
      const judged = criteria === undefined ? {} : { criteria };
      return { ...fresh, status: 'reported', grant, modelVersion, modality, testers, ...judged, party, misfits };
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
        return {
          ...state,
          terminationOrdered: { ...since, cause: event.data.cause, effect: Date.parse(event.data.effect) },
        };
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
        const { evidence, firstAt, offsets, tokens } = event.data;
        const first = Date.parse(firstAt);
        const told = { evidence, times: offsets.map((offset) => first + offset), tokens, by: event.id };
        return { ...state, activity: [...state.activity, told] };
      }
    }
  },
};
