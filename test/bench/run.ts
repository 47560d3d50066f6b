/** `npm run bench [-- NAME…]`: every figure as a ratio against a peer or a limit measured in the same run. `--json` for programs. */
import { cpus } from 'node:os';
import { reached, type Result } from './result.ts';
import { storeBench } from './store.ts';
import { httpBench } from './http.ts';
import { rebuildBench } from './rebuild.ts';
import { bundleBench } from './bundle.ts';
import { eventStoreDbBench } from './eventstoredb.ts';

const results: Result[] = [];
const benches = {
  store: storeBench,
  rebuild: rebuildBench,
  bundle: bundleBench,
  http: httpBench,
  eventstoredb: eventStoreDbBench,
};
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
for (const [name, bench] of Object.entries(benches))
  if (asked.length === 0 || asked.includes(name)) results.push(...(await bench()));
const memory = Math.round(process.resourceUsage().maxRSS / 1024);
if (process.argv.includes('--json'))
  console.log(
    JSON.stringify(
      { cpu: cpus()[0]?.model, cpus: cpus().length, node: process.version, memoryMB: memory, results },
      null,
      1,
    ),
  );
else {
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, peak memory ${memory} MB`);
  for (const result of results) {
    const { name, value, unit, against, ratio, target, comparator } = result;
    console.log(
      `${reached(result) ? 'reached    ' : 'not reached'} ${name}: ${value.toFixed(1)} ${unit}, against ${against.toFixed(1)}: ${ratio.toFixed(2)} (${comparator} ${target})`,
    );
  }
}
process.exit(0);
