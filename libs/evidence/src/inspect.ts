import type { Selector } from './json.ts';
import { JsonReader, LIMITS, type Kept } from './json.ts';
import { UnreadableError } from './unreadable.ts';
import { ZipArchive, type Member } from './zip.ts';

/** What is read out of an Inspect AI log, of any version and status; null where the log does not say it. */
export interface EvaluationLog {
  readonly format: 'inspect-eval' | 'inspect-json';
  readonly version: number | null;
  readonly status: string;
  readonly evalId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly created: string | null;
  readonly task: string | null;
  readonly taskVersion: number | string | null;
  readonly model: string | null;
  readonly packages: Readonly<Record<string, string>> | null;
  readonly revision: Readonly<Record<string, unknown>> | null;
  /** Its type, as `docker`. */
  readonly sandbox: string | null;
  readonly datasetName: string | null;
  readonly datasetSamples: number | null;
  readonly resultsTotal: number | null;
  readonly resultsCompleted: number | null;
  /** Whether a JSON log has the member `samples` at all: without it, it is a header only. Null for an archive. */
  readonly hasSamplesKey: boolean | null;
  readonly samplesInFile: number;
  /** Id and epoch of each sample in the file, sorted. */
  readonly sampleKeys: readonly (readonly [string, number])[];
  readonly samplesWithError: number;
  readonly scorers: readonly string[];
  /** Scorer → metric → value; NaN and the infinities as they are, an integer beyond 2^53 as its digits. */
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number | string>>>>;
  readonly totalTokens: number;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly invalidated: boolean | null;
  /** The run's error, shortened; null if it names none. May hold paths and names: never for the log. */
  readonly error: string | null;
}

/** A log and the members that its file has. */
export interface ReadLog {
  readonly log: EvaluationLog;
  readonly members: readonly Member[];
}

const EVAL: Selector = {
  members: {
    eval_id: 'keep',
    run_id: 'keep',
    task_id: 'keep',
    created: 'keep',
    task: 'keep',
    task_version: 'keep',
    model: 'keep',
    packages: 'keep',
    revision: 'keep',
    sandbox: 'keep',
    dataset: { members: { name: 'keep', samples: 'keep' } },
  },
};
const SCORE: Selector = { members: { name: 'keep', scorer: 'keep', metrics: 'keep' } };
const HEADER = {
  version: 'keep',
  status: 'keep',
  eval: EVAL,
  results: {
    members: {
      total_samples: 'keep',
      completed_samples: 'keep',
      scores: { each: SCORE },
      scorer: 'keep',
      metrics: 'keep',
    },
  },
  stats: { members: { started_at: 'keep', completed_at: 'keep', model_usage: 'keep' } },
  error: { members: { message: 'keep' } },
  invalidated: 'keep',
} as const satisfies Record<string, Selector>;
const SAMPLE: Selector = { members: { id: 'keep', epoch: 'keep', error: 'present' } };

/** Of a JSON log: what a reader wants of the document. */
export const JSON_LOG: Selector = { members: { ...HEADER, samples: { each: SAMPLE } } };

type Parts = Record<string, unknown>;

/** A whole log in one JSON document. @throws UnreadableError if the document is no log */
export function logOfDocument(document: unknown): EvaluationLog {
  const log = partsOf(document);
  if (log === undefined || partsOf(log['eval']) === undefined)
    throw new UnreadableError('not-a-log', 'the document', 'an Inspect AI log is an object with a member "eval"');
  const samples = Array.isArray(log['samples']) ? log['samples'].map((sample) => partsOf(sample) ?? {}) : [];
  return assemble('inspect-json', log, samples);
}

/**
 * An `.eval` file: a zip of `header.json` (a run that crashed has only `_journal/start.json`) and a member, or a folder
 * of members, for each sample. Every member is read to its end and digested.
 */
export async function readArchive(path: string): Promise<ReadLog> {
  const archive = await ZipArchive.open(path);
  try {
    const names = archive.entries.map(({ fileName }) => fileName);
    const hasHeader = names.includes('header.json');
    if (!hasHeader && !names.includes('_journal/start.json'))
      throw new UnreadableError(
        'not-a-log',
        'the archive',
        'it has neither header.json nor _journal/start.json: no Inspect AI log',
      );
    const folders = new Set(
      names
        .filter((name) => /^samples\/.+\/sample\.json$/.test(name))
        .map((name) => name.slice(0, -'sample.json'.length)),
    );
    const isSample = (name: string): boolean =>
      name.startsWith('samples/') &&
      name.endsWith('.json') &&
      ((name.endsWith('/sample.json') && folders.has(name.slice(0, -'sample.json'.length))) ||
        ![...prefixesOf(name)].some((prefix) => folders.has(prefix)));

    const members: Member[] = [];
    const samples: Parts[] = [];
    let header: Parts = {};
    let start: Parts = {};
    const kept: Kept = { bytes: 0 };
    for (const [i, name] of names.entries()) {
      const selector: Selector | undefined =
        name === 'header.json' || name === '_journal/start.json'
          ? { members: HEADER }
          : isSample(name)
            ? SAMPLE
            : undefined;
      if (selector === undefined) {
        members.push(await archive.read(i));
        continue;
      }
      const reader = new JsonReader(selector, LIMITS, kept);
      members.push(await archive.read(i, (chunk) => reader.write(chunk)));
      const document = partsOf(ended(reader, i)) ?? {};
      if (name === 'header.json') header = document;
      else if (name === '_journal/start.json') start = document;
      else samples.push(document);
    }
    const log = hasHeader ? header : { ...start, status: 'started' };
    if (partsOf(log['eval']) === undefined)
      throw new UnreadableError('not-a-log', hasHeader ? 'header.json' : '_journal/start.json', 'there is no "eval"');
    return { log: assemble('inspect-eval', log, samples), members };
  } finally {
    archive.close();
  }
}

