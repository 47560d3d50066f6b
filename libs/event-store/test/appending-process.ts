/** Appends without end and prints the id of each event once it is acknowledged; made to be killed. */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openSqliteStore } from '@countersign/event-store';

const [file = '', origin = ''] = process.argv.slice(2);
const store = await openSqliteStore({ file, origin, signingKey: process.env['LOG_KEY'] ?? '' });
await Promise.all(
  Array.from({ length: 32 }, async (_, appender) => {
    for (let n = 0; ; n++) {
      const id = randomUUID();
      await store.append(
        `s-${appender}`,
        [{ id, type: 'countersign.Test.v1', data: Buffer.from(id) }],
        n === 0 ? 'none' : n - 1,
      );
      writeSync(1, `${id}\n`);
    }
  }),
);
