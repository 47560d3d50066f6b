import { execFile } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { constants, deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isBroken, readEvidence, type Broken, type EvaluationLog, type Reading } from '@countersign/evidence';
import { zip, type ZipMember } from './archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));
const LOGS = resolve(import.meta.dirname, '../../scenario/logs');

let count = 0;
async function read(content: Uint8Array | string): Promise<Reading | Broken> {
  const path = join(folder, `file-${count++}`);
  writeFileSync(path, content);
  try {
    return await readEvidence(path);
  } finally {
    rmSync(path);
  }
}
const fault = async (content: Uint8Array | string) => {
  const reading = await read(content);
  return isBroken(reading) ? `${reading.fault} at ${reading.where}` : 'read';
};

/** An extra field of uncompressed size (APPNOTE 4.5.3), and a locator of a directory (4.3.15). */
function zip64(size: number): Buffer {
  const field = Buffer.alloc(12);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8, 2);
  field.writeBigUInt64LE(BigInt(size), 4);
  return field;
}
function zip64Locator(offset: number): Buffer {
  const locator = Buffer.alloc(16);
  locator.writeBigUInt64LE(BigInt(offset), 4);
  locator.writeUInt32LE(1, 12);
  return Buffer.concat([Buffer.from('PK\x06\x07'), locator]);
}
const HEADER = JSON.stringify({ version: 2, status: 'success', eval: { run_id: 'r', task_id: 't', model: 'm' } });
const header = { name: 'header.json', content: HEADER };

describe('layouts', () => {
  const logOf = async (members: readonly ZipMember[]) => {
    const reading = await read(zip(members));
    if (isBroken(reading)) throw new Error(`${reading.fault} at ${reading.where}: ${reading.detail}`);
    return reading.log as EvaluationLog;
  };
  const sample = (id: string, epoch: number, error: unknown = null) => JSON.stringify({ id, epoch, error });

  test('zstd members are read', async () => {
    const log = await logOf([
      { ...header, method: 93 },
      { name: 'samples/a_epoch_1.json', content: sample('a', 1), method: 93 },
    ]);
    expect([log.runId, log.samplesInFile]).toEqual(['r', 1]);
  });

  test('a sample in a folder of members counts once', async () => {
    const log = await logOf([
      header,
      { name: 'samples/a_epoch_1/sample.json', content: sample('a', 1, { message: 'no' }) },
      { name: 'samples/a_epoch_1/events/0.json', content: '[]' },
      { name: 'samples/a_epoch_1/events/stats.json', content: '{}' },
      { name: 'samples/b/c_epoch_1.json', content: sample('b/c', 1) },
    ]);
    expect(log.sampleKeys).toEqual([
      ['a', 1],
      ['b/c', 1],
    ]);
    expect(log.samplesWithError).toBe(1);
  });

  test('a run that crashed has a journal and no header: its status is started', async () => {
    const log = await logOf([
      { name: '_journal/start.json', content: JSON.stringify({ version: 2, eval: { eval_id: 'e', model: 'm' } }) },
      { name: 'samples/a_epoch_1.json', content: sample('a', 1) },
    ]);
    expect([log.status, log.evalId, log.samplesInFile]).toEqual(['started', 'e', 1]);
  });

  test('bare NaN and integers beyond 2^53 are read', async () => {
    const reading = await read(
      '{"version":2,"status":"success","eval":{"run_id":"r","task_version":9007199254740993},"results":{"scores":[{"name":"s","metrics":{"a":{"value":NaN},"b":{"value":-Infinity},"c":{"value":0.1}}}]}}',
    );
    const { log } = reading as Reading & { log: EvaluationLog };
    expect(log.metrics).toEqual({ s: { a: NaN, b: -Infinity, c: 0.1 } });
    expect(log.taskVersion).toBe('9007199254740993');
  });

  test('a name like that of a prototype is a name', async () => {
    const reading = await read('{"eval":{"run_id":"r","packages":{"__proto__":"1","constructor":"2"}}}');
    expect(isBroken(reading)).toBe(false);
    expect(({} as Record<string, unknown>)['1']).toBeUndefined();
  });
});

