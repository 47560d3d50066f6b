import { Checks, notForRole, refs, refuse, sinceOf, type Decider, type Refs } from '../kernel/index.ts';
import { aboutSession } from '../session/about.ts';
import type { DomainView } from '../states.ts';
import { EVIDENCE_COMMANDS, type EvidenceCommand } from './commands.ts';
import type { EvidenceEvent, RecordedEvidenceEvent } from './events.ts';
import type { EvidenceState, KnownEvidence } from './state.ts';

/** The stream of a file: one for each content. */
export const evidenceIdOf = (file: string): string => `evidence-${file}`;

export const evidenceDecider: Decider<EvidenceState, EvidenceCommand, EvidenceEvent, DomainView> = {
  category: 'evidence',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(EVIDENCE_COMMANDS, command);
    if (refused) return refused;
    const { id, actor } = command;
    if (command.type === 'ReceiveEvidence')
      return new Checks()
        .require(state.status === 'unknown', 'wrong-state', 'this file is known already: link it')
        .require(id === evidenceIdOf(command.payload.file), 'other-text', 'the id of evidence is that of its digest')
        .then<EvidenceEvent>(() => [
          { type: 'EvidenceReceived', data: command.payload, refs: aboutHolder(view, actor.party) },
        ]);
    if (state.status === 'unknown') return refuse('not-found', `there is no evidence ${id}`);
    const checks = new Checks();
    const about = { ...aboutHolder(view, state.party), ...aboutLinked(view, state) };
    switch (command.type) {
      case 'LinkEvidence': {
        const { session } = command.payload;
        const known = view.state('session', session);
        const grant = known !== undefined && known.status !== 'unknown' ? view.state('grant', known.grant) : undefined;
        return (
          checks
            .require(grant !== undefined && grant.status !== 'unknown', 'not-found', `there is no session ${session}`)
            .require(
              grant === undefined ||
                grant.status === 'unknown' ||
                actor.party === grant.party ||
                actor.party === grant.developer,
              'not-entitled',
              'the session is of other parties',
            )
            // One that another took the place of elsewhere still happened (R14).
            .require(state.status !== 'quarantined', 'wrong-state', 'the evidence is quarantined')
            .require(!(session in state.links), 'wrong-state', 'it is evidence of that session already')
            .then<EvidenceEvent>(() => [
              { type: 'EvidenceLinked', data: command.payload, refs: aboutSession(view, session) },
            ])
        );
      }
      case 'QuarantineEvidence':
        return checks
          .require(state.status === 'received', 'wrong-state', `the evidence is ${state.status}`)
          .then<EvidenceEvent>(() => [{ type: 'EvidenceQuarantined', data: command.payload, refs: about }]);
      case 'SupersedeEvidence':
        return checks
          .require(
            state.status === 'received' || state.status === 'accepted',
            'wrong-state',
            `the evidence is ${state.status}`,
          )
          .then<EvidenceEvent>(() => [{ type: 'EvidenceSuperseded', data: command.payload, refs: about }]);
      case 'NoteDiscrepancy': {
        const { key, session } = command.payload;
        return checks
          .require(!(key in state.discrepancies), 'wrong-state', 'it is noted already')
          .then<EvidenceEvent>(() => [
            {
              type: 'DiscrepancyNoted',
              data: command.payload,
              refs: session === undefined ? about : aboutSession(view, session),
            },
          ]);
      }
    }
  },

  evolve(state, recorded): EvidenceState {
    const event = recorded as RecordedEvidenceEvent;
    if (event.type === 'EvidenceReceived') {
      const { kind, file, run, log, activity, damage } = event.data;
      return {
        status: 'received',
        party: event.actor,
        kind,
        file,
        received: sinceOf(event),
        ...(run === undefined ? {} : { run }),
        ...(log === undefined ? {} : { log }),
        ...(activity === undefined ? {} : { activity }),
        ...(damage === undefined ? {} : { damage }),
        links: {},
        discrepancies: {},
      };
    }
    if (state.status === 'unknown') return state;
    switch (event.type) {
      case 'EvidenceLinked': {
        const { session, sample } = event.data;
        const link = { since: sinceOf(event), ...(sample === undefined ? {} : { sample }) };
        const links = { ...state.links, [session]: link };
        return state.status === 'superseded' ? { ...state, links } : { ...state, status: 'accepted', links };
      }
      case 'EvidenceQuarantined':
        return { ...state, status: 'quarantined', ended: sinceOf(event) };
      case 'EvidenceSuperseded':
        return { ...state, status: 'superseded', ended: sinceOf(event), successor: event.data.by };
      case 'DiscrepancyNoted': {
        const noted = { ...event.data, by: event.id };
        return { ...state, discrepancies: { ...state.discrepancies, [noted.key]: noted } };
      }
    }
  },
};

/** The party that holds a file, and the partner and ally that it is, if it is one. */
function aboutHolder(view: DomainView, party: string): Refs {
  for (const id of view.related('partner', 'parties', party)) {
    const partner = view.state('partner', id);
    if (partner !== undefined && partner.status !== 'unknown' && partner.party === party)
      return refs({ parties: [party], partner: [id], ally: [partner.ally] });
  }
  return refs({ parties: [party] });
}

/** What the sessions that it is evidence of are about. */
function aboutLinked(view: DomainView, { links }: KnownEvidence): Refs {
  const all = Object.keys(links).map((session) => aboutSession(view, session));
  const names = [...new Set(all.flatMap((each) => Object.keys(each)))] as (keyof Refs)[];
  return refs(Object.fromEntries(names.map((name) => [name, all.flatMap((each) => each[name] ?? [])])));
}
