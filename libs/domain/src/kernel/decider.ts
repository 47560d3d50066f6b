import type { Actor, Instant, NewEvent, PersonalData, Recorded, Role } from './event.ts';
import { refuse, type Refused } from './refusal.ts';
import { Type, type Static, type TObject, type TProperties } from 'typebox';

/** A command as a decider sees it: already authenticated, its payload already of the right shape. */
export interface Command<Type extends string = string, Payload extends object = object> {
  readonly type: Type;
  /** The stream that the command appends to. */
  readonly id: string;
  readonly payload: Payload;
  readonly actor: Actor;
  /** The ledger's clock when the command is decided. */
  readonly now: Instant;
  /** When the fact happened and counts from, as the caller says; `now` where absent. */
  readonly occurredAt?: Instant;
  readonly effectiveAt?: Instant;
  /** The command's `personal` member, opened, and whose it is. */
  readonly personal?: PersonalData;
  /** The id of a stream that follows from this command: derived from it, so that a retry gives the same. */
  readonly newId?: (category: string) => string;
}

/**
 * A context's rules. `decide` is pure: events or every reason why not. `evolve` is total over the context's events.
 * `Context` is what the context may know of others, read from one projection that is current to one log index.
 */
export interface Decider<State, Cmd extends Command, Event extends NewEvent, Context> {
  readonly category: string;
  readonly initial: State;
  decide(command: Cmd, state: State, context: Context): readonly Event[] | Refused;
  evolve(state: State, event: Recorded<Event['type'], object>): State;
}

/** A command that exists: its route, its documentation, the check of its body and of its caller's role come from this. */
export interface CommandDefinition<T extends string = string, S extends TObject = TObject> {
  readonly type: T;
  readonly category: string;
  /** It begins a stream; all others need one that exists. */
  readonly creates: boolean;
  /** Who may give it at all (domain.md, *Who commands, who sees*); the decider checks the relation. */
  readonly roles: readonly Role[];
  /** Its payload. */
  readonly schema: S;
}

/** A context's way to define its commands. */
export const commandsOf =
  (category: string) =>
  <const T extends string, P extends TProperties>(
    type: T,
    roles: readonly Role[],
    properties: P,
    begins?: 'begins a stream',
  ): CommandDefinition<T, TObject<P>> => ({
    type,
    category,
    creates: begins !== undefined,
    roles,
    schema: Type.Object(properties, { additionalProperties: false }),
  });

/** The command that a definition describes, as a decider gets it. */
export type CommandOf<D> = D extends CommandDefinition<infer T, infer S> ? Command<T, Static<S>> : never;

/** The refusal of a role that the command is not for; undefined if it is. */
export function notForRole(definitions: readonly CommandDefinition[], command: Command): Refused | undefined {
  const roles = definitions.find(({ type }) => type === command.type)?.roles ?? [];
  return roles.includes(command.actor.role)
    ? undefined
    : refuse('not-entitled', `${command.type} is for ${roles.join(', ') || 'nobody'}, not for ${command.actor.role}`);
}
