import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryTree, treeHasher, verifyConsistency, verifyInclusion } from '@countersign/log';
import { MAX_ENTRY_BYTES } from './port.ts';
import type { EventData, SequencedEvent, SequencedStore, StoredEvent } from './port.ts';

export interface OpenedStore {
  store: SequencedStore;
  /** Closes it and opens the same data again. */
  reopen(): Promise<SequencedStore>;
  /** Opens the same data once more, as another process would; absent where one process owns it. */
  another?(): Promise<SequencedStore>;
  destroy(): Promise<void>;
}

const hasher = treeHasher((data) => createHash('sha256').update(data).digest());
/** A UUID for each name, as a command's events have. */
export const idOf = (name: string): string =>
  createHash('sha256')
    .update(name)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5');
const event = (name: string, data: Uint8Array = Buffer.from(name)): EventData => ({
  id: idOf(name),
  type: 'countersign.Test.v1',
  data,
});

/** What every store must do; an adapter's test calls this with a way to open an empty one. */
export function eventStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} fulfils the contract of an event store`, () => {
    let opened: OpenedStore;
    let store: SequencedStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.destroy());

    test('expects the revision it is told', async () => {
      expect(await store.append('a', [event('1')], 0)).toEqual({
        appended: false,
        conflict: 'revision',
        actual: 'none',
      });
      expect(await store.append('a', [event('1'), event('2')], 'none')).toMatchObject({
        appended: true,
        revisions: [0, 1],
        indices: [0, 1],
        duplicate: false,
      });
      expect(await store.append('a', [event('3')], 'none')).toEqual({
        appended: false,
        conflict: 'revision',
        actual: 1,
      });
      expect(await store.append('a', [event('3')], 0)).toEqual({ appended: false, conflict: 'revision', actual: 1 });
      expect(await store.append('a', [event('3')], 1)).toMatchObject({ revisions: [2] });
      expect(await store.append('b', [event('4')], 'any')).toMatchObject({ revisions: [0], indices: [3] });
    });

    test('answers a repeated append as it did the first, also after a restart', async () => {
      const first = await store.append('a', [event('1'), event('2')], 'none');
      await store.append('a', [event('3')], 1);
      for (const when of ['at once', 'after a restart']) {
        if (when === 'after a restart') store = await opened.reopen();
        expect(await store.append('a', [event('1'), event('2')], 'none')).toMatchObject({
          ...first,
          duplicate: true,
          size: 3,
          checkpoint: store.checkpoint(),
        });
      }
      expect(await store.append('a', [event('2'), event('4')], 2)).toEqual({
        appended: false,
        conflict: 'partial-duplicate',
        actual: 2,
      });
      expect(await store.append('b', [event('1')], 'any')).toEqual({
        appended: false,
        conflict: 'partial-duplicate',
        actual: 'none',
      });
      expect(store.size).toBe(3);
    });

    test('lets one of 64 win each revision of a stream', async () => {
      for (let revision = 0; revision < 5; revision++) {
        const answers = await Promise.all(
          Array.from({ length: 64 }, (_, i) =>
            store.append('a', [event(`${revision}/${i}`)], revision === 0 ? 'none' : revision - 1),
          ),
        );
        expect(answers.filter(({ appended }) => appended)).toHaveLength(1);
      }
      expect((await all(store.readStream('a'))).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
    });

    test('keeps every byte, up to the largest entry, and refuses more', async () => {
      const bytes = [
        new Uint8Array(0),
        Uint8Array.from({ length: 256 }, (_, i) => i),
        new Uint8Array(MAX_ENTRY_BYTES).fill(0xff),
      ];
      await store.append(
        'a',
        bytes.map((data, i) => event(`${i}`, data)),
        'none',
      );
      expect((await all(store.readAll())).every(({ data }, i) => Buffer.compare(data, bytes[i]!) === 0)).toBe(true);
      await expect(store.append('a', [event('x', new Uint8Array(MAX_ENTRY_BYTES + 1))], 'any')).rejects.toThrow(
        /more than/,
      );
      await expect(store.append('a', [], 'any')).rejects.toThrow(/at least one/);
      await expect(store.append('a', [event('x'), event('x')], 'any')).rejects.toThrow(/twice/);
      await expect(store.append('a', [{ ...event('x'), id: 'x' }], 'any')).rejects.toThrow(/UUID/);
    });

    test('delivers each event once and in order, from a position on into the present, at the handler’s pace', async () => {
      await fill(store, 0, 300);
      const from = store.entry(9)!.position;
      const seen: number[] = [];
      const done = Promise.withResolvers<void>();
      const subscription = store.subscribe(from, async ({ index }) => {
        if (index % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push(index);
        if (index === 599) done.resolve();
      });
      await fill(store, 300, 600);
      await subscription.caughtUp;
      await done.promise;
      subscription.close();
      await store.append('after', [event('after')], 'none');
      expect(seen).toEqual(Array.from({ length: 590 }, (_, i) => i + 10));
    });

    test('tells of a handler that fails, and delivers no more to it', async () => {
      await fill(store, 0, 3);
      const told = Promise.withResolvers<unknown>();
      let calls = 0;
      const subscription = store.subscribe(
        null,
        () => {
          calls += 1;
          throw new Error('broken');
        },
        told.resolve,
      );
      await expect(subscription.caughtUp).rejects.toThrow('broken');
      expect(await told.promise).toMatchObject({ message: 'broken' });
      expect(calls).toBe(1);
    });

    test('proves every leaf, and that each checkpoint extends the one before', async () => {
      const sizes = [0];
      const tree = new MemoryTree(hasher);
      for (const count of [1, 2, 5, 250, 300]) {
        await fill(store, store.size, store.size + count);
        sizes.push(store.size);
      }
      store = await opened.reopen();
      await fill(store, store.size, store.size + 3);
      sizes.push(store.size);
      for (const { data } of store.entries(0, store.size)) tree.append(hasher.leaf(data));
      for (let level = 0; 2 ** level <= tree.size; level++) {
        for (let i = 0; (i + 1) * 2 ** level <= tree.size; i++)
          expect(Buffer.from(store.node(level, i))).toEqual(Buffer.from(tree.node(level, i)));
      }
      for (const size of sizes.slice(1)) {
        const root = rootOf(store.checkpointAt(size)!);
        expect(root).toEqual(Buffer.from(tree.root(size)));
        for (const smaller of sizes.filter((other) => other <= size)) {
          const proof = store.consistencyProof(smaller, size);
          expect(
            verifyConsistency(hasher, { size1: smaller, size2: size, root1: tree.root(smaller), root2: root, proof }),
          ).toBe(true);
        }
        for (let leafIndex = 0; leafIndex < size; leafIndex += 37) {
          const proof = store.inclusionProof(leafIndex, size);
          expect(
            verifyInclusion(hasher, { leafIndex, treeSize: size, leafHash: tree.node(0, leafIndex), proof, root }),
          ).toBe(true);
        }
      }
      expect(() => store.inclusionProof(0, store.size + 1)).toThrow(RangeError);
    });

    test('keeps bookkeeping out of the tree, and small values beside it', async () => {
      await store.append('$lease', [event('lease')], 'none');
      expect(await store.append('a', [event('1')], 'none')).toMatchObject({ indices: [0], size: 1 });
      await store.setMeta('mark', Uint8Array.of(1, 2, 3));
      store = await opened.reopen();
      expect((await all(store.readAll())).map(({ id, index }) => [id, index])).toEqual([
        [idOf('lease'), -1],
        [idOf('1'), 0],
      ]);
      expect(store.indexOf(idOf('lease'))).toBeUndefined();
      expect(store.indexOf(idOf('1'))).toBe(0);
      expect([...(store.getMeta('mark') ?? [])]).toEqual([1, 2, 3]);
    });

    test('waits with a signature for what is not covered yet, and covers what it answered', async () => {
      const told: number[] = [];
      store.onLeaves((leaves) => told.push(...leaves.map(({ index }) => index)));
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) => store.append(`s-${n}`, [event(`${n}`)], 'none')),
      );
      for (const answer of answers) {
        if (!answer.appended) throw new Error('a conflict');
        const [index] = answer.indices as [number];
        expect(answer.size).toBeGreaterThan(index);
        await store.signed(index);
        expect(store.size).toBeGreaterThan(index);
      }
      expect(told).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    });

    test('is one store for all who have it open, where several may', async () => {
      // SQLite: one process owns the file, and a second one is told so (its own test).
      if (!opened.another) return;
      const other = await opened.another();
      try {
        const told: [string, number][] = [];
        other.onLeaves((leaves) => told.push(...leaves.map(({ id, index }): [string, number] => [id, index])));
        const both = [store, other];
        await Promise.all(
          Array.from({ length: 60 }, (_, n) =>
            (both[n % 2] as SequencedStore).append(`s-${n % 5}`, [event(`${n}/a`), event(`${n}/b`)], 'any'),
          ),
        );
        await Promise.all(both.map((each) => each.synced()));
        const [mine, theirs] = (await Promise.all(both.map((each) => all(each.readAll())))) as [
          SequencedEvent[],
          SequencedEvent[],
        ];
        expect(mine.map(({ id, stream, revision }) => [id, stream, revision])).toEqual(
          theirs.map(({ id, stream, revision }) => [id, stream, revision]),
        );
        expect(told).toEqual(mine.map(({ id }, index) => [id, index]));
        await Promise.all(both.map((each) => each.signed(119)));
        expect(store.checkpoint()).toBe(other.checkpoint());
        for (let size = 1; size <= 120; size++) expect(store.checkpointAt(size)).toBe(other.checkpointAt(size));

        // What one is answered, the other has after `synced`; and a repetition there is answered with the stored bytes.
        const first = await store.append('mine', [event('x', Buffer.from('first'))], 'none');
        await other.synced();
        expect(other.indexOf(idOf('x'))).toBe(120);
        const again = await other.append('mine', [event('x', Buffer.from('second'))], 'none');
        expect(again).toMatchObject({ ...first, duplicate: true, size: other.size, checkpoint: other.checkpoint() });
        expect(Buffer.from(other.entry(120)?.data ?? []).toString()).toBe('first');
        expect(await other.append('mine', [event('y')], 'none')).toEqual({
          appended: false,
          conflict: 'revision',
          actual: 0,
        });

        // The same at the same time: one is the first, and both are answered alike.
        for (let round = 0; round < 10; round++) {
          const same = [event(`${round}/1`), event(`${round}/2`), event(`${round}/3`)];
          const answers = await Promise.all(both.map((each) => each.append(`same-${round}`, same, 'none')));
          expect(answers.map(({ appended }) => appended)).toEqual([true, true]);
          const places = answers.map((answer) => (answer.appended ? answer.indices : []));
          expect(places[0]).toEqual(places[1]);
        }

        await store.setMeta('marks/a', Uint8Array.of(1));
        await other.setMeta('marks/b', Uint8Array.of(2));
        await Promise.all(both.map((each) => each.synced()));
        for (const each of both) {
          expect(each.metaKeys('marks/')).toEqual(['marks/a', 'marks/b']);
          expect([...(each.getMeta('marks/a') ?? []), ...(each.getMeta('marks/b') ?? [])]).toEqual([1, 2]);
        }
      } finally {
        await other.close();
      }
    });

    test('behaves as a list of lists does', async () => {
      const command = fc.record({
        stream: fc.constantFrom('a', 'b', '$c'),
        count: fc.integer({ min: 1, max: 4 }),
        expected: fc.oneof(fc.constantFrom('none' as const, 'any' as const), fc.nat(6)),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(command, { maxLength: 12 }), async (commands) => {
          run += 1;
          const before = (await all(store.readAll())).length;
          const model: string[] = [];
          const streams = new Map<string, string[]>();
          for (const [n, { stream, count, expected }] of commands.entries()) {
            const name = `${stream}-${run}`;
            const ids = Array.from({ length: count }, (_, i) => `${run}/${n}/${i}`);
            const held = streams.get(name) ?? [];
            const fits = expected === 'any' || (expected === 'none' ? held.length === 0 : held.length - 1 === expected);
            const answer = await store.append(
              name,
              ids.map((id) => event(id)),
              expected,
            );
            expect(answer.appended).toBe(fits && (expected === 'any' || expected === 'none' || held.length > 0));
            if (!answer.appended) continue;
            model.push(...ids);
            streams.set(name, [...held, ...ids]);
          }
          const stored = await all(store.readAll());
          expect(stored.slice(before).map(({ id }) => id)).toEqual(model.map(idOf));
          expect(stored.every(({ position }, i) => i === 0 || position > stored[i - 1]!.position)).toBe(true);
          for (const [name, ids] of streams)
            expect((await all(store.readStream(name))).map(({ id, revision }) => [id, revision])).toEqual(
              ids.map((id, i) => [idOf(id), i]),
            );
        }),
        { numRuns: 15 },
      );
    });
  });
}

async function fill(store: SequencedStore, from: number, to: number): Promise<void> {
  await Promise.all(
    Array.from({ length: to - from }, (_, i) => store.append(`s-${(from + i) % 7}`, [event(`f${from + i}`)], 'any')),
  );
}

async function all<E extends StoredEvent = SequencedEvent>(events: AsyncIterable<E>): Promise<E[]> {
  const found: E[] = [];
  for await (const each of events) found.push(each);
  return found;
}

function rootOf(checkpoint: string): Buffer {
  return Buffer.from(checkpoint.split('\n')[2] ?? '', 'base64');
}
