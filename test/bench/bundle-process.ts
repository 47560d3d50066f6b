/** Verifies one bundle in a process that does nothing else: `rate`, `memory` or `idle`, then the file and the policy. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bytesOf, nodePlatform, verifyBundle } from '@countersign/dossier';
import { reportsAsOf } from '@countersign/ledger';

const [, , what, file = '', policyFile = ''] = process.argv;
const ROUNDS = 5;

async function verify(): Promise<number> {
  const started = performance.now();
  const { passed, checks } = await verifyBundle(
    nodePlatform,
    bytesOf(file),
    readFileSync(policyFile, 'utf8'),
    reportsAsOf,
  );
  if (!passed) throw new Error(JSON.stringify(checks.at(-1)));
  return performance.now() - started;
}

/** The lines alone: where they are in the archive is found by the gzip header that only they follow. */
function linesOf(): string[] {
  const archive = readFileSync(file);
  const name = Buffer.from('entries.jsonl.gz');
  const header = archive.indexOf(Buffer.concat([name, Buffer.of(0x1f, 0x8b)])) - 30;
  const from = header + 30 + name.length;
  return gunzipSync(archive.subarray(from, from + archive.readUInt32LE(header + 18)))
    .toString('utf8')
    .trimEnd()
    .split('\n');
}

function hashAndParse(lines: readonly string[]): number {
  const started = performance.now();
  for (const line of lines) {
    createHash('sha256').update(line).digest();
    JSON.parse(line);
  }
  return performance.now() - started;
}

if (what === 'rate') {
  const lines = linesOf();
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    const [plain, verified] = [hashAndParse(lines), await verify()];
    if (round === 0) continue; // warms up
    bare.push(plain);
    ours.push(verified);
  }
  console.log(JSON.stringify({ ours, bare }));
} else {
  const ms = what === 'memory' ? await verify() : 0;
  console.log(JSON.stringify({ ms, megabytes: process.resourceUsage().maxRSS / 1024 }));
}
