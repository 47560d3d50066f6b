import Table from 'cli-table3';
import { Command } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { get, withConnection, type Connection } from './client.ts';

interface Options extends Connection {
  readonly asOf?: string;
  readonly known?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}
type Row = Readonly<Record<string, unknown>>;
interface Answer {
  readonly index: number;
  readonly asOf: string;
  readonly rows: readonly Row[];
}
type Column = readonly [heading: string, value: (row: Row) => string];

const text = (value: unknown): string =>
  value === undefined || value === null
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value as string | number | boolean);
const field = (name: string): Column => [name, (row) => text(row[name])];
const list = (name: string): Column => [
  name,
  (row) => ((row[name] as unknown[] | undefined) ?? []).map(text).join(' '),
];

const question = (name: string, description: string): Command =>
  withConnection(new Command(name).description(description))
    .option('--as-of <index|time|day>', 'as of a log index, a time or a day (UTC)')
    .option('--known <then|now|index>', 'as known then, now, or up to an index')
    .option('--json', 'the answer as JSON')
    .option('--csv', 'the rows as CSV');

function print(answer: Answer, columns: readonly Column[], { json, csv }: Options): void {
  if (json) process.stdout.write(`${JSON.stringify(answer, null, 1)}\n`);
  else if (csv) process.stdout.write(stringify([columns.map(([heading]) => heading), ...cells(answer, columns)]));
  else {
    const table = new Table({ head: columns.map(([heading]) => heading), style: { head: [], border: [] } });
    table.push(...cells(answer, columns));
    process.stdout.write(`${table.toString()}\nas of ${answer.asOf}, computed at entry ${answer.index}\n`);
  }
}
const cells = ({ rows }: Answer, columns: readonly Column[]) =>
  rows.map((row) => columns.map(([, value]) => value(row)));

function rowsOf(name: string, description: string, path: string, columns: readonly Column[]): Command {
  return question(name, description).action(async (options: Options) => {
    print((await get(options, path, { asOf: options.asOf, known: options.known })) as Answer, columns, options);
  });
}

/** The questions that a ledger answers, one command each. */
export const QUESTIONS: readonly Command[] = [
  rowsOf('matrix', 'which allies tested which models, by which modality, under which criteria', 'matrix', [
    field('ally'),
    ['model', (row) => text(row['modelName'])],
    field('modality'),
    field('tested'),
    [
      'sessions',
      (row) =>
        (row['sessions'] as { session: string; status: string; criteria: string }[])
          .map(({ session, status, criteria }) => `${session} ${status} (${criteria})`)
          .join('\n'),
    ],
  ]),
  rowsOf('in-force', 'what was in force', 'in-force', [
    field('kind'),
    field('name'),
    field('id'),
    field('status'),
    field('because'),
  ]),
  rowsOf('refusals', 'who was refused, on which rules', 'refusals', [
    field('at'),
    field('ally'),
    list('testers'),
    field('modelVersion'),
    field('modality'),
    list('rules'),
  ]),
  rowsOf('usage', 'how much of each authorisation and grant is used', 'usage', [
    field('ally'),
    field('grant'),
    field('item'),
    field('unit'),
    field('authorised'),
    field('granted'),
    field('used'),
  ]),
  question('replay', 'a history, event by event')
    .argument('<stream>', 'the id of anything the ledger has: a grant, a session, a party …')
    .action(async (stream: string, options: Options) => {
      const answer = (await get(options, `streams/${encodeURIComponent(stream)}`, {
        asOf: options.asOf,
        known: options.known,
      })) as Answer;
      print(
        answer,
        [field('index'), field('revision'), field('type'), field('actor'), field('recordedAt'), field('effectiveAt')],
        options,
      );
    }),
  ...(['session', 'why'] as const).map((name) =>
    question(name, name === 'why' ? 'under what authority a session opened' : 'what a session recorded')
      .argument('<session>', 'the id of the session')
      .action(async (id: string, options: Options) => {
        const answer = (await get(options, `sessions/${encodeURIComponent(id)}`, {
          asOf: options.asOf,
          known: options.known,
        })) as Row;
        const { index, asOf, authority, ...rest } = answer as Row & {
          index: number;
          asOf: string;
          authority: { basis: Row[]; assessments: Row[] };
        };
        if (options.json) process.stdout.write(`${JSON.stringify(answer, null, 1)}\n`);
        else if (name === 'why')
          print(
            { index, asOf, rows: [...authority.basis] },
            [field('what'), field('index'), field('type'), field('stream'), field('recordedAt')],
            options,
          );
        else
          print(
            { index, asOf, rows: Object.entries(rest).map(([what, value]) => ({ what, value })) },
            [field('what'), field('value')],
            options,
          );
      }),
  ),
  question('may', 'may these testers start now, and if not, why? (exit code 0 or 1; writes nothing)')
    .requiredOption('--grant <id>')
    .requiredOption('--model-version <id>')
    .requiredOption('--modality <weights|api>')
    .requiredOption('--tester <id[,id…]>')
    .requiredOption('--place <country>')
    .option('--facility <id>')
    .option('--end-use <name>')
    .option('--policy <ear-most-recent|itar-all-held>', 'by another policy than the one in force')
    .action(async (options: Options & Record<string, string | undefined>) => {
      const { grant, modelVersion, modality, tester, place, facility, endUse, policy, asOf, known } = options;
      const answer = (await get(options, 'may', {
        grant,
        modelVersion,
        modality,
        tester,
        place,
        facility,
        endUse,
        policy,
        asOf,
        known,
      })) as {
        may: boolean;
        index: number;
        asOf: string;
        reasons?: Row[];
        basis?: Record<string, string>;
      };
      if (!answer.may) process.exitCode = 1;
      if (options.json) process.stdout.write(`${JSON.stringify(answer, null, 1)}\n`);
      else if (answer.may) {
        process.stdout.write('yes\n');
        print(
          { ...answer, rows: Object.entries(answer.basis ?? {}).map(([what, event]) => ({ what, event })) },
          [field('what'), field('event')],
          options,
        );
      } else {
        process.stdout.write('no\n');
        print({ ...answer, rows: answer.reasons ?? [] }, [field('rule'), field('detail')], options);
      }
    }),
];
