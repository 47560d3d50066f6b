import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { MOVED_HERE, openSqliteTarget, unfinishedCopy } from '@countersign/event-store';
import { copyLedger, movedAway, type CopyOptions, type CopyOutcome } from '@countersign/ledger';
import { grow, kept, openLedger, openStore, openTarget, origin, register, vaultIn } from './ledger-on-sqlite.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'copy-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

async function copy(from: string, to: string, options: Partial<CopyOptions> = {}): Promise<CopyOutcome> {
  const source = await openStore(root, from);
  const target = openTarget(root, to);
  try {
    return await copyLedger({ source, target, persons: vaultIn(root), batch: 50, ...options });
  } finally {
    await target.close();
    await source.close();
  }
}

/** What becomes of a copy whose process is killed after it printed that many lines, or by itself at a step. */
function killed(from: string, to: string, after: number | string): Promise<string> {
  const main = join(import.meta.dirname, 'copying-process.ts');
  const dieAt = typeof after === 'string' ? [after] : [];
  const child = spawn(process.execPath, ['--conditions=development', main, root, from, to, ...dieAt], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (typeof after === 'number' && printed.split('\n').length > after) child.kill('SIGKILL');
  });
  return new Promise((done) => child.once('close', () => done(printed)));
}

async function goesOn(name: string): Promise<boolean> {
  const store = await openStore(root, name);
  const ledger = openLedger(store, vaultIn(root));
  const does =
    store.size > 0 && (store.readOnlyBecause ?? unfinishedCopy(store) ?? movedAway(store, ledger.view)) === undefined;
  await store.close();
  return does;
}

async function keptIn(name: string, size?: number): Promise<object> {
  const store = await openStore(root, name);
  const all = kept(store, size);
  await store.close();
  return all;
}

describe('a ledger that is moved', () => {
  test('keeps its order, its bytes and every checkpoint, and goes on in one place only', async () => {
    await grow(root, 'a', 300);
    const before = await keptIn('a');
    const moved = await copy('a', 'b');
    expect(moved).toMatchObject({ origin });
    const { entries, copied } = moved as Exclude<CopyOutcome, { refused: string }>;
    expect(copied).toBe(entries);
    expect(await keptIn('b')).toEqual(await keptIn('a'));
    // All that was there, and the seal.
    expect(await keptIn('a', entries - 1)).toEqual(before);
    expect([await goesOn('a'), await goesOn('b')]).toEqual([false, true]);
    const store = await openStore(root, 'b');
    expect(store.entry(entries - 1)?.type).toBe('countersign.LedgerSealed.v1');
    expect(await register(openLedger(store, vaultIn(root)), 'after')).toMatchObject({ outcome: 'done' });
    expect(store.consistencyProof(entries, store.size).length).toBeGreaterThan(0);
    await store.close();
  });

  test('may come back, and leave again', async () => {
    await grow(root, 'a', 40);
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'b'],
    ] as const) {
      expect(await copy(from, to)).not.toHaveProperty('refused');
      expect([await goesOn(from), await goesOn(to)]).toEqual([false, true]);
      expect(await keptIn(to)).toEqual(await keptIn(from));
      const store = await openStore(root, to);
      await register(openLedger(store, vaultIn(root)), `in-${store.size}`);
      await store.close();
    }
  });

  test('is finished once, however often it is asked, and goes nowhere else', async () => {
    await grow(root, 'a', 30);
    const first = await copy('a', 'b');
    const store = await openStore(root, 'b');
    await register(openLedger(store, vaultIn(root)), 'after');
    await store.close();
    expect(await copy('a', 'b')).toEqual({ ...first, copied: 0 });
    expect(await copy('a', 'c')).toMatchObject({ refused: expect.stringContaining('goes on there') });
    expect(await goesOn('b')).toBe(true);
  });

  test('does not come over another ledger, nor over one that may go on', async () => {
    await grow(root, 'a', 30);
    copyFileSync(join(root, 'a.sqlite'), join(root, 'copy.sqlite'));
    copyFileSync(join(root, 'a.high-water'), join(root, 'copy.high-water'));
    await grow(root, 'other', 10);
    expect(await copy('a', 'other')).toMatchObject({ refused: expect.stringContaining('another ledger') });
    expect(await copy('a', 'copy')).toMatchObject({ refused: expect.stringContaining('may go on there') });
    // Nothing was sealed for it.
    expect([await goesOn('a'), await goesOn('other')]).toEqual([true, true]);
  });

  test('does not come where a later state was, says the mark', async () => {
    await grow(root, 'a', 30);
    await grow(root, 'b', 60);
    rmSync(join(root, 'b.sqlite'));
    expect(await copy('a', 'b')).toMatchObject({ refused: expect.stringContaining('high-water mark') });
    expect(await goesOn('a')).toBe(true);
  });

  test('is sealed anew, and nothing is lost, where a server wrote on after the seal', async () => {
    await grow(root, 'a', 30);
    const source = await openStore(root, 'a');
    const ledger = openLedger(source, vaultIn(root));
    const target = openTarget(root, 'b');
    const running = copyLedger({
      source,
      target,
      persons: vaultIn(root),
      onStep: (step) => {
        if (step === 'copy') void register(ledger, 'late');
      },
      batch: 10,
    });
    expect(await running).toMatchObject({ refused: expect.stringContaining('wrote to the source') });
    await target.close();
    await source.close();
    expect(await goesOn('b')).toBe(false);
    expect(await copy('a', 'b')).not.toHaveProperty('refused');
    expect(await keptIn('b')).toEqual(await keptIn('a'));
    const store = await openStore(root, 'b');
    expect(openLedger(store, vaultIn(root)).view.state('party', 'party-late')).toBeDefined();
    await store.close();
  });
});

