/** One measured figure: a value, what it is held against in the same run, and the ratio that was aimed at. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly against: number;
  readonly ratio: number;
  readonly target: number;
  readonly comparator: '>=' | '<=';
  readonly note?: string;
}
export const reached = ({ ratio, target, comparator }: Result): boolean =>
  comparator === '>=' ? ratio >= target : ratio <= target;
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