describe('broken and hostile files are refused, with what is wrong and where', () => {
  const EVAL = readFileSync(join(LOGS, 'popularity-2024-10.eval'));
  const JSON_LOG = readFileSync(join(LOGS, 'pubmedqa.json'));

  test.each<readonly [string, Uint8Array | string, string]>([
    ['an empty file', '', 'empty at byte 0'],
    ['blanks', ' \n', 'not-a-log at byte 0'],
    ['a listing', '[{"name":"a.eval"}]', 'not-a-log at byte 0'],
    ['something else', '{"name":"x"}', 'not-a-log at the document'],
    ['words', 'hello', 'not-json at byte 0'],
    ['a cut JSON log', JSON_LOG.subarray(0, 5000), 'truncated at byte 5000'],
    ['rest behind the document', '{"eval":{}} {', 'not-json at byte 12'],
    ['a cut archive', EVAL.subarray(0, EVAL.length - 200), 'invalid-zip at central directory'],
    ['a wrong number', '{"eval":01}', 'not-json at byte 8'],
    ['a control character in a string', '{"eval":"\u0001"}', 'not-json at byte 9'],
    ['a wrong escape', '{"eval":"\\x"}', 'not-json at byte 10'],
    ['a name twice', '{"eval":{"model":"a","model":"b"}}', 'duplicate-name at byte 31'],
    ['invalid UTF-8', Buffer.from('7b226576616c223a7b226d6f64656c223a22ff227d7d', 'hex'), 'not-json at byte 19'],
    ['100,000 arrays in each other', `{"eval":${'['.repeat(100_000)}`, 'too-deep at byte 263'],
    ['an archive that is no log', zip([{ name: 'a.txt', content: 'a' }]), 'not-a-log at the archive'],
    ['a path upwards', zip([header, { name: '../../etc/passwd', content: '' }]), 'unsafe-member-name at member 2'],
    ['an absolute path', zip([header, { name: '/etc/passwd', content: '' }]), 'unsafe-member-name at member 2'],
    ['a backslash', zip([header, { name: 'a\\b', content: '' }]), 'unsafe-member-name at member 2'],
    ['a member twice', zip([header, header]), 'duplicate-name at member 2'],
    ['a NUL in a name', zip([header, { name: 'a\0b', content: '' }]), 'unsafe-member-name at member 2'],
    ['a drive', zip([header, { name: 'C:/x', content: '' }]), 'unsafe-member-name at member 2'],
    ['a packed size beyond the file', zip([{ ...header, packedSize: 2 ** 31 }]), 'invalid-zip at member 1'],
    ['an offset beyond the file', zip([{ ...header, offset: 2 ** 31 }]), 'truncated at member 1'],
    ['an offset of something else', zip([{ ...header, offset: 7 }]), 'invalid-zip at member 1'],
    ['a directory of more members than it has', zip([header], { count: 40_000 }), 'truncated at member 2'],
    ['a directory that begins behind the file', zip([header], { offset: 2 ** 31 }), 'truncated at member 1'],
    ['zip64 sizes that are not there', zip([{ ...header, size: 0xffffffff }]), 'truncated at member 1'],
    [
      'zip64 sizes that are lies',
      zip([{ ...header, size: 0xffffffff, extra: zip64(2 ** 52) }]),
      'truncated at member 1',
    ],
    [
      'a zip64 directory that is elsewhere',
      zip([header], { count: 0xffff, before: zip64Locator(2 ** 40) }),
      'invalid-zip at central directory',
    ],
    ['a number of 5,000 digits', `{"eval":{"model":${'9'.repeat(5000)}}}`, 'not-json at byte 17'],
    [
      'a string of 70 MB where one is kept',
      `{"eval":{"model":"${'x'.repeat(70_000_000)}"}}`,
      'too-large at byte 67108864',
    ],
    ['another compression', zip([{ ...header, method: 14 }]), 'unsupported-compression at member 1'],
    ['a member of another size', zip([{ ...header, size: 5 }]), 'truncated at member 1'],
    [
      'a broken sample',
      zip([header, { name: 'samples/1_epoch_1.json', content: '{' }]),
      'truncated at member 2, byte 1',
    ],
    [
      'a gateway log with a broken line',
      '{"time":"2026-09-02T03:14:12Z","session":"s","outcome":"ok"}\n{',
      'not-json at line 2',
    ],
  ])('%s', async (_, content, expected) => {
    expect(await fault(content)).toBe(expected);
  });

  test('a zip bomb ends at its limit', async () => {
    const bomb = { name: 'samples/1_epoch_1.json', content: Buffer.alloc(200 * 1024 * 1024, ' ') };
    expect(await fault(zip([header, bomb]))).toBe('expands-too-much at member 2');
  });

  test('many members that each have much to keep are bounded together', async () => {
    const big = Buffer.from(`{"id":"${'a'.repeat(10_000_000)}","epoch":1}`);
    const many = Array.from({ length: 10 }, (_, i) => ({ name: `samples/${i}_epoch_1.json`, content: big, method: 0 }));
    expect(await fault(zip([header, ...many]))).toMatch(/^too-large at member 8, byte /);
  });

  test('a directory of long names is bounded', async () => {
    const many = Array.from({ length: 1100 }, (_, i) => ({
      name: `${i}${'n'.repeat(65_000)}`,
      content: '',
      method: 0,
    }));
    expect(await fault(zip([header, ...many]))).toBe('too-large at central directory');
  });

  test('2 GB of zeros in an archive end at the limit of what it may expand to', async () => {
    const path = join(folder, 'zeros.eval');
    // As many blocks of 8 MiB as make 2 GiB, and the empty block that ends a stream.
    const block = deflateRawSync(Buffer.alloc(8 * 1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
    const packed = Buffer.concat([...Array.from({ length: 256 }, () => block), Buffer.of(3, 0)]);
    writeFileSync(path, zip([header, { name: 'attachments/0.bin', content: '', packed, size: 2 ** 31 }]));
    expect(await readEvidence(path)).toMatchObject({ fault: 'expands-too-much', where: 'member 2' });
    rmSync(path);
  }, 120_000);

  test('2 GB of zeros are read in a few megabytes', async () => {
    const path = join(folder, 'zeros');
    const file = createWriteStream(path);
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    for (let i = 0; i < 256; i++) if (!file.write(zeros)) await once(file, 'drain');
    file.end();
    await once(file, 'close');
    // In a process of its own: this one's memory is also that of all other tests. Its peak is what counts.
    const script = `
      import { readEvidence } from '@countersign/evidence';
      const before = process.resourceUsage().maxRSS;
      const reading = await readEvidence(process.argv[1]);
      console.log(JSON.stringify({ reading, grown: process.resourceUsage().maxRSS - before }));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=development', '--input-type=module', '-e', script, path],
      { cwd: import.meta.dirname },
    );
    const { reading, grown } = JSON.parse(stdout) as { reading: Broken & { bytes: number }; grown: number };
    expect(reading).toMatchObject({ fault: 'not-json', where: 'byte 0', bytes: 2 ** 31 });
    expect(grown).toBeLessThan(100 * 1024); // KiB
    rmSync(path);
  }, 120_000);
});

describe('no file makes the reader fail otherwise than by refusing it', () => {
  const originals = ['popularity-2024-10.eval', 'pubmedqa.json', 'error-2024-08.json'].map((name) =>
    readFileSync(join(LOGS, name)),
  );
  test('real logs with bytes changed, cut and doubled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...originals),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
        fc.option(fc.nat(), { nil: undefined }),
        fc.boolean(),
        async (original, changes, cut, twice) => {
          const bytes = Buffer.from(original);
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
          const shorter = cut === undefined ? bytes : bytes.subarray(0, cut % bytes.length);
          await read(twice ? Buffer.concat([shorter, shorter]) : shorter);
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);

  test('archives whose headers have bytes changed', async () => {
    const original = zip([
      header,
      { name: 'samples/a_epoch_1.json', content: '{"id":"a","epoch":1}' },
      { name: 'summaries.json', content: '[]', method: 93 },
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        async (changes) => {
          const bytes = Buffer.from(original);
          for (const [at, byte] of changes) bytes[at] = byte;
          const reading = await read(bytes);
          // What is read all the same is whole: each member is what the directory says of it.
          if (!isBroken(reading)) expect(reading.members.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 400 },
    );
  }, 60_000);

  test('JSON of any text, in pieces of any size, is read or refused with a place in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom(...'{}[]",:\\ntrufalse0123.eE+-NI \u0000é'), maxLength: 60 }),
        async (text) => {
          const reading = await read(`{"eval":${text}`);
          if (isBroken(reading)) expect(reading.where).toMatch(/^(byte \d+|the document|line \d+)$/);
        },
      ),
      { numRuns: 500 },
    );
  }, 60_000);

  test('any JSON, read in pieces of any size, is what JSON.parse makes of it', async () => {
    const { JsonReader } = await import('../src/json.ts');
    fc.assert(
      fc.property(
        // Longer runs of digits come as digits: see above.
        fc.json({ maxDepth: 5 }).filter((text) => !/\d{16}/.test(text)),
        fc.integer({ min: 1, max: 9 }),
        (text, size) => {
          const reader = new JsonReader('keep');
          const bytes = Buffer.from(text);
          for (let i = 0; i < bytes.length; i += size) reader.write(bytes.subarray(i, i + size));
          expect(JSON.stringify(reader.end())).toEqual(JSON.stringify(JSON.parse(text)));
        },
      ),
      { numRuns: 500 },
    );
  });
});
