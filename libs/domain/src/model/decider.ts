import {
  Checks,
  comesBefore,
  noStanding,
  notForRole,
  refs,
  refuse,
  standing,
  type Decider,
  type EventId,
  type Instant,
  type Modality,
  type Standing,
  type View,
  sinceOf,
  type Since,
} from '../kernel/index.ts';
import { MODEL_COMMANDS, type ModelCommand } from './commands.ts';
import type { ModelEvent, RecordedModelEvent } from './events.ts';

export interface ModelVersion {
  readonly name: string;
  readonly modalities: readonly Modality[];
  readonly weightsDigest?: string;
  readonly released: Since;
  readonly withdrawn?: Since & { readonly reason: string };
}

/** A family and its versions. */
export type ModelState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'registered';
      readonly name: string;
      readonly developer: string;
      readonly registeredBy: EventId;
      readonly versions: Readonly<Record<string, ModelVersion>>;
      readonly classifications: readonly { readonly regime: string; readonly number: string; readonly by: EventId }[];
    };

/** Whether a version is released and not withdrawn at an instant. */
export function modelVersionAt(state: ModelState | undefined, version: string, now: Instant): Standing {
  const found = state?.status === 'registered' ? state.versions[version] : undefined;
  if (found === undefined) return noStanding(`there is no model version ${version}`);
  if (found.released.from > now) return noStanding('the model version is not released yet');
  if (found.withdrawn !== undefined && found.withdrawn.from <= now)
    return noStanding(`the model version is withdrawn: ${found.withdrawn.reason}`, found.withdrawn);
  return standing(found.released.by);
}

/** The family of a version; undefined if there is none. */
export const familyOf = (
  view: { related(category: 'model', ref: 'modelVersion', id: string): readonly string[] },
  version: string,
): string | undefined => view.related('model', 'modelVersion', version)[0];

export const modelDecider: Decider<ModelState, ModelCommand, ModelEvent, View> = {
  category: 'model',
  initial: { status: 'unknown' },

  decide(command, state, view) {
    const refused = notForRole(MODEL_COMMANDS, command);
    if (refused) return refused;
    const { id, actor, now, effectiveAt = now } = command;
    const about = (version?: string) => refs({ modelFamily: [id], modelVersion: [version], parties: [actor.party] });
    if (command.type === 'RegisterModelFamily') {
      if (state.status !== 'unknown') return refuse('id-taken', `${id} is registered already`);
      return [{ type: 'ModelFamilyRegistered', data: command.payload, refs: about() }];
    }
    if (state.status === 'unknown') return refuse('not-found', `there is no model ${id}`);
    const checks = new Checks().require(
      actor.party === state.developer,
      'not-entitled',
      'the model is of another developer',
    );
    switch (command.type) {
      case 'ReleaseModelVersion': {
        const { version, modalities, weightsDigest } = command.payload;
        return checks
          .require(familyOf(view, version) === undefined, 'id-taken', `there is a model version ${version} already`)
          .require(
            weightsDigest !== undefined || !modalities.includes('weights'),
            'weights-digest-missing',
            'a version whose weights leave the developer states their digest',
          )
          .then<ModelEvent>(() => [{ type: 'ModelVersionReleased', data: command.payload, refs: about(version) }]);
      }
      case 'ClassifyModel': {
        const { version } = command.payload;
        return checks
          .require(
            version === undefined || version in state.versions,
            'not-found',
            `there is no model version ${version}`,
          )
          .then<ModelEvent>(() => [{ type: 'ModelClassified', data: command.payload, refs: about(version) }]);
      }
      case 'WithdrawModelVersion': {
        const { version } = command.payload;
        const held = state.versions[version];
        return checks
          .require(held !== undefined, 'not-found', `there is no model version ${version}`)
          .require(
            comesBefore(held?.withdrawn, effectiveAt, now),
            'wrong-state',
            'the model version is withdrawn already',
          )
          .then<ModelEvent>(() => [{ type: 'ModelVersionWithdrawn', data: command.payload, refs: about(version) }]);
      }
    }
  },

  evolve(state, recorded): ModelState {
    const event = recorded as RecordedModelEvent;
    if (event.type === 'ModelFamilyRegistered')
      return {
        status: 'registered',
        name: event.data.name,
        developer: event.refs.parties?.[0] as string,
        registeredBy: event.id,
        versions: {},
        classifications: [],
      };
    if (state.status === 'unknown') return state;
    const since = sinceOf(event);
    switch (event.type) {
      case 'ModelVersionReleased': {
        const { version, ...released } = event.data;
        return { ...state, versions: { ...state.versions, [version]: { ...released, released: since } } };
      }
      case 'ModelClassified': {
        const { regime, number } = event.data;
        return { ...state, classifications: [...state.classifications, { regime, number, by: event.id }] };
      }
      case 'ModelVersionWithdrawn': {
        const { version, reason } = event.data;
        const held = state.versions[version];
        if (!held) return state;
        return { ...state, versions: { ...state.versions, [version]: { ...held, withdrawn: { ...since, reason } } } };
      }
    }
  },
};
