/** Copies a ledger from one data file to another, and prints each step; made to be killed. */
import { writeSync } from 'node:fs';
import { copyLedger } from '@countersign/ledger';
import { openStore, openTarget, vaultIn } from './ledger-on-sqlite.ts';

const [root = '', from = '', to = '', dieAt = ''] = process.argv.slice(2);
const source = await openStore(root, from);
const target = openTarget(root, to);
const outcome = await copyLedger({
  source,
  target,
  persons: vaultIn(root),
  batch: 20,
  onStep: (step, done) => {
    writeSync(1, `${step} ${done}\n`);
    if (`${step} ${done}` === dieAt) process.kill(process.pid, 'SIGKILL');
  },
});
await target.close();
await source.close();
writeSync(1, `${JSON.stringify(outcome)}\n`);
