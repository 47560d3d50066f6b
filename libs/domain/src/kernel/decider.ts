import type { Actor, Instant, NewEvent, PersonalData, Recorded, Role } from './event.ts';
import type { Refused } from './refusal.ts';

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

/** A command that exists: its route, its documentation and the check of its caller's role are made from this. */
export interface CommandDefinition {
  readonly type: string;
  readonly category: string;
  /** It begins a stream; all others need one that exists. */
  readonly creates?: true;
  /** Who may give it at all (domain.md, *Who commands, who sees*); the decider checks the relation. */
  readonly roles: readonly Role[];
}
