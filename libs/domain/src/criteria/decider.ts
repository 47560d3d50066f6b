import {
  Checks,
  notForRole,
  refs,
  refuse,
  type Decider,
  type EventId,
  type Instant,
  type View,
  sinceOf,
  type Since,
} from '../kernel/index.ts';
import { CRITERIA_COMMANDS, type CriteriaCommand } from './commands.ts';
import type { CriteriaEvent, Criterion, RecordedCriteriaEvent } from './events.ts';

export interface CriteriaVersion {
  readonly criteria: readonly Criterion[];
  readonly published: Since;
  /** When it comes into force by itself. */
  readonly inForceFrom?: Instant;
  readonly inForce?: Since;
}

export type CriteriaState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'published';
      readonly kind: 'eligibility' | 'testing' | 'audit';
      readonly reference: string;
      readonly publisher: string;
      readonly versions: Readonly<Record<string, CriteriaVersion>>;
    };

export interface CriteriaInForce {
  readonly version: string;
  readonly by: EventId;
  readonly criteria: readonly Criterion[];
}

const begins = ({ inForce, inForceFrom }: CriteriaVersion): Instant | undefined => inForce?.from ?? inForceFrom;

/**
 * The version in force at an instant: the one that came into force last. It supersedes those before it, and needs no
 * event to do so: a decision looks at the date itself (domain.md, Time).
 */
export function criteriaInForceAt(state: CriteriaState | undefined, now: Instant): CriteriaInForce | undefined {
  if (state?.status !== 'published') return undefined;
  let found: { version: string; held: CriteriaVersion; from: Instant } | undefined;
  for (const [version, held] of Object.entries(state.versions)) {
    const from = begins(held);
    if (from !== undefined && from <= now && (found === undefined || from >= found.from))
      found = { version, held, from };
  }
  return (
    found && {
      version: found.version,
      by: (found.held.inForce ?? found.held.published).by,
      criteria: found.held.criteria,
    }
  );
}

export const criteriaDecider: Decider<CriteriaState, CriteriaCommand, CriteriaEvent, View> = {
  category: 'criteria',
  initial: { status: 'unknown' },

  decide(command, state) {
    const refused = notForRole(CRITERIA_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now } = command;
    const about = (publisher: string) => refs({ parties: [publisher] });
    if (command.type === 'PublishCriteriaSet') {
      return new Checks()
        .require(state.status === 'unknown', 'id-taken', `${id} is published already: publish a version of it`)
        .require(
          actor.role === 'licensing-authority' || command.payload.kind === 'audit',
          'not-entitled',
          'a regulator publishes audit criteria only',
        )
        .then<CriteriaEvent>(() => [{ type: 'CriteriaSetPublished', data: command.payload, refs: about(actor.party) }]);
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no criteria set ${id}`);
    const checks = new Checks().require(
      actor.party === state.publisher || actor.role === 'system',
      'not-entitled',
      'the criteria set is of another publisher',
    );
    switch (command.type) {
      case 'PublishCriteriaVersion': {
        const { kind, reference } = state;
        return checks
          .require(
            !(command.payload.version in state.versions),
            'id-taken',
            `version ${command.payload.version} is published already`,
          )
          .then<CriteriaEvent>(() => [
            {
              type: 'CriteriaSetPublished',
              data: { kind, reference, ...command.payload },
              refs: about(state.publisher),
            },
          ]);
      }
      case 'BringCriteriaSetIntoForce': {
        const { version } = command.payload;
        const held = state.versions[version];
        const from =
          held?.inForceFrom !== undefined && held.inForceFrom <= now ? held.inForceFrom : (command.effectiveAt ?? now);
        const before = Object.entries(state.versions).filter(
          ([other, { inForce }]) => other !== version && inForce !== undefined && inForce.from <= from,
        );
        const last = before.sort(([, a], [, b]) => (b.inForce?.from ?? 0) - (a.inForce?.from ?? 0))[0];
        return checks
          .require(held !== undefined, 'not-found', `there is no version ${version}`)
          .require(held?.inForce === undefined, 'wrong-state', `version ${version} is in force already`)
          .require(
            held?.inForceFrom === undefined || held.inForceFrom <= now,
            'wrong-state',
            `version ${version} comes into force later`,
          )
          .then<CriteriaEvent>(() => [
            { type: 'CriteriaSetCameIntoForce', data: { version }, refs: about(state.publisher), effectiveAt: from },
            ...(last
              ? [
                  {
                    type: 'CriteriaSetSuperseded' as const,
                    data: { version: last[0], successor: version },
                    refs: about(state.publisher),
                    effectiveAt: from,
                  },
                ]
              : []),
          ]);
      }
    }
  },

  evolve(state, recorded): CriteriaState {
    const event = recorded as RecordedCriteriaEvent;
    const since = sinceOf(event);
    switch (event.type) {
      case 'CriteriaSetPublished': {
        const { kind, reference, version, criteria, inForceFrom } = event.data;
        const base =
          state.status === 'unknown'
            ? {
                status: 'published' as const,
                kind,
                reference,
                publisher: event.refs.parties?.[0] as string,
                versions: {},
              }
            : state;
        const held: CriteriaVersion = {
          criteria,
          published: since,
          ...(inForceFrom === undefined ? {} : { inForceFrom: Date.parse(inForceFrom) }),
        };
        return { ...base, versions: { ...base.versions, [version]: held } };
      }
      case 'CriteriaSetCameIntoForce': {
        const held = state.status === 'published' ? state.versions[event.data.version] : undefined;
        if (!held || state.status === 'unknown') return state;
        return { ...state, versions: { ...state.versions, [event.data.version]: { ...held, inForce: since } } };
      }
      case 'CriteriaSetSuperseded':
        return state; // follows from the successor's coming into force
    }
  },
};
