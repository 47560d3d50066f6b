import { Command, Option } from 'commander';
import { atLeastOption, get, withConnection, type Connection } from './client.ts';
import { authorityRows, matrixRows, sessionRows } from './rows.ts';
import { field, json, list, print, type Answer, type Column, type Row, type Shape } from './print.ts';

interface Options extends Connection, Shape {
  readonly asOf?: string;
  readonly known?: string;
}

const question = (name: string, description: string): Command =>
  withConnection(new Command(name).description(description))
    .option('--as-of <index|time|day>', 'as of a log index, a time or a day (UTC)')
    .option('--known <then|now|index>', 'as known then, now, or up to an index')
    .addOption(atLeastOption())
    .option('--json', 'the answer as JSON')
    .addOption(new Option('--csv', 'the rows as CSV').conflicts('json'));
const moment = ({ asOf, known }: Options) => ({ asOf, known });

function rowsOf(
  name: string,
  description: string,
  columns: readonly Column[],
  rows: (answer: Answer) => readonly Row[] = (answer) => answer.rows,
): Command {
  return question(name, description).action(async (options: Options) => {
    const answer = (await get(options, name, moment(options))) as Answer;
    const shown = rows(answer);
    print({ ...answer, rows: shown }, shownOf(columns, shown), options, answer);
  });
}
/** A column of a name with a question mark is there only if a row has something in it. */
const shownOf = (columns: readonly Column[], rows: readonly Row[]): readonly Column[] =>
  columns.flatMap(([name, value]): Column[] => {
    if (!name.endsWith('?')) return [[name, value]];
    return rows.some((row) => value(row) !== '') ? [[name.slice(0, -1), value]] : [];
  });
const ifAny = ([name, value]: Column): Column => [`${name}?`, value];
const optional = (name: string): Column => [`${name}?`, field(name)[1]];

/** The questions that a ledger answers, one command each. */
export const QUESTIONS: readonly Command[] = [
  rowsOf(
    'matrix',
    'which allies tested which model versions how, under which criteria, with what outcome; granted and never tested',
    ['ally', 'partner', 'model', 'modality', 'tested', 'session', 'version', 'criteria', 'status', 'outcomes'].map(
      field,
    ),
    matrixRows,
  ),
  rowsOf('in-force', 'what was in force; of a day, every state that it saw', [
    field('kind'),
    field('name'),
    field('id'),
    optional('from'),
    optional('until'),
    field('status'),
    field('because'),
  ]),
  rowsOf('refusals', 'who was refused, on which rules', [
    field('at'),
    field('ally'),
    field('partner'),
    list('testers'),
    field('modelVersion'),
    field('modality'),
    list('rules'),
    field('repeated'),
  ]),
  rowsOf('usage', 'how much of each authorisation and grant is used, and what would stop if it were suspended', [
    ...['ally', 'grant', 'item', 'unit', 'authorised', 'leftToGrant', 'granted', 'used'].map(field),
    ifAny(list('wouldStop')),
  ]),
  question('replay', 'a history, event by event, with the state after each (whole in --json)')
    .argument('<stream>', 'the id of anything the ledger has: a grant, a session, a party …')
    .action(async (stream: string, options: Options) => {
      const answer = (await get(options, `streams/${encodeURIComponent(stream)}`, moment(options))) as Answer;
      const state: Column = ['state', (row) => (row['state'] as { status?: string } | undefined)?.status ?? ''];
      const columns = ['index', 'revision', 'type', 'actor', 'recordedAt', 'effectiveAt'].map(field);
      print(answer, [...columns, state], options);
    }),
  question('session', 'what a session recorded, and whether its log is accepted')
    .argument('<session>', 'the id of the session')
    .action(async (id: string, options: Options) => {
      const answer = (await get(options, `sessions/${encodeURIComponent(id)}`, moment(options))) as Answer & Row;
      print({ ...answer, rows: sessionRows(answer) }, [field('what'), field('value')], options, answer);
    }),
  question('why', 'under what authority a session opened: what it rested on, as known then, and what became of it')
    .argument('<session>', 'the id of the session')
    .action(async (id: string, options: Options) => {
      const answer = (await get(options, `sessions/${encodeURIComponent(id)}/authority`, moment(options))) as Answer &
        Row;
      const columns = ['what', 'name', 'index', 'type', 'recordedAt', 'then', 'asked'].map(field);
      print({ ...answer, rows: authorityRows(answer) }, columns, options, answer);
    }),
  question('may', 'may these testers start now, and if not, why? (exit code 0 or 1; writes nothing)')
    .requiredOption('--grant <id>', 'the grant that they would start under')
    .requiredOption('--model-version <id>', 'the model version')
    .addOption(new Option('--modality <modality>', 'how').choices(['weights', 'api']).makeOptionMandatory())
    .requiredOption('--tester <id[,id…]>', 'who')
    .requiredOption('--place <country>', 'where (ISO 3166-1 alpha-2)')
    .option('--facility <id>', 'the facility, if it is one')
    .option('--end-use <name>', 'for what (default: safety evaluation)')
    .addOption(
      new Option('--policy <policy>', 'by another policy than the one in force').choices([
        'ear-most-recent',
        'itar-all-held',
      ]),
    )
    .action(async (options: Options & Record<string, string | undefined>) => {
      const { grant, modelVersion, modality, tester, place, facility, endUse, policy } = options;
      const asked = { grant, modelVersion, modality, tester, place, facility, endUse, policy, ...moment(options) };
      const answer = (await get(options, 'may', asked)) as Answer & {
        readonly may: boolean;
        readonly reasons?: Row[];
        readonly basis?: Record<string, string>;
      };
      if (!answer.may) process.exitCode = 1;
      if (options.json) return json(answer);
      if (!options.csv) process.stdout.write(answer.may ? 'yes\n' : 'no\n');
      if (answer.may) {
        const rows = Object.entries(answer.basis ?? {}).map(([what, event]) => ({ what, event }));
        print({ ...answer, rows }, [field('what'), field('event')], options);
      } else print({ ...answer, rows: answer.reasons ?? [] }, [field('rule'), field('detail')], options);
    }),
];
