import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { writeHighWater } from './high-water.ts';
import { SqliteWriter } from './writer.ts';
import { join, unpack } from './writer-messages.ts';
import type { FromWriter, ToWriter, WriterOptions } from './writer-messages.ts';

/** The mark lags behind the commits by at most this, and is never ahead of them. */
const MARK_EVERY_MS = 1000;

const port = parentPort;
if (!port) throw new Error('this module is the writer thread');
const options = workerData as WriterOptions;
const writer = new SqliteWriter(options.file, options.origin, options.key);
let mark: { size: number; root: string } | undefined;
let markTimer: NodeJS.Timeout | undefined;

port.on('message', (first: ToWriter) => {
  // Group commit: everything that queued up during the last flush goes into this transaction.
  const messages = [first];
  for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) {
    messages.push(more.message as ToWriter);
  }
  const appends = messages.flatMap((message) => (message.kind === 'append' ? unpack(message) : []));
  const metas = messages.flatMap((message) => (message.kind === 'meta' ? [message] : []));
  if (appends.length + metas.length > 0) {
    try {
      const { outcomes, nodes, size, root, note } = writer.commit(appends, metas);
      const joined = join(nodes);
      answer({ kind: 'committed', outcomes, metas: metas.length, nodes: joined, size, note }, [joined.buffer]);
      if (nodes.length > 0) {
        mark = { size, root: Buffer.from(root).toString('base64') };
        markTimer ??= setTimeout(writeMark, MARK_EVERY_MS);
      }
    } catch (fault) {
      const message = fault instanceof Error ? fault.message : String(fault);
      answer({ kind: 'failed', message, appends: appends.length, metas: metas.length });
    }
  }
  if (messages.some(({ kind }) => kind === 'close')) {
    writeMark();
    writer.close();
    answer({ kind: 'closed' });
    port.close();
  }
});
answer({ kind: 'ready' });

function writeMark(): void {
  clearTimeout(markTimer);
  markTimer = undefined;
  if (mark === undefined) return;
  try {
    writeHighWater(options.highWaterFile, mark);
    mark = undefined;
  } catch {
    // The commits stand without it; the mark is tried again with the next of them.
  }
}

function answer(message: FromWriter, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}