function* prefixesOf(name: string): Iterable<string> {
  for (let i = name.indexOf('/'); i >= 0; i = name.indexOf('/', i + 1)) yield name.slice(0, i + 1);
}

function ended(reader: JsonReader, index: number): unknown {
  try {
    return reader.end();
  } catch (error) {
    throw error instanceof UnreadableError ? error.within(`member ${index + 1}`) : error;
  }
}

function assemble(format: EvaluationLog['format'], log: Parts, samples: readonly Parts[]): EvaluationLog {
  const spec = partsOf(log['eval']) ?? {};
  const results = partsOf(log['results']) ?? {};
  const stats = partsOf(log['stats']) ?? {};
  const dataset = partsOf(spec['dataset']) ?? {};
  const sandbox = spec['sandbox'];
  const scores = scoresOf(results);
  return {
    format,
    version: numberOf(log['version']),
    status: textOf(log['status']) ?? 'unknown',
    evalId: textOf(spec['eval_id']),
    runId: textOf(spec['run_id']),
    taskId: textOf(spec['task_id']),
    created: textOf(spec['created']),
    task: textOf(spec['task']),
    taskVersion:
      typeof spec['task_version'] === 'number' ? numberOf(spec['task_version']) : textOf(spec['task_version']),
    model: textOf(spec['model']),
    packages: packagesOf(spec['packages']),
    revision: partsOf(spec['revision']) ?? null,
    sandbox: textOf(partsOf(sandbox)?.['type']) ?? textOf(Array.isArray(sandbox) ? sandbox[0] : sandbox),
    datasetName: textOf(dataset['name']),
    datasetSamples: numberOf(dataset['samples']),
    resultsTotal: numberOf(results['total_samples']),
    resultsCompleted: numberOf(results['completed_samples']),
    hasSamplesKey: format === 'inspect-json' ? 'samples' in log : null,
    samplesInFile: samples.length,
    sampleKeys: samples
      .map(({ id, epoch }): readonly [string, number] => [
        typeof id === 'number' ? String(id) : (textOf(id) ?? ''),
        numberOf(epoch) ?? 1,
      ])
      .sort(([a, m], [b, n]) => (a < b ? -1 : a > b ? 1 : m - n)),
    samplesWithError: samples.filter(({ error }) => error === true).length,
    scorers: [...scores.keys()],
    metrics: Object.fromEntries(scores),
    totalTokens: Object.values(partsOf(stats['model_usage']) ?? {}).reduce<number>(
      (sum, usage) => sum + (numberOf(partsOf(usage)?.['total_tokens']) ?? 0),
      0,
    ),
    startedAt: textOf(stats['started_at']),
    completedAt: textOf(stats['completed_at']),
    invalidated: typeof log['invalidated'] === 'boolean' ? log['invalidated'] : null,
    error: textOf(partsOf(log['error'])?.['message'])?.slice(0, 2000) ?? null,
  };
}

/** Name → version, of those whose version is said in words. */
function packagesOf(value: unknown): Record<string, string> | null {
  const packages = partsOf(value);
  return packages === undefined
    ? null
    : Object.fromEntries(
        Object.entries(packages).filter((each): each is [string, string] => typeof each[1] === 'string'),
      );
}

/** Scorer → metric → value. Version 1 had one scorer and its metrics in `results` itself. */
function scoresOf(results: Parts): Map<string, Record<string, number | string>> {
  const scores = new Map<string, Record<string, number | string>>();
  const listed = Array.isArray(results['scores'])
    ? results['scores']
    : results['metrics'] === undefined
      ? []
      : [{ name: partsOf(results['scorer'])?.['name'], metrics: results['metrics'] }];
  for (const each of listed) {
    const score = partsOf(each) ?? {};
    const name = textOf(score['name']) ?? textOf(score['scorer']) ?? 'scorer';
    const metrics = scores.get(name) ?? (Object.create(null) as Record<string, number | string>);
    for (const [key, metric] of Object.entries(partsOf(score['metrics']) ?? {})) {
      const value = partsOf(metric)?.['value'] ?? metric;
      // The first of two metrics of one name stays: a second is of a reducer that the names do not tell apart.
      if ((typeof value === 'number' || isBigInteger(value)) && !Object.hasOwn(metrics, key)) metrics[key] = value;
    }
    scores.set(name, metrics);
  }
  return scores;
}

const partsOf = (value: unknown): Parts | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Parts) : undefined;
/** Some writers leave `""` where there is nothing to say. */
const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
/** As the reader gives integers beyond 2^53. */
const isBigInteger = (value: unknown): value is string => typeof value === 'string' && /^-?\d{16,}$/.test(value);
const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : isBigInteger(value) ? Number(value) : null;
