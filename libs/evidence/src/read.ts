import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { TreeFrontier, treeHasher, type TreeHasher } from '@countersign/log';
import { GatewayReader, isGatewayLine, type GatewayLog } from './gateway.ts';
import { JSON_LOG, logOfDocument, readArchive, type EvaluationLog } from './inspect.ts';
import { JsonReader } from './json.ts';
import { UnreadableError, type Fault } from './unreadable.ts';
import type { Member } from './zip.ts';

/** A file by its content alone. */
export interface FileDigest {
  /** SHA-256, lowercase hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A file of someone else's that could be read. */
export interface Reading extends FileDigest {
  readonly log: EvaluationLog | GatewayLog;
  /** What it consists of, in its own order; a file that is no archive is its one member. */
  readonly members: readonly Member[];
  /** RFC 6962 root over the members' digests, lowercase hexadecimal. */
  readonly membersRoot: string;
}

/** A file that could not: it is known by its digest all the same. */
export interface Broken extends FileDigest {
  readonly fault: Fault;
  readonly where: string;
  readonly detail: string;
}

export const isBroken = (reading: Reading | Broken): reading is Broken => 'fault' in reading;

const hasher: TreeHasher = treeHasher((data) => createHash('sha256').update(data).digest());
const ZIP = Buffer.from('PK');
const BLANK = /^[\s\uFEFF]*$/;

/**
 * Reads an evaluation log (Inspect AI, `.eval` or `.json`) or a gateway log; which one it is, its content says. In bounded memory
 * whatever the file holds; what cannot be read is a value, not an exception.
 *
 * @throws Error only if the file itself cannot be opened or read
 */
export async function readEvidence(path: string): Promise<Reading | Broken> {
  const file = await digestOf(path);
  try {
    const { log, members } = await readAs(path, await beginning(path), file);
    return { ...file, log, members, membersRoot: rootOf(members) };
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    return { ...file, fault: error.fault, where: error.where, detail: error.message };
  }
}

async function readAs(path: string, head: Buffer, file: FileDigest): Promise<Pick<Reading, 'log' | 'members'>> {
  if (file.bytes === 0) throw new UnreadableError('empty', 'byte 0', 'the file is empty');
  if (head.subarray(0, 2).equals(ZIP)) return readArchive(path);
  const members = [{ name: '', bytes: file.bytes, sha256: file.sha256, method: 0 }];
  const text = head.toString('utf8');
  const line = text.slice(0, text.includes('\n') ? text.indexOf('\n') : undefined);
  if (isGatewayLine(line)) return { log: await readThrough(path, new GatewayReader()), members };
  if (/^\s*\[/.test(text)) throw new UnreadableError('not-a-log', 'byte 0', 'a list: an evaluation log is an object');
  if (BLANK.test(text)) throw new UnreadableError('not-a-log', 'byte 0', 'it begins with nothing but blanks');
  return { log: logOfDocument(await readThrough(path, new JsonReader(JSON_LOG))), members };
}

async function readThrough<T>(path: string, reader: { write(chunk: Buffer): void; end(): T }): Promise<T> {
  for await (const chunk of createReadStream(path)) reader.write(chunk as Buffer);
  return reader.end();
}

async function digestOf(path: string): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function beginning(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** RFC 6962 root over members' digests, in the archive's order. */
function rootOf(members: readonly Member[]): string {
  const tree = new TreeFrontier(hasher);
  for (const { sha256 } of members) tree.append(hasher.leaf(Buffer.from(sha256, 'hex')));
  return Buffer.from(tree.root()).toString('hex');
}
