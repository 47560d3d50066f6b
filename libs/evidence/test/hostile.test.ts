import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isBroken, readEvidence, type Broken, type EvaluationLog, type Reading } from '@countersign/evidence';

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

interface ZipMember {
  readonly name: string;
  readonly content: Uint8Array | string;
  readonly method?: number;
  /** What the headers say instead of the truth. */
  readonly size?: number;
}
/** An archive by hand, so that it can also be a wrong one (APPNOTE 4.3). */
function zip(members: readonly ZipMember[]): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 8, size } of members) {
    const data = Buffer.from(content as string);
    const packed = method === 8 ? deflateRawSync(data) : method === 93 ? zstdCompressSync(data) : data;
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(0x800, 2);
    header.writeUInt16LE(method, 4);
    header.writeUInt32LE(crc32(data), 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(size ?? data.length, 18);
    header.writeUInt16LE(Buffer.byteLength(name), 22);
    const record = Buffer.concat([Buffer.from('PK\x03\x04'), header, Buffer.from(name), packed]);
    const entry = Buffer.alloc(42);
    entry.writeUInt16LE(20, 0);
    header.copy(entry, 2);
    entry.writeUInt32LE(offset, 38);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), entry, Buffer.from(name)]));
    local.push(record);
    offset += record.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end]);
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
    expect(log.taskVersion).toBe(9007199254740992);
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

  test('2 GB of zeros are read in a few megabytes', async () => {
    const path = join(folder, 'zeros');
    const file = createWriteStream(path);
    const zeros = Buffer.alloc(8 * 1024 * 1024);
    for (let i = 0; i < 256; i++) if (!file.write(zeros)) await once(file, 'drain');
    file.end();
    await once(file, 'close');
    const before = process.memoryUsage().rss;
    const reading = await readEvidence(path);
    expect(reading).toMatchObject({ fault: 'not-json', where: 'byte 0', bytes: 2 ** 31 });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
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
