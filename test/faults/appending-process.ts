/**
 * A process of a ledger: appends without end, the same events again until they are acknowledged, and prints a line for each
 * thing that it was told. Made to be killed, stopped and cut off; ends by itself on SIGTERM.
 */
// The first import: all that follow read this clock.
import { realNow } from './skewed-clock.ts';
import { randomUUID } from 'node:crypto';
import { openEventStoreDb } from '@countersign/event-store';

const say = (what: object): void => {
  process.stdout.write(`${JSON.stringify({ at: realNow(), ...what })}\n`);
};
// Whatever nobody catches would have ended a server.
process.on('uncaughtException', (fault: Error) => say({ uncaught: fault.stack ?? String(fault) }));
process.on('unhandledRejection', (fault) => say({ uncaught: fault instanceof Error ? fault.stack : String(fault) }));

const settings = JSON.parse(process.argv[2] ?? '{}') as {
  connectionString: string;
  namespace: string;
  origin: string;
  mirrorFile: string;
  highWaterFile: string;
  node: string;
  leaseMs: number;
  deadlineMs: number;
  appenders: number;
  pauseMs: number;
};
const store = await openEventStoreDb({ ...settings, signingKey: process.env['LOG_KEY'] ?? '' });
let last = '';
const seen = (): void => {
  if (store.checkpoint() === last) return;
  last = store.checkpoint();
  say({ checkpoint: last });
};
store.onLeaves(seen);
setInterval(seen, 50).unref();
setInterval(() => say({ leads: store.leads ?? false, away: store.awayBecause, readOnly: store.readOnlyBecause }), 200);
say({ open: settings.node });

let going = true;
process.on('SIGTERM', () => (going = false));
await Promise.all(
  Array.from({ length: settings.appenders }, async (_, appender) => {
    // One stream in four is everybody's.
    const shared = appender % 4 === 3;
    const stream = shared ? `shared-${appender}` : `s-${settings.node}-${appender}-${process.pid}`;
    for (let n = 0; going; n++) {
      const events = Array.from({ length: 1 + (n % 3) }, () => {
        const id = randomUUID();
        return { id, type: 'countersign.Test.v1', data: Buffer.from(`${id} ${'x'.repeat(n % 700)}`) };
      });
      for (let tries = 0; going || tries > 0; tries++) {
        try {
          const answer = await store.append(stream, events, 'any');
          if (!answer.appended) throw new Error(`${answer.conflict} on ${stream}`);
          const { revisions, indices, checkpoint, size } = answer;
          if (checkpoint !== last) say({ checkpoint });
          say({ acknowledged: events.map(({ id }) => id), stream, revisions, indices, size });
          break;
        } catch (fault) {
          say({ fault: (fault as Error).message });
          await new Promise((done) => setTimeout(done, 50));
          if (tries > 500) throw fault;
        }
      }
      if (settings.pauseMs > 0) await new Promise((done) => setTimeout(done, settings.pauseMs));
    }
  }),
);
await store.close();
say({ closed: true });
process.exit(0);
