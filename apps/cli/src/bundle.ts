import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { bytesOf, END_BYTES, endsWhole, nodePlatform, verifyBundle, type Check } from '@countersign/dossier';
import { reportsAsOf } from '@countersign/ledger';
import { atLeastOf, atLeastOption, ClientError, withConnection, type Connection } from './client.ts';

/** `countersign export --out FILE`: streams a signed export of the whole log to a file, whole or not at all. */
export const exportCommand = (): Command =>
  withConnection(new Command('export').description('a signed export of the whole log'))
    .requiredOption('--out <file>', 'where it goes')
    .addOption(atLeastOption())
    .action(async ({ out, ...connection }: Connection & { out: string }) => {
      try {
        await fetchExport(connection, out);
        process.stdout.write(`${out}\n`);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        process.stderr.write(`countersign: ${error.message}\n`);
        process.exitCode = 1;
      }
    });

async function fetchExport(connection: Connection, out: string): Promise<void> {
  const { url, token } = connection;
  const response = await fetch(new URL('/v1/export', url), {
    headers: { ...atLeastOf(connection), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  }).catch(() => undefined);
  if (!response) throw new ClientError(`${url} does not answer`);
  if (!response.ok || !response.body) {
    const { detail = response.statusText } = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new ClientError(`${response.status}: ${detail}`);
  }
  const expected = Number(response.headers.get('content-length') ?? NaN);
  const progress = new Progress(expected);
  // Beside its place, so that renaming it is one step; of this process, so that two do not write one file.
  const partial = `${out}.${process.pid}.partial`;
  const interrupted = new AbortController();
  const interrupt = () => {
    interrupted.abort(new Error('interrupted'));
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const file = await open(partial, 'wx+', 0o600);
    let bytes = 0;
    try {
      const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
      const write = async (chunks: AsyncIterable<Uint8Array>) => {
        for await (const chunk of chunks) {
          await file.appendFile(chunk);
          progress.at((bytes += chunk.length));
        }
      };
      await pipeline(body, write, { signal: interrupted.signal });
      if (bytes !== expected) throw new Error(`${bytes} of ${expected} bytes came`);
      const last = Buffer.alloc(END_BYTES);
      const { bytesRead } = await file.read(last, 0, END_BYTES, Math.max(0, bytes - END_BYTES));
      if (!endsWhole(last.subarray(0, bytesRead), bytes)) throw new Error('what came has no end');
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, out);
  } catch (error) {
    await rm(partial, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ClientError(
      code?.startsWith('E') && code !== 'ECONNRESET'
        ? `${out} cannot be written: ${message}`
        : `the export was cut off, and nothing was written to ${out}: ${message}`,
    );
  } finally {
    progress.stop();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** `countersign verify FILE --policy POLICY`: offline, one line a check, exit code 0 or 1. */
export const verifyCommand = (): Command =>
  new Command('verify')
    .description('check a signed export offline: authentic, unaltered, complete')
    .argument('<file>', 'the export')
    .requiredOption('--policy <file>', 'the keys that you trust (C2SP tlog-policy), which you have from elsewhere')
    .option('--json', 'the checks as JSON')
    .action(async (file: string, { policy, json }: { policy: string; json?: boolean }) => {
      const checks = await verifyFile(file, policy);
      const passed = checks.every((check) => check.passed);
      if (json) process.stdout.write(`${JSON.stringify({ file, passed, checks }, null, 1)}\n`);
      else for (const check of checks) process.stdout.write(lineOf(check));
      if (!passed) process.exitCode = 1;
    });

/** Every check of a bundle in a file; what cannot be read is a check that failed. */
export async function verifyFile(file: string, policyFile: string): Promise<readonly Check[]> {
  const unread = (check: string, path: string, error: unknown): Check[] => [
    { check, passed: false, detail: `${path} cannot be read: ${(error as Error).message}` },
  ];
  let policy: string;
  try {
    policy = await readFile(policyFile, 'utf8');
  } catch (error) {
    return unread('policy', policyFile, error);
  }
  let progress: Progress | undefined;
  try {
    const found = await stat(file);
    if (!found.isFile()) return unread('archive', file, new Error('it is no file'));
    const bar = (progress = new Progress(found.size));
    const chunks = async function* () {
      let bytes = 0;
      for await (const chunk of bytesOf(file)) {
        bar.at((bytes += chunk.length));
        yield chunk;
      }
    };
    return (await verifyBundle(nodePlatform, chunks(), policy, reportsAsOf)).checks;
  } catch (error) {
    return unread('archive', file, error);
  } finally {
    progress?.stop();
  }
}

/** What was proven, by which key, and how that key came to be trusted. */
const lineOf = ({ check, passed, detail, keys = [] }: Check): string => {
  const by = keys.map(({ key, algorithm, trust }) => `${key} (${algorithm}), ${trust}`).join('; ');
  return `${passed ? 'ok    ' : 'FAILED'} ${check}: ${detail}${by === '' ? '' : `; by ${by}`}\n`;
};

const MEGABYTE = 1024 * 1024;

/** A bar on a terminal, for what takes long enough to wonder; nothing elsewhere. */
class Progress {
  readonly #bar: SingleBar | undefined;

  constructor(bytes: number) {
    if (!process.stderr.isTTY || !(bytes > 0)) return;
    const format = '{bar} {percentage} % of {size} MB';
    this.#bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true, hideCursor: true });
    this.#bar.start(bytes, 0, { size: (bytes / MEGABYTE).toFixed(1) });
  }
  at(bytes: number): void {
    this.#bar?.update(bytes);
  }
  stop(): void {
    this.#bar?.stop();
  }
}