describe('a copy whose process is killed', () => {
  const finished = async (from: string, to: string) => {
    expect([await goesOn(from), await goesOn(to)]).not.toEqual([true, true]);
    const sealsBefore = await seals(from);
    expect(await copy(from, to)).not.toHaveProperty('refused');
    expect([await goesOn(from), await goesOn(to)]).toEqual([false, true]);
    expect(await keptIn(to)).toEqual(await keptIn(from));
    return sealsBefore;
  };
  const seals = async (name: string) => {
    const store = await openStore(root, name);
    const found = [...store.entries(0, Infinity)].filter(({ type }) => type === 'countersign.LedgerSealed.v1').length;
    await store.close();
    return found;
  };

  test.each(['seal 0', 'copy 20', 'verify 0', 'finish 1', 'finish 2'])(
    'at %s is finished by the next',
    async (step) => {
      await grow(root, 'a', 200);
      await killed('a', 'b', step);
      const before = await finished('a', 'b');
      // Sealed once, whenever that was.
      expect([await seals('a'), before]).toEqual([1, before]);
    },
  );

  test('again and again at random is finished in the end', async () => {
    await grow(root, 'a', 800);
    let printed = '';
    for (let attempt = 0; attempt < 4 && !printed.includes('"root"'); attempt++) {
      printed = await killed('a', 'b', 1 + Math.floor(Math.random() * 30));
      const target = await openStore(root, 'b');
      const there = target.size;
      expect(unfinishedCopy(target) !== undefined || target.getMeta(MOVED_HERE) !== undefined || there === 0).toBe(
        true,
      );
      await target.close();
    }
    await finished('a', 'b');
    expect(await seals('a')).toBe(1);
  });
});

describe('a target', () => {
  test('takes no checkpoint by another key, of another tree, or twice', async () => {
    await grow(root, 'a', 30);
    const source = await openStore(root, 'a');
    const leaves = [...source.entries(0, 2)];
    const note = (size: number) => ({ size, note: source.checkpointAt(size) as string });
    const other = generateKeyPairSync('ed25519').publicKey;
    const opened = (name: string, publicKey = other) =>
      openSqliteTarget({ file: join(root, name), highWaterFile: join(root, `${name}.mark`), origin, publicKey });
    const foreign = opened('foreign');
    await foreign.read(() => undefined);
    await expect(foreign.take([...leaves.slice(0, 1), note(1)])).rejects.toThrow('not by the key');
    await foreign.close();
    const target = openTarget(root, 'b');
    const takes = async (batch: Parameters<typeof target.take>[0]) => {
      await target.read(() => undefined);
      await target.take(batch);
    };
    await expect(takes([leaves[1] as never])).resolves.toBeUndefined();
    await expect(takes([note(1)])).rejects.toThrow('another tree');
    await expect(takes([note(2)])).rejects.toThrow('does not follow');
    await target.close();
    // Refused with all that came with it.
    const good = openTarget(root, 'c');
    await good.read(() => undefined);
    await good.take([...leaves.slice(0, 1), note(1)]);
    await expect(good.take([note(1)])).rejects.toThrow('does not follow');
    await good.close();
    await source.close();
  });

  test('that was changed is not what was copied, and is never gone on with', async () => {
    await grow(root, 'a', 200);
    const changed = copy('a', 'b', {
      onStep: (step, done) => {
        if (step !== 'copy' || done < 200) return;
        const db = new DatabaseSync(join(root, 'b.sqlite'), { timeout: 1000 });
        db.exec("UPDATE events SET data = CAST(replace(CAST(data AS TEXT), 'GB', 'FR') AS BLOB) WHERE position = 5");
        db.close();
      },
    });
    await expect(changed).rejects.toThrow();
    expect(await goesOn('b')).toBe(false);
  });
});
