import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Recorded } from '@countersign/domain';
import { decodeEntry, recordedOf, StoryClock } from '@countersign/ledger';
import { STORY_BEGINS } from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';
import { History, inForce, matrix, refusals, Reports, StatesAt, usage } from '@countersign/read-models';

async function storyEntries(): Promise<Recorded[]> {
  const folder = mkdtempSync(join(tmpdir(), 'reports-'));
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  const opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
  const app = await applicationOver(opened, false);
  await app.listen(0, '127.0.0.1');
  await tellStory(app, opened.ledger, opened.tokens, clock);
  const { store } = opened.ledger;
  const entries = Array.from(store.entries(0, store.size), ({ data, index }) => recordedOf(decodeEntry(data), index));
  await app.close();
  await opened.close();
  rmSync(folder, { recursive: true });
  return entries;
}

test('reports that hold no entries say what the questions answer, as of each moment of the story', async () => {
  const entries = await storyEntries();
  const history = new History();
  for (const entry of entries) history.add(entry);
  let compared = 0;
  for (let index = 0; index < entries.length; index += index < entries.length - 20 ? 13 : 1) {
    const moment = { index, time: history.logTime(index) };
    const states = new StatesAt(history, moment);
    const reports = new Reports({ ...moment, mode: 'demo', origin: 'o', root: 'r' });
    for (const entry of entries.slice(0, index + 1)) if (reports.wants(entry.stream)) reports.add(entry);
    const files = new Map(reports.finish().map(({ name, data }) => [name, Buffer.from(data).toString('utf8')]));
    const asOf = new Date(moment.time).toISOString();
    for (const [name, rows] of [
      ['matrix', matrix(states)],
      ['in-force', inForce(states)],
      ['refusals', refusals(history, moment)],
      ['usage', usage(states)],
    ] as const)
      expect(JSON.parse(files.get(`report/${name}.json`) ?? '')).toEqual(
        JSON.parse(JSON.stringify({ index, asOf, rows })),
      );
    compared++;
  }
  expect(compared).toBeGreaterThan(30);
}, 60_000);
