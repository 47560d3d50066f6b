import type { KeyObject } from 'node:crypto';
import { hash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { FlattenedSign } from 'jose';
import { encodeBase64, parseCheckpoint, parseNote } from '@countersign/log';
import { ALGORITHMS, headerOf, jsonText, manifestOf, readmeOf, type Algorithm, type Manifest } from './bundle.ts';
import { Reading, type ExportedEntry, type ReportsAsOf } from './reading.ts';
import { spoolGzip, type Spooled } from './spool.ts';
import { lineName } from './verify.ts';
import { directory, localHeader, MOST_BYTES } from './zip.ts';

export interface BuildInput {
  /** The entries' own bytes, in log order from 0. Read twice. */
  readonly entries: () => Iterable<Uint8Array>;
  /** Signed note over exactly these entries, with both signatures of the log. */
  readonly checkpoint: string;
  readonly mode: string;
  readonly reports: ReportsAsOf;
  readonly sign: Readonly<Record<Algorithm, KeyObject>>;
  /** The party that it is made for. */
  readonly recipient: string;
  readonly generator: string;
}

/** A bundle that is ready to be sent. */
export interface Bundle {
  readonly bytes: number;
  readonly manifest: Manifest;
  /** Once. */
  parts(): AsyncIterable<Uint8Array>;
  /** Lets go of the temporary files; to be called however it ends. */
  close(): Promise<void>;
}

/** After so many entries others get their turn. */
const ENTRIES_A_TURN = 500;

/**
 * Makes the bundle of a whole log. Holds what the reports' fold needs and no entry: what is large waits packed in
 * temporary files. The same log, recipient and checkpoint give the same bytes, but for `manifest.jws` (R24).
 *
 * @throws RangeError if the entries are not those of the checkpoint
 */
export async function buildBundle(input: BuildInput): Promise<Bundle> {
  const head = parseCheckpoint(parseNote(input.checkpoint).text);
  const reading = new Reading();
  const indices = new Lines();
  const spooled: Spooled[] = [];
  const close = async () => void (await Promise.all(spooled.map((each) => each.close())));
  try {
    const lines = async function* () {
      for await (const [bytes, entry] of parsed(input.entries())) {
        indices.add(reading.add(entry));
        yield Buffer.concat([bytes, NEWLINE]);
      }
    };
    const entries = await spoolGzip(inChunks(lines()));
    spooled.push(entries);
    const packedIndices = await spoolGzip(inChunks(indices.chunks()));
    spooled.push(packedIndices);
    if (reading.size !== head.size) throw new RangeError(`${reading.size} entries under a tree of ${head.size}`);

    const { size, time } = reading;
    const { origin, root } = head;
    const fold = input.reports({ index: size - 1, time, mode: input.mode, origin, root: encodeBase64(root) });
    let index = 0;
    for await (const [, entry] of parsed(input.entries())) fold.add(entry, index++);
    const reports = [...fold.finish()];

    const said = manifestOf({
      ...reading,
      mode: input.mode,
      recipient: input.recipient,
      origin: head.origin,
      generator: input.generator,
      countsByType: reading.countsByType(),
      checkpointSignatures: parseNote(input.checkpoint).signatures.map(lineName),
    });
    const report = reports.find(({ name }) => name === 'report.html');
    if (!report) throw new RangeError('there is no report.html');
    const before = [held('README.txt', readmeOf(said)), held('report.html', report.data)];
    const after = [
      held('checkpoint.txt', input.checkpoint),
      held('keys.json', reading.keys.text()),
      { name: 'entries.jsonl.gz', ...entries },
      { name: 'indices.txt.gz', ...packedIndices },
      ...reports.filter((each) => each !== report).map(({ name, data }) => held(name, data)),
    ];
    const files = Object.fromEntries(
      [...before, ...after].map(({ name, sha256, bytes }) => [name, { sha256, bytes }] as const),
    );
    const manifest: Manifest = { ...said, files };
    const signed = Buffer.from(jsonText(manifest));
    const members = [
      ...before,
      held('manifest.json', signed),
      held('manifest.jws', await signatures(signed, input.sign)),
      ...after,
    ];
    const headers = members.map((member) => localHeader(member));
    const end = directory(members);
    const bytes =
      [...headers, end].reduce((sum, part) => sum + part.length, 0) + members.reduce((s, m) => s + m.bytes, 0);
    if (bytes > MOST_BYTES) throw new RangeError('the log is too large for one bundle');
    const parts = async function* () {
      for (const [i, member] of members.entries()) {
        yield headers[i] as Uint8Array;
        yield* member.chunks();
      }
      yield end;
    };
    return { bytes, manifest, parts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const NEWLINE = Buffer.from('\n');

/** Each entry's bytes and what they say; now and then others get their turn. */
async function* parsed(entries: Iterable<Uint8Array>): AsyncIterable<readonly [Uint8Array, ExportedEntry]> {
  let count = 0;
  for (const bytes of entries) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    yield [bytes, JSON.parse(text) as ExportedEntry];
    if (++count % ENTRIES_A_TURN === 0) await turn();
  }
}

const CHUNK = 64 * 1024;
/** Fewer, larger chunks of the same bytes, always of the same sizes, since where they end shows in how they pack. */
async function* inChunks(parts: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts) {
    waiting.push(part);
    bytes += part.length;
    if (bytes < CHUNK) continue;
    yield Buffer.concat(waiting);
    [waiting, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}
/** Many short lines, held as few buffers: 20 bytes an entry. */
class Lines {
  readonly #buffers: Buffer[] = [];
  #text = '';

  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= CHUNK) this.#flush();
  }

  async *chunks(): AsyncIterable<Uint8Array> {
    this.#flush();
    yield* this.#buffers;
  }
  #flush(): void {
    this.#buffers.push(Buffer.from(this.#text));
    this.#text = '';
  }
}

/** A file that is small enough to be held. */
function held(name: string, content: string | Uint8Array) {
  const data = typeof content === 'string' ? Buffer.from(content) : content;
  return {
    name,
    bytes: data.length,
    crc32: crc32(data),
    sha256: hash('sha256', data, 'hex'),

    async *chunks(): AsyncIterable<Uint8Array> {
      yield data;
    },
  };
}

async function signatures(manifest: Uint8Array, keys: Readonly<Record<Algorithm, KeyObject>>): Promise<string> {
  const lines: string[] = [];
  for (const alg of ALGORITHMS) {
    const jws = await new FlattenedSign(manifest)
      .setProtectedHeader(headerOf(alg) as { alg: string; b64: false; crit: string[] })
      .sign(keys[alg]);
    lines.push(`${jws.protected ?? ''}..${jws.signature}\n`);
  }
  return lines.join('');
}
