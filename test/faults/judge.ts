/** What a bare client finds on the server, against all that any process was told. Uses nothing of the adapter. */
import { createHash, verify } from 'node:crypto';
import { EventStoreDBClient, FORWARDS, START } from '@eventstore/db-client';
import {
  consistencyProof,
  MemoryTree,
  parseCheckpoint,
  parseNote,
  treeHasher,
  verifyConsistency,
} from '@countersign/log';
import type { SharedLedger } from './processes.ts';

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

export async function judge(url: string, ledger: SharedLedger): Promise<Judgement> {
  const client = EventStoreDBClient.connectionString(url);
  const places = new Map<string, string[]>();
  const tree = new MemoryTree(hasher);
  let leases = 0;
  const notes = new Set(ledger.running.flatMap(({ checkpoints }) => [...checkpoints]));
  for await (const { event } of client.readAll({ direction: FORWARDS, fromPosition: START })) {
    if (!event?.streamId.startsWith(ledger.namespace)) continue;
    const stream = event.streamId.slice(ledger.namespace.length);
    const data = event.data as Uint8Array;
    if (stream === '$sequencer/checkpoints') notes.add(Buffer.from(data).toString());
    if (stream === '$sequencer/lease') leases++;
    if (stream.startsWith('$')) continue;
    places.set(event.id, [...(places.get(event.id) ?? []), `${stream} ${event.revision} ${tree.size}`]);
    tree.append(hasher.leaf(data));
  }
  await client.dispose();
  const told = ledger.acknowledged.flatMap(({ acknowledged, stream, revisions, indices }) =>
    acknowledged.map((id, n) => ({ id, place: `${stream} ${revisions[n]} ${indices[n]}` })),
  );
  const parsed = [...notes].map((note) => ({ note, ...checkpointIn(note) }));
  const last = parsed.reduce((a, b) => (b.size > a.size ? b : a));
  return {
    acknowledged: told.length,
    stored: places.size,
    lost: told.filter(({ id }) => !places.has(id)).map(({ id }) => id),
    twice: [...places].filter(([, at]) => at.length > 1).map(([id]) => id),
    misplaced: told.filter(({ id, place }) => places.get(id)?.[0] !== place).map(({ id }) => id),
    checkpoints: parsed.length,
    leases,
    forked: parsed
      .filter(({ note, size, root }) => {
        const { text, signatures } = parseNote(note);
        const [signature] = signatures;
        if (!signature || !verify(null, Buffer.from(text), ledger.key.publicKey, signature.signature.subarray(-64)))
          return true;
        if (size > tree.size || Buffer.compare(tree.root(size), root) !== 0) return true;
        const proof = consistencyProof(hasher, tree, size, last.size);
        return !verifyConsistency(hasher, { size1: size, size2: last.size, root1: root, root2: last.root, proof });
      })
      .map(({ note }) => note),
  };
}

const checkpointIn = (note: string): { size: number; root: Uint8Array } => parseCheckpoint(parseNote(note).text);

/** The longest that nobody was acknowledged anything, in milliseconds. */
export const longestSilence = (times: readonly number[]): number =>
  times.slice(1).reduce((longest, at, n) => Math.max(longest, at - (times[n] as number)), 0);
