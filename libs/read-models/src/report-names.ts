import type { ReportStates } from './report-states.ts';

/** Names for people, of what the log knows by id. */
export class Names {
  readonly #states: ReportStates;
  readonly #families = new Map<string, string>();

  constructor(states: ReportStates) {
    this.#states = states;
    for (const id of states.all('model')) {
      const family = states.state('model', id);
      if (family?.status !== 'registered') continue;
      for (const version of Object.keys(family.versions)) this.#families.set(version, id);
    }
  }
  party(id: string): string {
    const state = this.#states.state('party', id);
    return state === undefined || state.status === 'unknown' ? id : state.name;
  }
  partner(id: string): string {
    const state = this.#states.state('partner', id);
    return state === undefined || state.status === 'unknown' ? id : this.party(state.party);
  }
  version(id: string): string {
    const family = this.#states.state('model', this.#families.get(id) ?? '');
    return family?.status === 'registered' ? (family.versions[id]?.name ?? id) : id;
  }
  /** `set version` → the set's reference and the version. */
  criteria(text: string): string {
    const at = text.indexOf(' ');
    const set = this.#states.state('criteria', text.slice(0, at));
    return set?.status === 'published' ? `${set.reference} ${text.slice(at + 1)}` : text;
  }
  grant(id: string): string {
    const state = this.#states.state('grant', id);
    return state === undefined || state.status === 'unknown' ? id : this.party(state.party);
  }
  /** Of a thing of which `inForce` tells. */
  of({ kind, id, name }: { kind: string; id: string; name: string }): string {
    switch (kind) {
      case 'instrument': {
        const state = this.#states.state('instrument', id);
        return state?.status === 'recorded' ? `${name}: ${state.title}` : name;
      }
      case 'annex entry': {
        const [instrument = '', entry = ''] = id.split(' ');
        const state = this.#states.state('instrument', instrument);
        const party = state?.status === 'recorded' ? state.annex[entry]?.party : undefined;
        return party === undefined ? name : `${this.party(party)}, in the annex of ${this.#reference(instrument)}`;
      }
      case 'admission':
        return this.party(name);
      case 'authorisation': {
        const state = this.#states.state('authorisation', id);
        return state === undefined || state.status === 'unknown'
          ? name
          : `${name}, held by ${this.party(state.holder)}`;
      }
      case 'grant':
        return this.grant(id);
      case 'liability':
        return `for ${this.grant(name)}`;
      default:
        return name;
    }
  }
  #reference(instrument: string): string {
    const state = this.#states.state('instrument', instrument);
    return state?.status === 'recorded' ? state.reference : instrument;
  }
}
