/** What a bare client finds on the server, against all that any process was told. Uses nothing of the adapter. */
import { createHash, verify, type KeyObject } from 'node:crypto';
import { expect } from '@jest/globals';
import {
  consistencyProof,
  MemoryTree,
  parseCheckpoint,
  parseNote,
  treeHasher,
  verifyConsistency,
} from '@countersign/log';
import type { SharedLedger } from './processes.ts';
import { storedEvents } from './stored.ts';

const hasher = treeHasher((data) => createHash('sha256').update(data).digest());

export interface Judgement {
  readonly acknowledged: number;
  readonly stored: number;
  readonly lost: string[];
  readonly twice: string[];
  /** Acknowledged events that do not stand where their process was told. */
  readonly misplaced: string[];
  readonly checkpoints: number;
  /** How often the lease changed. */
  readonly leases: number;
  /** Checkpoints that anyone was shown, or that are stored, and that the last one does not extend. */
  readonly forked: string[];
}

/** The same, where nothing may be amiss, with no process nor in the log: fails the test otherwise. */
export async function judgeSound(url: string, ledger: SharedLedger): Promise<Judgement> {
  const judgement = await judge(url, ledger);
  const { lost, twice, misplaced, forked } = judgement;
  expect({ lost, twice, misplaced, forked }).toEqual({ lost: [], twice: [], misplaced: [], forked: [] });
  expect(ledger.running.flatMap(({ uncaught }) => uncaught)).toEqual([]);
  return judgement;
}

async function judge(url: string, ledger: SharedLedger): Promise<Judgement> {
  const { places, leases, checkpoints, tree } = await storedLog(url, ledger.namespace);
  const notes = new Set([...ledger.running.flatMap(({ checkpoints }) => [...checkpoints]), ...checkpoints]);
  const told = ledger.acknowledged.flatMap(({ acknowledged, stream, revisions, indices }) =>
    acknowledged.map((id, n) => ({ id, place: `${stream} ${revisions[n]} ${indices[n]}` })),
  );
  return {
    acknowledged: told.length,
    stored: places.size,
    lost: told.filter(({ id }) => !places.has(id)).map(({ id }) => id),
    twice: [...places].filter(([, at]) => at.length > 1).map(([id]) => id),
    misplaced: told.filter(({ id, place }) => places.get(id)?.[0] !== place).map(({ id }) => id),
    checkpoints: notes.size,
    leases,
    forked: forksAmong(notes, tree, ledger.key.publicKey),
  };
}

/** The checkpoints that callers were shown and those that are stored: how many, and which of them fork. */
export async function judgeCheckpoints(
  url: string,
  namespace: string,
  shown: Iterable<string>,
  key: KeyObject,
): Promise<Pick<Judgement, 'checkpoints' | 'leases' | 'forked'>> {
  const { checkpoints, leases, tree } = await storedLog(url, namespace);
  const notes = new Set([...shown, ...checkpoints]);
  return { checkpoints: notes.size, leases, forked: forksAmong(notes, tree, key) };
}

interface StoredLog {
  /** Id → each place where an event of that id stands. */
  readonly places: Map<string, string[]>;
  readonly tree: MemoryTree;
  readonly checkpoints: readonly string[];
  readonly leases: number;
}
async function storedLog(url: string, namespace: string): Promise<StoredLog> {
  const places = new Map<string, string[]>();
  const tree = new MemoryTree(hasher);
  const checkpoints: string[] = [];
  let leases = 0;
  for await (const { id, stream, revision, data } of storedEvents(url, namespace)) {
    if (stream === '$sequencer/checkpoints') checkpoints.push(Buffer.from(data).toString());
    if (stream === '$sequencer/lease') leases++;
    if (stream.startsWith('$')) continue;
    places.set(id, [...(places.get(id) ?? []), `${stream} ${revision} ${tree.size}`]);
    tree.append(hasher.leaf(data));
  }
  return { places, tree, checkpoints, leases };
}

/** Those that do not bear the log's signature, are not of the tree over what is stored, or that the last one does not extend. */
function forksAmong(notes: ReadonlySet<string>, tree: MemoryTree, key: KeyObject): string[] {
  const parsed = [...notes].map((note) => ({ note, ...checkpointIn(note) }));
  const last = parsed.reduce((a, b) => (b.size > a.size ? b : a));
  return parsed
    .filter(({ note, size, root }) => {
      const { text, signatures } = parseNote(note);
      if (!signatures.some(({ signature }) => verify(null, Buffer.from(text), key, signature.subarray(-64))))
        return true;
      if (size > tree.size || Buffer.compare(tree.root(size), root) !== 0) return true;
      const proof = consistencyProof(hasher, tree, size, last.size);
      return !verifyConsistency(hasher, { size1: size, size2: last.size, root1: root, root2: last.root, proof });
    })
    .map(({ note }) => note);
}

const checkpointIn = (note: string): { size: number; root: Uint8Array } => parseCheckpoint(parseNote(note).text);

/** The longest that nobody was acknowledged anything, in milliseconds. */
export const longestSilence = (times: readonly number[]): number =>
  times.slice(1).reduce((longest, at, n) => Math.max(longest, at - (times[n] as number)), 0);
