import type { LogSummary } from '@countersign/domain';
import type { EvaluationLog } from './inspect.ts';

const MOST_METRICS = 200;
const MOST_PACKAGES = 20;
const LONGEST = 200;

/** How a run is known, as far as its log says it. */
export function runOf({ evalId, runId, taskId }: EvaluationLog): { evalId?: string; runId?: string; taskId?: string } {
  return stated({ evalId: name(evalId), runId: name(runId), taskId: name(taskId) });
}

/**
 * What of a log goes into the ledger: its identity and results in few words, without what leaks names and paths
 * (arguments, locations, origins, error texts). Values keep every digit.
 */
export function summaryOf(log: EvaluationLog): LogSummary {
  const metrics = Object.entries(log.metrics).flatMap(([scorer, values]) =>
    Object.entries(values).map(([metric, value]) => ({
      scorer: shown(scorer) ?? 'scorer',
      metric: shown(metric) ?? 'metric',
      ...stated({ value: decimalOf(value) }),
    })),
  );
  const packages = Object.entries(log.packages ?? {})
    .slice(0, MOST_PACKAGES)
    .map(([each, version]) => ({ name: name(each) ?? '?', version: name(version) ?? '?' }));
  return {
    format: log.format,
    status: name(log.status) ?? 'unknown',
    samplesInFile: log.samplesInFile,
    samplesWithError: log.samplesWithError,
    metrics: metrics.slice(0, MOST_METRICS),
    // No log has more than can be counted exactly; one that says so is taken at the most.
    tokens: Math.min(Math.max(0, Math.trunc(log.totalTokens)), Number.MAX_SAFE_INTEGER),
    errored: log.error !== null,
    ...(metrics.length > MOST_METRICS ? { metricsLeftOut: metrics.length - MOST_METRICS } : {}),
    ...stated({
      version: count(log.version),
      created: instant(log.created),
      task: shown(log.task),
      taskVersion: log.taskVersion === null ? undefined : name(String(log.taskVersion)),
      model: shown(log.model),
      dataset: shown(log.datasetName),
      datasetSamples: count(log.datasetSamples),
      resultsTotal: count(log.resultsTotal),
      resultsCompleted: count(log.resultsCompleted),
      startedAt: instant(log.startedAt),
      completedAt: instant(log.completedAt),
      invalidated: log.invalidated ?? undefined,
      packages: log.packages === null ? undefined : packages,
      commit: typeof log.revision?.['commit'] === 'string' ? name(log.revision['commit']) : undefined,
    }),
  };
}

/** Without the members that are undefined. */
const stated = <T extends Record<string, unknown>>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

const name = (text: string | null): string | undefined =>
  text === null || text === '' ? undefined : text.toWellFormed().slice(0, LONGEST).toWellFormed();

/**
 * A name that may also be a path of someone's machine (a task file, a model's folder, a data set's): of a path only its
 * last part goes into the ledger. `openai/gpt-4o` is none.
 */
const shown = (text: string | null): string | undefined =>
  name(text !== null && PATH.test(text) ? (text.split(/[\\/]/).findLast((part) => part !== '') ?? null) : text);
/** Absolute, or after a provider's name and a slash; under a home or a drive; a URL; with a step up. */
const PATH = /^[/~\\]|\/\/|\\|^[A-Za-z]:|\/~|(^|\/)\.{1,2}\/|:\/|^(home|Users)\/|\/(home|Users)\//;

const count = (value: number | null): number | undefined =>
  value !== null && Number.isSafeInteger(value) && value >= 0 ? value : undefined;

/** A time with an offset, in UTC; without one it is not known which instant it means. */
function instant(text: string | null): string | undefined {
  if (text === null || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text))
    return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** All digits of a number (or of an integer that came as its digits), without an exponent; undefined for what is no number, and for what takes over 30 places. */
export function decimalOf(value: number | string): string | undefined {
  if (typeof value === 'string') return /^-?[1-9]\d{0,29}$/.test(value) ? value : undefined;
  if (!Number.isFinite(value)) return undefined;
  const [mantissa = '', exponent = '0'] = Math.abs(value).toString().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 1);
  const integer = padded.slice(0, at).replace(/^0+(?=\d)/, '');
  const rest = padded.slice(at).replace(/0+$/, '');
  if (integer.length > 30 || rest.length > 30) return undefined;
  const zero = /^0*$/.test(integer + rest);
  return `${value < 0 && !zero ? '-' : ''}${integer}${rest === '' ? '' : `.${rest}`}`;
}
