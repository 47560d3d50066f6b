import { createWriteStream } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Command } from 'commander';
import { verifyBundle, type Check } from '@countersign/dossier';
import { decodeEntry, recordedOf } from '@countersign/ledger';
import { reportsOf } from '@countersign/read-models';
import { ClientError, withConnection, type Connection } from './client.ts';

/** `countersign export --out FILE`: streams a signed export of the whole log to a file. */
export const exportCommand = (): Command =>
  withConnection(new Command('export').description('a signed export of the whole log'))
    .requiredOption('--out <file>', 'where it goes')
    .action(async ({ url, token, out }: Connection & { out: string }) => {
      const response = await fetch(
        new URL('/v1/export', url),
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
      ).catch(() => undefined);
      if (!response) throw new ClientError(`${url} does not answer`);
      if (!response.ok || !response.body) {
        const { detail = response.statusText } = (await response.json().catch(() => ({}))) as { detail?: string };
        throw new ClientError(`${response.status}: ${detail}`);
      }
      const partial = `${out}.partial`;
      try {
        await pipeline(Readable.fromWeb(response.body as ReadableStream), createWriteStream(partial));
        await rename(partial, out);
      } catch (error) {
        await rm(partial, { force: true });
        throw new ClientError(`the export was cut off: ${String(error)}`);
      }
      process.stdout.write(`${out}\n`);
    });

/** `countersign verify FILE --policy POLICY`: offline, one line a check, exit code 0 or 1. */
export const verifyCommand = (): Command =>
  new Command('verify')
    .description('check a signed export offline: authentic, unaltered, complete')
    .argument('<file>', 'the export')
    .requiredOption('--policy <file>', 'the keys that you trust (C2SP tlog-policy), which you have from elsewhere')
    .option('--json', 'the checks as JSON')
    .action(async (path: string, { policy, json }: { policy: string; json?: boolean }) => {
      const read = (file: string) =>
        readFile(file).catch((error: unknown) => {
          throw new ClientError(`${file} cannot be read: ${(error as Error).message}`);
        });
      const verified = await verifyBundle(await read(path), (await read(policy)).toString('utf8'));
      const checks: Check[] = [...verified.checks];
      if (verified.passed) checks.push(reportsCheck(verified));
      if (json) process.stdout.write(`${JSON.stringify(checks, null, 1)}\n`);
      else
        for (const { check, passed, detail } of checks)
          process.stdout.write(`${passed ? 'ok    ' : 'FAILED'} ${check}: ${detail}\n`);
      if (checks.some(({ passed }) => !passed)) process.exitCode = 1;
    });

/** The reports say what the entries say: they are made again and compared byte for byte. */
function reportsCheck({ entries, files, manifest }: Awaited<ReturnType<typeof verifyBundle>>): Check {
  try {
    const recorded = Array.from(entries, (line, index) => recordedOf(decodeEntry(line), index));
    const expected = reportsOf(recorded, manifest?.mode ?? '');
    const there = [...files.keys()].filter((name) => name.startsWith('report'));
    const wrong =
      expected.find(({ name, data }) => !Buffer.from(data).equals(Buffer.from(files.get(name) ?? []))) ??
      there.map((name) => ({ name })).find(({ name }) => !expected.some((each) => each.name === name));
    if (wrong) return { check: 'reports', passed: false, detail: `${wrong.name} does not say what the entries say` };
    return { check: 'reports', passed: true, detail: `${expected.length} reports say what the entries say` };
  } catch (error) {
    return { check: 'reports', passed: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
