import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { treeHasher, TreeFrontier } from '@countersign/log';
import { buildBundle, cosignatureLine, signCheckpoint, verifyBundle, vkeyOf } from '../src/index.ts';

const ORIGIN = 'test.example/log';
const log = generateKeyPairSync('ed25519');
const keys = {
  export: generateKeyPairSync('ed25519'),
  'export-ml-dsa-44': generateKeyPairSync('ml-dsa-44'),
  'log-ml-dsa-44': generateKeyPairSync('ml-dsa-44'),
};
const policy = `# ours\nlog ${vkeyOf(ORIGIN, log.publicKey)}\nquorum none\n`;
const jwkOf = (key: keyof typeof keys) => createPublicKey(keys[key].privateKey).export({ format: 'jwk' });

/** A small log, as an entry and its checkpoint would be: entry 0 names the export keys. */
function smallLog(): { entries: Uint8Array[]; checkpoint: string } {
  const founded = {
    data: {
      keys: Object.keys(keys).map((purpose) => ({ purpose, jwk: JSON.stringify(jwkOf(purpose as keyof typeof keys)) })),
    },
    recordedtime: '2026-07-03T08:00:00.000Z',
    type: 'countersign.LedgerFounded.v1',
  };
  const more = { data: {}, recordedtime: '2026-07-03T09:00:00.000Z', type: 'countersign.PolicyParameterSet.v1' };
  const entries = [founded, more, more].map((entry) => Buffer.from(JSON.stringify(entry)));
  const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
  const hasher = treeHasher(sha256);
  const tree = new TreeFrontier(hasher);
  for (const entry of entries) tree.append(hasher.leaf(entry));
  const head = { origin: ORIGIN, size: 3, root: tree.root() };
  const cosigned = cosignatureLine(ORIGIN, head, keys['log-ml-dsa-44'].privateKey, 1_782_000_000);
  return { entries, checkpoint: signCheckpoint(head, log.privateKey) + cosigned };
}

let bundle: Buffer;
beforeAll(async () => {
  const parts: Uint8Array[] = [];
  const input = {
    ...smallLog(),
    origin: ORIGIN,
    mode: 'demo',
    keys: Object.keys(keys).map((purpose) => ({ purpose, jwk: jwkOf(purpose as keyof typeof keys) })),
    reports: [{ name: 'report/matrix.json', data: Buffer.from('{}\n') }],
    sign: { Ed25519: keys.export.privateKey, 'ML-DSA-44': keys['export-ml-dsa-44'].privateKey },
    issuedAt: new Date('2026-09-30T09:00:00.000Z'),
    generator: 'test',
  };
  for await (const part of buildBundle(input)) parts.push(part);
  bundle = Buffer.concat(parts);
});

test('an honest bundle passes', async () => {
  const { passed, checks } = await verifyBundle(bundle, policy);
  expect(checks.filter((check) => !check.passed)).toEqual([]);
  expect(passed).toBe(true);
});

test('no flip of any byte passes', async () => {
  const passed: number[] = [];
  for (let at = 0; at < bundle.length; at++) {
    const flipped = Buffer.from(bundle);
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
    if ((await verifyBundle(flipped, policy)).passed) passed.push(at);
  }
  expect(passed).toEqual([]);
});

test('nothing that is cut, longer or something else passes, and nothing makes it throw', async () => {
  for (let length = 0; length < bundle.length; length += 97)
    expect((await verifyBundle(bundle.subarray(0, length), policy)).passed).toBe(false);
  expect((await verifyBundle(Buffer.concat([bundle, Buffer.from('x')]), policy)).passed).toBe(false);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) =>
      expect((await verifyBundle(Buffer.from(bytes), policy)).passed).toBe(false),
    ),
  );
});

test('a policy that asks for more than is checked is not met', async () => {
  const stranger = vkeyOf('witness.example', generateKeyPairSync('ml-dsa-44').publicKey);
  const own = vkeyOf(ORIGIN, keys['log-ml-dsa-44'].publicKey);
  const asking = (...lines: string[]) => [policy.split('\n')[1], ...lines, ''].join('\n');
  for (const other of [
    '',
    'quorum none\n',
    policy.replace('none', 'all'),
    `${policy}witness x y\n`,
    asking(`witness other ${stranger}`, 'quorum other'),
    asking(`witness other ${stranger}`, `witness own ${own}`, 'group both all own other', 'quorum both'),
  ])
    expect((await verifyBundle(bundle, other)).passed).toBe(false);
  const both = asking(`witness own ${own}`, `witness other ${stranger}`, 'group one any own other', 'quorum one');
  const { passed, checks } = await verifyBundle(bundle, both);
  expect(passed).toBe(true);
  expect(checks.find(({ check }) => check === 'witnesses')?.detail).toContain(
    'pinned by the policy; not yet witnessed',
  );
});
