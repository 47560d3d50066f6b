import { type GrantState, type Standing } from '@countersign/domain';
import type { States } from '../states-at.ts';

/** A row of an answer: who is concerned, so that each caller sees only what is theirs. */
export interface Row {
  readonly ally: string;
  readonly parties: readonly string[];
  /** The grant that it is about, where it is about one: what an audit has in scope. */
  readonly grant?: string;
}
export type Known<S> = Exclude<S, { status: 'unknown' }>;
export type KnownGrant = Known<GrantState>;

export const iso = (time: number): string => new Date(time).toISOString();

/** Whether something holds, in words. */
export interface Described {
  readonly status: 'in force' | 'not in force';
  readonly because?: string;
}
export const describe = (standing: Standing): Described =>
  standing.holds ? { status: 'in force' } : { status: 'not in force', because: standing.because };

export function* grants(states: States): Iterable<readonly [string, KnownGrant]> {
  for (const id of states.all('grant')) {
    const grant = states.state('grant', id);
    if (grant !== undefined && grant.status !== 'unknown') yield [id, grant];
  }
}
export const concerned = (
  id: string,
  { ally, party, authority, developer }: KnownGrant,
): Row & { readonly grant: string } => ({ grant: id, ally, parties: [party, authority, developer] });

export const familyName = (states: States, id: string): string => {
  const family = states.state('model', id);
  return family?.status === 'registered' ? family.name : id;
};

export const partyName = (states: States, id: string): string => {
  const party = states.state('party', id);
  return party !== undefined && party.status !== 'unknown' ? party.name : id;
};
