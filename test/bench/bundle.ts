/**
 * Verifying an export with all that the command does, reports included: how fast against hashing and JSON-parsing the
 * same lines, and how much memory, each in a process of its own (`bundle-process.ts`). The log is the story's, told as
 * many times as it takes under other ids, so that reports have real work.
 */
import { spawn } from 'node:child_process';
import { createHash, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildBundle, cosignatureLine, signCheckpoint } from '@countersign/dossier';
import { reportsAsOf } from '@countersign/ledger';
import { TreeFrontier, treeHasher } from '@countersign/log';
import { median, type Result } from './result.ts';
import { tellTheStory } from './story.ts';

const ENTRIES = 100_000;
const MOST_MB = 300;

export async function bundleBench(entries = ENTRIES): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bundle-'));
  try {
    const [file, policy] = [join(folder, 'bundle.zip'), join(folder, 'policy')];
    await writeBundle(file, policy, entries);
    const { ours, bare } = await inProcess<{ ours: number[]; bare: number[] }>('rate', file, policy);
    const { megabytes } = await inProcess<{ megabytes: number }>('memory', file, policy);
    const { megabytes: idle } = await inProcess<{ megabytes: number }>('idle', file, policy);
    const rate = (ms: number) => Math.round(entries / (ms / 1000));
    return [
      {
        name: `verify a bundle of ${entries} entries`,
        value: rate(median(ours)),
        unit: 'entries/s',
        against: rate(median(bare)),
        ratio: median(ours.map((ms, i) => (bare[i] as number) / ms)),
        target: 0.4,
        comparator: '>=',
      },
      {
        name: `peak memory of a process that verifies it`,
        value: megabytes,
        unit: 'MB',
        against: MOST_MB,
        ratio: megabytes / MOST_MB,
        target: 1,
        comparator: '<=',
        note: `against the limit of ${MOST_MB} MB; the same process before it begins: ${Math.round(idle)} MB`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function inProcess<T>(what: string, file: string, policy: string): Promise<T> {
  const script = join(import.meta.dirname, 'bundle-process.ts');
  const child = spawn(process.execPath, [...process.execArgv, script, what, file, policy], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`${what} ended with ${code}`);
  return JSON.parse(out) as T;
}

export async function writeBundle(file: string, policy: string, count: number): Promise<void> {
  const story = await tellTheStory();
  const entries = () => story.manyTimes(count);
  const hasher = treeHasher((data) => createHash('sha256').update(data).digest());
  const tree = new TreeFrontier(hasher);
  for (const entry of entries()) tree.append(hasher.leaf(entry));
  const head = { origin: story.origin, size: count, root: tree.root() };
  const key = (purpose: string): KeyObject => story.signingKey(purpose);
  const bundle = await buildBundle({
    entries,
    checkpoint:
      signCheckpoint(head, key('log')) +
      cosignatureLine(story.origin, head, key('log-ml-dsa-44'), Math.floor(Date.now() / 1000)),
    mode: 'demo',
    reports: reportsAsOf,
    sign: { Ed25519: key('export'), 'ML-DSA-44': key('export-ml-dsa-44') },
    recipient: 'party-us-reg',
    generator: 'bench',
  });
  await pipeline(bundle.parts(), createWriteStream(file));
  await bundle.close();
  writeFileSync(policy, story.policy);
}

if (import.meta.main) {
  const count = process.argv[2];
  console.log(JSON.stringify(await bundleBench(count === undefined ? ENTRIES : Number(count)), null, 1));
  process.exit(0);
}
