/** The story's own entries, and histories of the same shape at any size: the story again and again, under other ids. */
import 'reflect-metadata';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEntry, encodeEntry, StoryClock, type Entry } from '@countersign/ledger';
import { STORY_BEGINS } from '@countersign/scenario';

// Decorators need the compiled application.
const server = '../../apps/server/dist';
const { applicationOver } = (await import(
  `${server}/application.js`
)) as typeof import('../../apps/server/src/application.ts');
const { openLedger, policyFile } = (await import(
  `${server}/ledger.js`
)) as typeof import('../../apps/server/src/ledger.ts');
const { settingsFrom } = (await import(`${server}/settings.js`)) as typeof import('../../apps/server/src/settings.ts');
const { tellStory } = (await import(`${server}/tell-story.js`)) as typeof import('../../apps/server/src/tell-story.ts');

export interface ToldStory {
  readonly origin: string;
  readonly policy: string;
  signingKey(purpose: string): KeyObject;
  /** That many entries: the first of all, then the others again and again, each time with ids of their own. */
  manyTimes(count: number): Iterable<Uint8Array>;
}

export async function tellTheStory(): Promise<ToldStory> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-story-'));
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  const settings = settingsFrom({ DATA_DIR: folder }, []);
  const opened = await openLedger(settings, clock);
  const app = await applicationOver(opened, false);
  await app.listen(0, '127.0.0.1');
  await tellStory(app, opened.ledger, opened.tokens, clock);
  const { store } = opened.ledger;
  const entries = Array.from(store.entries(0, store.size), ({ data }) => decodeEntry(data));
  const keys = new Map(
    (['log', 'log-ml-dsa-44', 'export', 'export-ml-dsa-44'] as const).map((purpose) => [
      purpose as string,
      opened.vault.signingKey(purpose),
    ]),
  );
  const policy = readFileSync(policyFile(settings), 'utf8');
  await app.close();
  await opened.close();
  rmSync(folder, { recursive: true });
  const signingKey = (purpose: string) => keys.get(purpose) as KeyObject;
  return { origin: settings.origin, policy, signingKey, manyTimes: (count) => manyTimes(entries, count) };
}

const YEAR_MS = 365 * 86_400_000;

function* manyTimes(entries: readonly Entry[], count: number): Iterable<Uint8Array> {
  const [founded, ...told] = entries as [Entry, ...Entry[]];
  // Every id of the story stands alone in a string, in a list, or as a member's name.
  const ids = new Set(told.flatMap(({ id, commandid, subject }) => [id, commandid, subject]));
  for (const { data } of told)
    for (const refs of Object.values(data.refs)) for (const each of refs) if (each.length > 2) ids.add(each);
  const again = new RegExp(`"(${[...ids].map((id) => id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})"`, 'g');
  const texts = told.map((entry) => Buffer.from(encodeEntry(entry)).toString('utf8'));
  // Later tellings come after earlier ones.
  const [first, last] = [founded, told.at(-1) as Entry].map(({ recordedtime }) => Date.parse(recordedtime));
  const span = Math.min((last as number) - (first as number), YEAR_MS);
  yield encodeEntry(founded);
  let made = 1;
  for (let time = 0; made < count; time++)
    for (const text of texts) {
      if (made++ >= count) return;
      const shifted = new Date((first as number) + Math.floor((span * made) / count)).toISOString();
      yield Buffer.from(
        text.replace(again, `"$1-${time}"`).replace(/"recordedtime":"[^"]*"/, `"recordedtime":"${shifted}"`),
      );
    }
}
