import Table from 'cli-table3';
import { stringify } from 'csv-stringify/sync';

export type Row = Readonly<Record<string, unknown>>;
export interface Answer {
  readonly index: number;
  readonly asOf: string;
  readonly rows: readonly Row[];
}
export type Column = readonly [heading: string, value: (row: Row) => string];
export interface Shape {
  readonly json?: boolean;
  readonly csv?: boolean;
}

export const text = (value: unknown): string =>
  value === undefined || value === null
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value as string | number | boolean);
export const field = (name: string): Column => [name, (row) => text(row[name])];
export const list = (name: string): Column => [
  name,
  (row) => ((row[name] as unknown[] | undefined) ?? []).map(text).join(' '),
];

/** Names come from others: nothing in them may steer a terminal. */
export const plain = (value: string): string =>
  value.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}');

export const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((cells) => cells.map(plain)));
  return table.toString();
};

export const json = (value: unknown): void => {
  process.stdout.write(`${JSON.stringify(value, null, 1)}\n`);
};

/** The rows as a table or as CSV (RFC 4180), or the whole answer, `whole`, as JSON. */
export function print(answer: Answer, columns: readonly Column[], shape: Shape, whole: object = answer): void {
  const head = columns.map(([heading]) => heading);
  const cells = answer.rows.map((row) => columns.map(([, value]) => value(row)));
  if (shape.json) json(whole);
  // A spreadsheet must not take a name for a formula.
  else if (shape.csv) process.stdout.write(stringify([head, ...cells], { escape_formulas: true }));
  else process.stdout.write(`${tableOf(head, cells)}\nas of ${answer.asOf}, computed at entry ${answer.index}\n`);
}
