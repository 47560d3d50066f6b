import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { vkeyOf } from '../src/index.ts';
import { bundleOf, newKeys, ORIGIN, policyOf, smallLog, verdict, verify } from './small-bundle.ts';

const keys = newKeys();
const policy = policyOf(keys);
let bundle: Buffer;
beforeAll(async () => {
  bundle = await bundleOf(smallLog(keys), keys);
});

test('an honest bundle passes, in whatever pieces it comes, and says what was proven, by which key, and why that one', async () => {
  for (const chunk of [1, 7, 64 * 1024]) {
    const { passed, checks } = await verify(bundle, policy, chunk);
    expect(checks.filter((check) => !check.passed)).toEqual([]);
    expect(passed).toBe(true);
    const names = 'manifest checkpoint tree order keys witnesses signatures reports archive'.split(' ');
    expect(checks.map(({ check }) => check)).toEqual(names);
    const trust = (name: string) => checks.find(({ check }) => check === name)?.keys?.map((key) => key.trust);
    expect(trust('checkpoint')).toEqual(['pinned by the policy']);
    expect(trust('witnesses')).toEqual(['pinned by the policy']);
    expect(trust('signatures')).toEqual([IN_THE_BUNDLE, IN_THE_BUNDLE]);
  }
});
const IN_THE_BUNDLE = 'only found in the bundle, where entry 0 names it';

test('no flip of any byte passes: each byte of the file in turn, and of each 29th each bit', async () => {
  const passed: string[] = [];
  let [bytes, flips] = [0, 0];
  for (; bytes < bundle.length; bytes++)
    for (const bit of bytes % 29 === 0 ? [0, 1, 2, 3, 4, 5, 6, 7] : [bytes % 8]) {
      const flipped = Buffer.from(bundle);
      flipped.writeUInt8(flipped.readUInt8(bytes) ^ (1 << bit), bytes);
      if ((await verify(flipped, policy, bundle.length)).passed) passed.push(`${bytes}.${bit}`);
      flips++;
    }
  expect(passed).toEqual([]);
  expect([bytes, flips > bundle.length]).toEqual([bundle.length, true]);
}, 120_000);

test('no bundle passes that is cut anywhere, longer, or begins later', async () => {
  for (let length = 0; length < bundle.length; length += 41)
    expect((await verify(bundle.subarray(0, length), policy)).passed).toBe(false);
  for (let last = 1; last < 200; last++)
    expect((await verify(bundle.subarray(0, bundle.length - last), policy)).passed).toBe(false);
  for (const more of ['x', '\0', 'PK\x05\x06'])
    for (const longer of [
      [bundle, Buffer.from(more)],
      [Buffer.from(more), bundle],
    ])
      expect((await verify(Buffer.concat(longer), policy)).passed).toBe(false);
  expect((await verify(Buffer.concat([bundle, bundle]), policy)).passed).toBe(false);
});

test('whatever the bytes are, verifying neither throws nor hangs nor passes', async () => {
  const refused = async (bytes: Uint8Array) => {
    const { passed, checks } = await verify(bytes, policy);
    expect([passed, checks.at(-1)?.passed]).toEqual([false, false]);
  };
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), refused), { numRuns: 300 });
  // Garbage that begins like a bundle, and a bundle with garbage inside.
  const place = fc.nat(bundle.length - 1);
  await fc.assert(
    fc.asyncProperty(place, fc.uint8Array({ minLength: 1, maxLength: 200 }), async (at, bytes) => {
      await refused(Buffer.concat([bundle.subarray(0, at), bytes]));
      const spoiled = Buffer.concat([bundle.subarray(0, at), bytes, bundle.subarray(at + bytes.length)]);
      if (!spoiled.equals(bundle)) await refused(spoiled);
      await refused(Buffer.concat([bundle.subarray(0, at), bytes, bundle.subarray(at)]));
    }),
    { numRuns: 300 },
  );
  // A policy is somebody's file too.
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) =>
      expect((await verify(bundle, text)).passed).toBe(false),
    ),
  );
});

test('a source that fails in the middle is a check that failed', async () => {
  expect(await verdict(bundle, policy)).toBe('passed');
  const { nodePlatform, verifyBundle } = await import('../src/index.ts');
  const { toyReports } = await import('./small-bundle.ts');
  for (const at of [0, 5000, bundle.length - 100]) {
    const failing = async function* () {
      yield await Promise.resolve(bundle.subarray(0, at));
      throw new Error('the disk is gone');
    };
    const { passed, checks } = await verifyBundle(nodePlatform, failing(), policy, toyReports);
    expect([passed, checks.at(-1)?.detail]).toEqual([false, 'the disk is gone']);
  }
});

test('a policy that asks for more than is checked is not met', async () => {
  const log = `log ${vkeyOf(ORIGIN, keys.log.publicKey)}`;
  const stranger = vkeyOf('witness.example', generateKeyPairSync('ml-dsa-44').publicKey);
  const own = vkeyOf(ORIGIN, keys['log-ml-dsa-44'].publicKey);
  const asking = (...lines: string[]) => [log, ...lines, ''].join('\n');
  for (const other of [
    '',
    'quorum none\n',
    asking('quorum all'),
    asking('quorum none', 'witness x y'),
    asking(`witness other ${stranger}`, 'quorum other'),
    asking(`witness other ${stranger}`, `witness own ${own}`, 'group both all own other', 'quorum both'),
  ])
    expect((await verify(bundle, other)).passed).toBe(false);
  const either = asking(`witness own ${own}`, `witness other ${stranger}`, 'group one any own other', 'quorum one');
  const { passed, checks } = await verify(bundle, either);
  expect(passed).toBe(true);
  expect(checks.find(({ check }) => check === 'witnesses')?.detail).toContain('not yet witnessed');
  // A policy that pins the Ed25519 key alone: the other one is only found in the bundle, and that is said.
  const { checks: lax } = await verify(bundle, asking('quorum none'));
  expect(lax.find(({ check }) => check === 'witnesses')?.keys?.map(({ trust }) => trust)).toEqual([IN_THE_BUNDLE]);
});
