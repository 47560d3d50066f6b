import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { isBroken, readEvidence, type Broken, type Reading } from '@countersign/evidence';
import { ClientError, post, put, UnreachableError, withConnection, type Connection } from './client.ts';
import { logFiles } from './log-files.ts';
import { asJson, asText, type Accepted, type Result } from './import-report.ts';
import { plain } from './print.ts';

interface Options extends Connection {
  readonly session?: string;
  readonly grant?: string;
  readonly modelVersion?: string;
  readonly modality?: string;
  readonly tester?: string;
  readonly place?: string;
  readonly endUse?: string;
  readonly startedAt?: string;
  readonly sample?: boolean;
  readonly alias?: string;
  readonly timeShift?: number;
  readonly status?: string;
  readonly quarantine?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** `532d4h`, `-90m`, `1.5s`: in milliseconds. */
export function durationOf(text: string): number {
  const parts = /^([+-]?)((?:\d+(?:\.\d+)?[dhms])+)$/.exec(text);
  if (!parts) throw new InvalidArgumentError('a duration like 532d4h, -90m or 1.5s');
  let sum = 0;
  for (const [, amount, unit = ''] of (parts[2] ?? '').matchAll(/(\d+(?:\.\d+)?)([dhms])/g))
    sum += Number(amount) * (UNITS[unit] ?? 0);
  return Math.round(parts[1] === '-' ? -sum : sum);
}

/** An RFC 3339 time with an offset, as the ledger writes it. */
export function timeOf(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('a time like 2026-09-02T03:14:01Z');
  return new Date(time).toISOString();
}

/** `countersign import LOG…`: evaluation logs and gateway logs become evidence. */
export const importCommand = (): Command =>
  withConnection(new Command('import').description('hand in evaluation logs (Inspect AI) and gateway logs as evidence'))
    .argument(
      '<log...>',
      'files, folders or patterns: .eval, .json, or a gateway log of JSON Lines; which one it is, the content says',
    )
    .option('--session <id>', 'evidence of a session that was opened when it ran')
    .addOption(new Option('--grant <id>', 'the run is reported after the fact, under this grant').conflicts('session'))
    .option('--model-version <id>', 'with --grant, where the grant covers several')
    .addOption(new Option('--modality <modality>', 'with --grant').choices(['weights', 'api']))
    .option('--tester <id[,id…]>', 'with --grant: who ran it')
    .option('--place <country>', 'with --grant: where')
    .option('--end-use <name>', 'with --grant: for what')
    .option('--started-at <time>', 'with --grant, where the log does not say it', timeOf)
    .option('--sample', "the log stands for the session's own, and that is on the record")
    .option('--alias <name>', "with --sample: the log's name of the model, which stands for the session's")
    .option('--time-shift <duration>', "with --sample: added to the log's times, like 532d4h or -90m", durationOf)
    .addOption(
      new Option('--status <status>', "with --sample: stands for the log's own").choices([
        'success',
        'error',
        'cancelled',
        'started',
      ]),
    )
    .option('--quarantine', 'record a file that cannot be read by digest and reason, instead of refusing it')
    .option('--dry-run', 'read and report, and write nothing')
    .option('--json', 'one JSON document instead of a table')
    .addHelpText(
      'after',
      '\nExit code: 0 if each file was taken (or, with --dry-run, could be read), 1 if one was refused, 2 if the ledger does not answer.',
    )
    .action(async (args: string[], options: Options) => {
      const declared = options.alias ?? options.timeShift ?? options.status;
      if (declared !== undefined && options.sample !== true)
        throw new ClientError('--alias, --time-shift and --status declare a sample: say --sample');
      const { grant, modelVersion, modality, tester, place, endUse, startedAt } = options;
      if (grant === undefined && (modelVersion ?? modality ?? tester ?? place ?? endUse ?? startedAt) !== undefined)
        throw new ClientError(
          '--model-version, --modality, --tester, --place, --end-use and --started-at go with --grant',
        );
      const files = await logFiles(args);
      const bar =
        files.length > 1 && process.stderr.isTTY
          ? new SingleBar({ format: '{bar} {value}/{total} {file}', stream: process.stderr, clearOnComplete: true })
          : undefined;
      bar?.start(files.length, 0, { file: '' });
      const results: Result[] = [];
      let unreachable: UnreachableError | undefined;
      for (const file of files) {
        bar?.update({ file: plain(file) });
        try {
          results.push(await one(file, options));
        } catch (error) {
          if (!(error instanceof UnreachableError)) throw error;
          unreachable = error;
          break;
        }
        bar?.increment();
      }
      bar?.stop();
      if (results.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
      process.stdout.write(options.json ? asJson(results) : asText(results, options));
      if (unreachable)
        throw new ClientError(
          `${unreachable.message}${files.length > 1 ? `; ${files.length - results.length} of ${files.length} files were not handed in` : ''}`,
        );
    });

async function one(file: string, options: Options): Promise<Result> {
  let reading: Reading | Broken;
  try {
    reading = await readEvidence(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = { ENOENT: 'there is no such file', EISDIR: 'the folder has no .eval, .json or .jsonl in it' }[
      code ?? ''
    ];
    return { file, problem: why ?? `it cannot be opened: ${message}` };
  }
  const broken = isBroken(reading) ? `${reading.fault} at ${reading.where}: ${reading.detail}` : undefined;
  if (broken !== undefined && !options.quarantine) return { file, reading, problem: broken };
  if (options.dryRun) return { file, reading };
  try {
    const { size } = await stat(file);
    await put(
      options,
      `evidence-files/${reading.sha256}${options.quarantine ? '?keep=broken' : ''}`,
      Readable.toWeb(createReadStream(file)) as ReadableStream,
      size,
    );
    const body = bodyOf(reading, options);
    // The same file handed in again in the same way is the same command.
    const key = createHash('sha256').update(JSON.stringify(body)).digest('hex');
    return { file, reading, ledger: (await post(options, 'evidence', body, `import ${key}`)) as Accepted };
  } catch (error) {
    if (!(error instanceof ClientError) || error instanceof UnreachableError) throw error;
    return { file, reading, problem: error.message };
  }
}

function bodyOf(reading: Reading | Broken, options: Options): object {
  const { session, grant, modelVersion, modality, tester, place, endUse, startedAt } = options;
  const { alias, timeShift, status } = options;
  return {
    file: reading.sha256,
    session,
    ...(options.sample ? { sample: { alias, timeShift, status } } : {}),
    ...(grant === undefined
      ? {}
      : {
          report: {
            grant,
            modelVersion,
            modality,
            testers: tester?.split(',').map((each) => each.trim()),
            place,
            endUse,
            startedAt,
          },
        }),
  };
}
