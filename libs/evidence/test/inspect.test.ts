import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isBroken, readEvidence, type EvaluationLog, type Reading } from '@countersign/evidence';

const root = resolve(import.meta.dirname, '../../..');
const FOLDERS = ['libs/scenario/logs', 'test/fixtures/inspect'].map((folder) => join(root, folder));
const pathOf = (name: string): string => {
  const found = FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
};
const EXPECTED = JSON.parse(readFileSync(pathOf('EXPECTED.json'), 'utf8')) as Record<string, Record<string, unknown>>;

async function read(name: string): Promise<Reading & { readonly log: EvaluationLog }> {
  const reading = await readEvidence(pathOf(name));
  if (isBroken(reading)) throw new Error(`${name}: ${reading.fault} at ${reading.where}: ${reading.detail}`);
  return reading as Reading & { readonly log: EvaluationLog };
}

describe('what the oracle says of each log', () => {
  test.each(Object.keys(EXPECTED))('%s', async (name) => {
    const { sha256, bytes, zipMembers, zipMethods, hasSamplesKey, ...expected } = EXPECTED[name] as Record<
      string,
      unknown
    >;
    const reading = await read(name);
    expect([reading.sha256, reading.bytes]).toEqual([sha256, bytes]);
    expect(reading.log).toMatchObject(expected);
    if (zipMembers !== undefined) {
      expect(reading.members.length).toBe(zipMembers);
      expect([...new Set(reading.members.map(({ method }) => method))]).toEqual(zipMethods);
    } else expect(reading.log.hasSamplesKey).toBe(hasSamplesKey);
  });
});

test('logs that the oracle leaves out are read too', async () => {
  expect((await read('mmlu-2025-12.eval')).log).toMatchObject({
    status: 'success',
    model: 'openai/gpt-4o',
    totalTokens: 156,
  });
  expect((await read('input-task-2024-11.eval')).log.status).toBe('success');
});

test('the same run as .eval and as .json has one identity and two digests', async () => {
  const [archive, document] = await Promise.all([read('popularity-2024-10.eval'), read('popularity-2024-10.json')]);
  expect([archive.log.runId, archive.log.taskId]).toEqual([document.log.runId, document.log.taskId]);
  expect(archive.sha256).not.toBe(document.sha256);
});
