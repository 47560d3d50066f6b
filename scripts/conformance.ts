/**
 * `npm run conformance -- merkle DIR`: runs every vector of a folder, nested or not, and ends with the line
 * `N passed, N failed`. Exit code 0 only if something ran and nothing failed.
 *
 * Vectors have the form of transparency-dev/merkle's `testdata/`: hashes in Base64, `wantErr` says what must happen.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { treeHasher, verifyConsistency, verifyInclusion } from '@countersign/log';

const hasher = treeHasher((data) => createHash('sha256').update(data).digest());
type Vector = Record<string, unknown>;

/** Undefined if the vector holds, else what is wrong with it or with us. */
function failureOf(text: string): string | undefined {
  let vector: Vector;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return 'not a JSON object';
    vector = parsed as Vector;
  } catch (error) {
    return `not JSON: ${String(error)}`;
  }
  const { wantErr } = vector;
  if (typeof wantErr !== 'boolean') return 'not a vector: it does not say wantErr';
  let verified: boolean;
  try {
    if ('leafIdx' in vector) {
      verified = verifyInclusion(hasher, {
        leafIndex: size(vector, 'leafIdx'),
        treeSize: size(vector, 'treeSize'),
        leafHash: hash(vector, 'leafHash'),
        proof: hashes(vector),
        root: hash(vector, 'root'),
      });
    } else if ('size1' in vector) {
      verified = verifyConsistency(hasher, {
        size1: size(vector, 'size1'),
        size2: size(vector, 'size2'),
        root1: hash(vector, 'root1'),
        root2: hash(vector, 'root2'),
        proof: hashes(vector),
      });
    } else return 'not a vector: neither leafIdx nor size1';
  } catch (error) {
    return (error as Error).message;
  }
  if (verified !== wantErr) return undefined;
  return wantErr ? 'verified, but must not' : 'did not verify, but must';
}

function size(vector: Vector, member: string): number {
  const value = vector[member];
  if (typeof value !== 'number' || !Number.isInteger(value)) throw new Error(`not a vector: ${member} is no integer`);
  return value;
}
function bytes(value: unknown, member: string): Uint8Array {
  if (value === null || value === undefined) return new Uint8Array(0);
  if (typeof value !== 'string' || Buffer.from(value, 'base64').toString('base64') !== value)
    throw new Error(`not a vector: ${member} is no Base64`);
  return Buffer.from(value, 'base64');
}
const hash = (vector: Vector, member: string) => bytes(vector[member], member);
function hashes(vector: Vector): Uint8Array[] {
  const proof = vector['proof'] ?? [];
  if (!Array.isArray(proof)) throw new Error('not a vector: proof is no list');
  return proof.map((value, i) => bytes(value, `proof[${i}]`));
}

const [kind, folder] = process.argv.slice(2);
if (kind !== 'merkle' || folder === undefined) {
  console.error('usage: npm run conformance -- merkle DIR');
  process.exit(2);
}
let passed = 0;
let failed = 0;
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();
for (const file of files) {
  const failure = failureOf(readFileSync(file, 'utf8'));
  if (failure === undefined) passed++;
  else {
    failed++;
    console.log(`${relative(folder, file)}: ${failure}`);
  }
}
if (files.length === 0) console.log(`no vectors in ${folder}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 ? 0 : 1;
