/** Refusals are values with stable names: the name is the tail of the API's problem `type`. */
export interface Refusal {
  readonly rule: string;
  readonly detail: string;
  /** The countries that a release would have been to: the one part of a status that stays plain (domain.md, Personal data). */
  readonly countries?: readonly string[];
}
export interface Refused {
  readonly refused: readonly [Refusal, ...Refusal[]];
}
export const refuse = (rule: string, detail: string): Refused => ({ refused: [{ rule, detail }] });
export const isRefused = (value: object): value is Refused => 'refused' in value;

/** Collects every failed rule, so that a caller hears all of them at once. */
export class Checks {
  readonly #failed: Refusal[] = [];

  require(holds: boolean, rule: string, detail: string): this {
    if (!holds) this.#failed.push({ rule, detail });
    return this;
  }

  /** Refusals that were found elsewhere, as they are. */
  all(refusals: readonly Refusal[]): this {
    this.#failed.push(...refusals);
    return this;
  }

  also(other: Refused | readonly unknown[]): this {
    if ('refused' in other) this.#failed.push(...other.refused);
    return this;
  }

  /** The events if nothing failed, else the refusal with every reason in the order of the checks. */
  then<E>(events: () => readonly E[]): readonly E[] | Refused {
    const [first, ...rest] = this.#failed;
    return first ? { refused: [first, ...rest] } : events();
  }
}
