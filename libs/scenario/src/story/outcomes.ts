import { TESTING_1_0, TESTING_1_1 } from './criteria.ts';
import { at, type Step } from './step.ts';

/** What came out of a criterion: the word, and the number where one was measured. */
export type Outcome = readonly [outcome: 'met' | 'not-met' | 'inconclusive' | 'not-applicable', value?: string];

/** What the testers usually find, where a number decides. */
const USUAL: Readonly<Record<string, string>> = {
  'TP-01': '0.81',
  'TP-02': '0.86',
  'TP-03': '0.991',
  'TP-04': '0.06',
  'TP-05': '0.03',
  'TP-06': '0',
  'TP-07': '0.02',
  'TP-08': '0.04',
  'TP-09': '0.0002',
};

/**
 * The tester's outcomes of a session: of every criterion of its version that its log did not decide (`fromLog`). What is
 * not said to be otherwise is met.
 */
export function outcomes(
  time: string,
  session: string,
  by: string,
  fromLog: readonly string[],
  otherwise: Readonly<Record<string, Outcome>> = {},
  everything?: Outcome,
): Step[] {
  const criteria = Date.parse(time) < Date.parse('2026-09-01') ? TESTING_1_0 : TESTING_1_1;
  return criteria
    .map(({ criterion }) => criterion)
    .filter((criterion) => !fromLog.includes(criterion))
    .map((criterion) => {
      const [outcome, value] = otherwise[criterion] ?? everything ?? (['met', USUAL[criterion]] as const);
      return at(time, by, `sessions/${session}/record-criterion-outcome`, {
        criterion,
        outcome,
        ...(value === undefined ? {} : { value }),
      });
    });
}

export const finding = (
  time: string,
  session: string,
  by: string,
  severity: 'low' | 'medium' | 'high',
  description: string,
): Step =>
  at(time, by, `sessions/${session}/record-test-finding`, { finding: `finding-${session}-1`, severity, description });
