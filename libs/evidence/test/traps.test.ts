import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  isBroken,
  readEvidence,
  runOf,
  summaryOf,
  type Broken,
  type EvaluationLog,
  type Reading,
} from '@countersign/evidence';
import { zip } from './archive.ts';

/** What the logs of others teach, one trap after the other: none of them keeps a log from being read for what it says. */
const folder = mkdtempSync(join(tmpdir(), 'traps-'));
afterAll(() => rmSync(folder, { recursive: true }));
const root = resolve(import.meta.dirname, '../../..');

let count = 0;
async function read(content: Uint8Array | string): Promise<Reading | Broken> {
  const path = join(folder, `log-${count++}`);
  writeFileSync(path, content);
  return readEvidence(path);
}
async function logOf(content: Uint8Array | string): Promise<EvaluationLog> {
  const reading = await read(content);
  if (isBroken(reading)) throw new Error(`${reading.fault} at ${reading.where}: ${reading.detail}`);
  return reading.log as EvaluationLog;
}
/** A log with the given members of `eval` and beside it; `raw` as Python writes it. */
const made = (spec: object, more: object = {}, raw = '') =>
  `{"version":2,"status":"success","eval":${JSON.stringify({ run_id: 'r', task_id: 't', model: 'm', ...spec })}${Object.entries(
    more,
  )
    .map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join('')}${raw}}`;

describe('numbers', () => {
  test('NaN and the infinities stand bare: the metric is known, and has no value in the ledger', async () => {
    const log = await logOf(
      made(
        {},
        {},
        ',"results":{"scores":[{"name":"s","metrics":{"a":{"value":NaN},"b":{"value":Infinity},"c":{"value":1e999}}}]}',
      ),
    );
    expect(log.metrics).toEqual({ s: { a: NaN, b: Infinity, c: Infinity } });
    expect(summaryOf(log).metrics).toEqual(['a', 'b', 'c'].map((metric) => ({ scorer: 's', metric })));
  });

  test('integers beyond 2^53 keep each digit', async () => {
    const log = await logOf(
      made(
        {},
        {},
        ',"samples":[{"id":9007199254740993,"epoch":1}],"results":{"scores":[{"name":"s","metrics":{"a":{"value":-12345678901234567890}}}]}',
      ),
    );
    expect(log.sampleKeys).toEqual([['9007199254740993', 1]]);
    expect(summaryOf(log).metrics).toEqual([{ scorer: 's', metric: 'a', value: '-12345678901234567890' }]);
  });

  test('a use of tokens beyond all counting is taken at the most that can be counted', async () => {
    const log = await logOf(
      made({}, { stats: { model_usage: { m: { total_tokens: 1e300 }, n: { total_tokens: 7 } } } }),
    );
    expect(summaryOf(log).tokens).toBe(Number.MAX_SAFE_INTEGER);
    const negative = await logOf(made({}, { stats: { model_usage: { m: { total_tokens: -5.5 } } } }));
    expect(summaryOf(negative).tokens).toBe(0);
  });
});

describe('what old logs lack', () => {
  test('no eval_id: a run is known by its run and its task', async () => {
    expect(runOf(await logOf(made({})))).toEqual({ runId: 'r', taskId: 't' });
    expect(runOf(await logOf(made({ eval_id: 'e' })))).toMatchObject({ evalId: 'e' });
  });

  test('no packages, no revision, no version', async () => {
    const log = await logOf('{"status":"success","eval":{"run_id":"r","task_id":"t","model":"m"}}');
    expect([log.version, log.packages, log.revision]).toEqual([null, null, null]);
    const summary = summaryOf(log);
    for (const missing of ['version', 'packages', 'commit']) expect(summary).not.toHaveProperty(missing);
  });

  test('an error without words: the run ended in error all the same', async () => {
    for (const error of [{}, { error: null }, { error: {} }]) {
      const summary = summaryOf(await logOf(made({}, error).replace('"success"', '"error"')));
      expect([summary.status, summary.errored]).toEqual(['error', false]);
    }
    const summary = summaryOf(await logOf(made({}, { error: { message: 'no' } }).replace('"success"', '"error"')));
    expect(summary.errored).toBe(true);
  });

  test('a task version is a number or words, and 0 is one', async () => {
    expect(summaryOf(await logOf(made({ task_version: 0 }))).taskVersion).toBe('0');
    expect(summaryOf(await logOf(made({ task_version: '1.2-b' }))).taskVersion).toBe('1.2-b');
    expect(summaryOf(await logOf(made({ task_version: '' })))).not.toHaveProperty('taskVersion');
  });

  test('packages whose version is no text are left out', async () => {
    const log = await logOf(made({ packages: { a: '1', b: { deep: true }, c: null, d: 2 } }));
    expect(summaryOf(log).packages).toEqual([{ name: 'a', version: '1' }]);
  });
});

test.each<readonly [string, string | undefined]>([
  ['2025-05-14T10:00:00+02:00', '2025-05-14T08:00:00.000Z'],
  ['2024-10-15T12:53:13-04:00', '2024-10-15T16:53:13.000Z'],
  ['2024-10-15T12:53:13.123456+00:00', '2024-10-15T12:53:13.123Z'],
  ['2024-10-15T12:53:13Z', '2024-10-15T12:53:13.000Z'],
  ['2024-10-15T12:53:13', undefined], // which instant that is, nobody knows
  ['2024-13-45T12:53:13Z', undefined],
  ['', undefined],
])('a time of "%s" is %s', async (time, instant) => {
  const summary = summaryOf(await logOf(made({ created: time }, { stats: { started_at: time, completed_at: time } })));
  expect([summary.created, summary.startedAt, summary.completedAt]).toEqual([instant, instant, instant]);
});

