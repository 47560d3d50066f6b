import { beforeAll, describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { apart, membersOf, packed, resigned, together, unpacked } from './forge.ts';
import { bundleOf, checkpointOf, newKeys, policyOf, smallLog, verdict } from './small-bundle.ts';

const NAMES = [
  'README.txt',
  'report.html',
  'manifest.json',
  'manifest.jws',
  'checkpoint.txt',
  'keys.json',
  'entries.jsonl.gz',
  'indices.txt.gz',
  'report/matrix.json',
];
const keys = newKeys();
const policy = policyOf(keys);
const entries = smallLog(keys);
let bundle: Buffer;
let files: Map<string, Buffer>;
beforeAll(async () => {
  bundle = await bundleOf(entries, keys);
  files = await apart(bundle, NAMES);
});

const altered = (at: number) =>
  entries.map((entry, i) => (i === at ? Buffer.from(entry.toString().replace('"1"', '"9"')) : entry));

test('the forger’s own tools are good: taken apart and put together, signed anew by the same keys, it passes', async () => {
  expect(together(membersOf(files)).equals(bundle)).toBe(true);
  expect(await verdict(await resigned(files, keys, () => undefined), policy)).toBe('passed');
});

describe('someone without the ledger’s keys, who signs everything anew with own ones', () => {
  const own = newKeys();
  test.each([
    ['an entry altered', altered(2)],
    ['an entry left out', entries.filter((_, i) => i !== 2)],
    ['an entry added', [...entries, entries[2] as Buffer]],
    ['nothing changed', entries],
  ])('%s', async (_, forged) => {
    expect(await verdict(await bundleOf(forged, own), policy)).toMatch(/^checkpoint: no log that the policy pins/);
    // With keys of their own in entry 0 it is a bundle of their own log, and passes under their own policy only.
    const founded = [smallLog(own)[0] as Buffer, ...forged.slice(1)];
    expect(await verdict(await bundleOf(founded, own), policy)).toMatch(/^checkpoint: /);
    expect(await verdict(await bundleOf(founded, own), policyOf(own))).toBe('passed');
  });
  test('the true checkpoint beside a manifest signed by others', async () => {
    expect(await verdict(await resigned(files, own, () => undefined), policy)).toMatch(/^signatures: the Ed25519/);
    const half = { export: keys.export, 'export-ml-dsa-44': own['export-ml-dsa-44'] };
    expect(await verdict(await resigned(files, half, () => undefined), policy)).toMatch(/^signatures: the ML-DSA-44/);
  });
});

describe('an exporter who holds the export keys, but not the log’s', () => {
  const checkpoint = () => checkpointOf(entries, keys);
  test.each([0, 1, 2, 3, 4])('alters entry %i', async (at) => {
    const forged = entries.map((entry, i) =>
      i === at ? Buffer.from(entry.toString().replace('party-a', 'party-b').replace('"demo"', '"operational"')) : entry,
    );
    const made = await bundleOf(forged, keys, { checkpoint: checkpoint() });
    expect(await verdict(made, policy)).toMatch(/^tree: the 5 entries do not have the checkpoint's root/);
  });
  test('swaps two entries', async () => {
    const [a, b, c, d, e] = entries as [Buffer, Buffer, Buffer, Buffer, Buffer];
    const made = await bundleOf([a, c, b, d, e], keys, { checkpoint: checkpoint() });
    expect(await verdict(made, policy)).toMatch(/^tree: /);
  });
  test.each([1, 2, 4])('drops the last %i entries, with or without saying so', async (dropped) => {
    const fewer = await apart(await bundleOf(entries.slice(0, -dropped), keys), NAMES);
    const silent = await resigned(files, keys, (each) => {
      for (const name of ['entries.jsonl.gz', 'indices.txt.gz', 'keys.json']) each.set(name, fewer.get(name) as Buffer);
    });
    expect(await verdict(silent, policy)).toMatch(/^tree: the \d entries do not have/);
    const said = await resigned(fewer, keys, (each) =>
      each.set('checkpoint.txt', files.get('checkpoint.txt') as Buffer),
    );
    expect(await verdict(said, policy)).toMatch(/^checkpoint: it is of another log or size/);
  });
  test('adds an entry at the end', async () => {
    const more = await resigned(files, keys, (each) => {
      const text = unpacked(each, 'entries.jsonl.gz');
      each.set('entries.jsonl.gz', packed(`${text}${(entries[2] as Buffer).toString()}\n`));
    });
    expect(await verdict(more, policy)).toMatch(/^tree: there are more than the 5 entries/);
  });
  test.each(['report.html', 'report/matrix.json'])('writes another %s, or none', async (name) => {
    const other = await resigned(files, keys, (each) => each.set(name, Buffer.from('All is well.\n')));
    expect(await verdict(other, policy)).toMatch(new RegExp(`^reports: ${name} does not say what the entries say`));
    const none = await resigned(files, keys, (each, manifest) => {
      each.delete(name);
      delete manifest.files[name];
    });
    expect(await verdict(none, policy)).not.toBe('passed');
  });
  test('adds a report of their own', async () => {
    const more = await resigned(files, keys, (each) => each.set('report/summary.json', Buffer.from('{}\n')));
    expect(await verdict(more, policy)).toMatch(/^reports: report\/summary.json does not say/);
  });
  test.each([
    ['that it is a demonstration', 'manifest', { notice: undefined }],
    ['the mode', 'order', { mode: 'operational' }],
    ['the counts', 'order', { countsByType: {} }],
    ['the window', 'order', { window: { from: '2026-01-01T00:00:00.000Z', to: '2026-07-03T11:00:00.000Z' } }],
    ['as of when', 'manifest', { asOf: '2026-07-04T11:00:00.000Z' }],
    ['the query', 'order', { query: { facet: 'all', from: 1, to: 5 } }],
    ['a redaction', 'order', { redactions: ['entry 2'] }],
    ['the origin', 'manifest', { origin: 'other.example/log' }],
    ['the signatures', 'order', { signatures: { 'manifest.jws': ['Ed25519'], 'checkpoint.txt': [] } }],
    ['more than there is to say', 'order', { comment: 'trust me' }],
  ])('says otherwise in the manifest: %s', async (_, check, said) => {
    const made = await resigned(files, keys, (_files, manifest) => Object.assign(manifest, said));
    expect(await verdict(made, policy)).toMatch(new RegExp(`^${check}: `));
  });
  test('writes other indices, keys or words in README.txt', async () => {
    const other = (name: string, data: string | Buffer) =>
      resigned(files, keys, (each) => each.set(name, Buffer.from(data)));
    const indices = unpacked(files, 'indices.txt.gz').replace('2 ', '3 ');
    expect(await verdict(await other('indices.txt.gz', packed(indices)), policy)).toMatch(/^order: an index/);
    const listed = (files.get('keys.json') as Buffer).toString().replace('PartyKeyRetired', 'PartyKeyRenewed');
    expect(await verdict(await other('keys.json', listed), policy)).toMatch(/^keys: /);
    expect(await verdict(await other('README.txt', 'Trust me.\n'), policy)).toMatch(/^manifest: README/);
  });
  test('packs the entries otherwise: what is signed is the packed file, of one form', async () => {
    const text = unpacked(files, 'entries.jsonl.gz');
    const inside = (data: Buffer) => resigned(files, keys, (each) => each.set('entries.jsonl.gz', data));
    const honest = packed(text);
    for (const data of [
      gzipSync(text), // another header
      Buffer.concat([packed(text.slice(0, 100)), packed(text.slice(100))]), // two members
      Buffer.concat([honest, Buffer.from('x')]),
      Buffer.concat([honest.subarray(0, -8), Buffer.from('hidden'), honest.subarray(-8)]),
      Buffer.concat([honest.subarray(0, -1), Buffer.from([9])]), // another length in its trailer
      honest.subarray(0, -9),
      Buffer.from(text),
      Buffer.alloc(0),
    ])
      expect(await verdict(await inside(data), policy)).toMatch(/^tree: /);
    expect(await verdict(await inside(packed(text.slice(0, -1))), policy)).toMatch(/^tree: the last line has no end/);
    expect(await verdict(await inside(packed('x'.repeat(70_000))), policy)).toMatch(/^tree: a line is longer/);
    expect(await verdict(await inside(packed('\n'.repeat(1_000_000))), policy)).toMatch(/^tree: entry 0 is no JSON/);
  });
  test('names or does not name a signature line that nobody knows', async () => {
    const line = checkpointOf(entries, newKeys()).trimEnd().split('\n').at(-1) as string;
    const text = `${(files.get('checkpoint.txt') as Buffer).toString()}${line}\n`;
    const added = (named: boolean) =>
      resigned(files, keys, (each, manifest) => {
        each.set('checkpoint.txt', Buffer.from(text));
        const lines = (manifest['signatures'] as Record<string, string[]>)['checkpoint.txt'] as string[];
        const [, name = '', encoded = ''] = line.split(' ');
        if (named) lines.push(`${name}+${Buffer.from(encoded, 'base64').subarray(0, 4).toString('hex')}`);
      });
    expect(await verdict(await added(false), policy)).toMatch(/^order: the manifest’s signatures/);
    expect(await verdict(await added(true), policy)).toBe('passed');
  });
});

describe('the same files, put together otherwise', () => {
  const members = () => membersOf(files);
  test('in another order, twice, or without one of them', async () => {
    const all = members();
    for (let i = 0; i < all.length; i++) {
      const without = all.filter((_, at) => at !== i);
      expect(await verdict(together(without), policy)).not.toBe('passed');
      expect(await verdict(together([...all, all[i] as (typeof all)[number]]), policy)).not.toBe('passed');
      expect(await verdict(together(all.flatMap((each, at) => (at === i ? [each, each] : [each]))), policy)).not.toBe(
        'passed',
      );
      for (let to = 0; to < all.length; to++)
        if (to !== i) {
          const moved = [...without];
          moved.splice(to, 0, all[i] as (typeof all)[number]);
          expect(await verdict(together(moved), policy)).not.toBe('passed');
        }
    }
  });
  test('the entries packed by another encoder, without a new signature', async () => {
    const again = packed(unpacked(files, 'entries.jsonl.gz'), 1);
    expect(again.equals(files.get('entries.jsonl.gz') as Buffer)).toBe(false);
    const swapped = together(
      members().map((each) => (each.name === 'entries.jsonl.gz' ? { ...each, data: again } : each)),
    );
    expect(await verdict(swapped, policy)).toBe('archive: entries.jsonl.gz is not the one that the manifest lists');
  });
  test('loose Base64, and lines more or fewer, in manifest.jws', async () => {
    const jws = (files.get('manifest.jws') as Buffer).toString();
    const [first = '', second = ''] = jws.trimEnd().split('\n');
    const loosened = `${first.slice(0, -1)}${String.fromCharCode(first.charCodeAt(first.length - 1) + 1)}`;
    for (const other of [
      `${first}=\n${second}\n`,
      `${first}\n${second}=\n`,
      `${loosened}\n${second}\n`,
      `${first}\n${second}\n${second}\n`,
      `${second}\n${first}\n`,
      `${first}\n`,
      `${first}\r\n${second}\r\n`,
      `${first}\n${second}`,
      `${first}\n ${second}\n`,
      '',
    ]) {
      const made = together(
        members().map((each) => (each.name === 'manifest.jws' ? { ...each, data: Buffer.from(other) } : each)),
      );
      expect(await verdict(made, policy)).toMatch(/^signatures: /);
    }
  });
});

test('the same log gives the same bytes, signatures aside (R24)', async () => {
  const checkpoint = checkpointOf(entries, keys);
  const [one, other] = await Promise.all(
    [1, 2].map(async () => apart(await bundleOf(entries, keys, { checkpoint }), NAMES)),
  );
  for (const name of NAMES) if (name !== 'manifest.jws') expect(one?.get(name)).toEqual(other?.get(name));
});