describe('counts', () => {
  const samples = [
    { id: 1, epoch: 1, error: null },
    { id: 2, epoch: 1, error: { message: 'no' } },
  ];

  test('cancelled with all samples done, and success with samples that failed, are what they say', async () => {
    const results = { total_samples: 2, completed_samples: 2 };
    const cancelled = summaryOf(await logOf(made({}, { results, samples }).replace('"success"', '"cancelled"')));
    expect([cancelled.status, cancelled.resultsCompleted, cancelled.samplesInFile]).toEqual(['cancelled', 2, 2]);
    const success = summaryOf(await logOf(made({}, { results, samples })));
    expect([success.status, success.samplesWithError]).toEqual(['success', 1]);
  });

  test('a header that counts others than the file has: both are told', async () => {
    const summary = summaryOf(
      await logOf(made({}, { results: { total_samples: 80, completed_samples: 80 }, samples })),
    );
    expect([summary.resultsTotal, summary.resultsCompleted, summary.samplesInFile]).toEqual([80, 80, 2]);
  });
});

describe('files', () => {
  const journal = {
    name: '_journal/start.json',
    content: '{"version":2,"eval":{"run_id":"r","task_id":"t","model":"m"}}',
  };

  test('a crashed run has a journal and no header, and a full disk leaves no archive', async () => {
    const crashed = zip([journal]);
    expect(summaryOf(await logOf(crashed)).status).toBe('started');
    expect(await read(crashed.subarray(0, crashed.length - 30))).toMatchObject({ fault: 'invalid-zip' });
  });

  test('listings that are called logs are none', async () => {
    for (const listing of ['{"2024-10-15_a.eval":{"status":"success"}}', '["a.eval"]', '{"version":1,"files":[]}'])
      expect(await read(listing)).toMatchObject({ fault: 'not-a-log' });
  });

  test('names of members come from ids of samples, and may be anything that is no path upwards', async () => {
    const log = await logOf(
      zip([
        { name: 'header.json', content: made({}) },
        { name: 'samples/what is 1/2? é_epoch_1.json', content: '{"id":"what is 1/2? é","epoch":1}', method: 93 },
        { name: 'samples/..._epoch_1.json', content: '{"id":"...","epoch":1}' },
      ]),
    );
    expect(log.sampleKeys).toEqual([
      ['...', 1],
      ['what is 1/2? é', 1],
    ]);
  });

  test('a log that was edited after the run is the same run with another digest', async () => {
    const [before, after] = [made({}), made({}, { invalidated: true })];
    expect(runOf(await logOf(before))).toEqual(runOf(await logOf(after)));
    expect((await read(before)).sha256).not.toBe((await read(after)).sha256);
    expect(summaryOf(await logOf(after)).invalidated).toBe(true);
  });
});

describe('what leaks', () => {
  test('arguments, persons, places and errors stay in the file', async () => {
    const secret = 'alice-of-the-lab';
    const log = await logOf(
      made(
        {
          task: `/home/${secret}/evals/task.py`,
          task_file: `/home/${secret}/task.py`,
          task_args: { user: secret },
          model: `vllm//home/${secret}/models/halyard`,
          model_args: { path: secret },
          metadata: { created_by: secret },
          dataset: { name: `C:\\Users\\${secret}\\set.csv`, location: `/Users/${secret}/set.csv` },
          revision: { type: 'git', origin: `git@github.com:${secret}/x.git`, commit: '33c76a75' },
          solver_args: secret,
        },
        {
          error: { message: `in /home/${secret}/x.py`, traceback: secret },
          plan: { steps: [secret] },
          results: { scores: [{ name: `~/${secret}/scorer.py`, metrics: { [`./${secret}/metric`]: { value: 1 } } }] },
        },
      ),
    );
    const summary = summaryOf(log);
    expect(JSON.stringify([summary, runOf(log)])).not.toContain(secret);
    expect([summary.task, summary.model, summary.dataset, summary.commit]).toEqual([
      'task.py',
      'halyard',
      'set.csv',
      '33c76a75',
    ]);
    expect(summary.metrics).toEqual([{ scorer: 'scorer.py', metric: 'metric', value: '1' }]);
  });

  test.each(['openai/gpt-4o', 'openai/azure/gpt-4o-mini', 'inspect_evals/mmlu_0_shot', 'mean(all)', 'llama3.1:8b'])(
    'but a name that is no path stays whole: %s',
    async (name) => {
      const summary = summaryOf(await logOf(made({ task: name, model: name, dataset: { name } })));
      expect([summary.task, summary.model, summary.dataset]).toEqual([name, name, name]);
    },
  );

  test('of the real logs, none says where it was run, by whom, or with what arguments', async () => {
    for (const file of ['libs/scenario/logs/security-guide-2025-05.json', 'libs/scenario/logs/pubmedqa.json']) {
      const content = readFileSync(join(root, file), 'utf8').replaceAll(/\bNaN\b/g, 'null');
      const spec = (
        JSON.parse(content) as { eval: Record<string, unknown> & { dataset: { name?: string; location?: string } } }
      ).eval;
      const text = JSON.stringify(summaryOf(await logOf(content)));
      for (const place of [
        spec.dataset.location,
        spec['task_file'],
        ...Object.values((spec['task_args'] ?? {}) as object),
      ])
        // The public name of a data set may be its location too.
        if (typeof place === 'string' && place.includes('/') && place !== spec.dataset.name)
          expect(text).not.toContain(place);
    }
  });
});
