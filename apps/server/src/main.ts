import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import type { PartyId, Role } from '@countersign/domain';
import { applicationOver } from './application.ts';
import { StoryClock } from '@countersign/ledger';
import { matrix } from '@countersign/read-models';
import { STORY_BEGINS } from '@countersign/scenario';
import { CUSTODIAN, isNew, openLedger, policyFile, type OpenLedger } from './ledger.ts';
import { settingsFrom, type Settings } from './settings.ts';
import { tellStory } from './tell-story.ts';

try {
  const settings = settingsFrom(process.env, process.argv.slice(2));
  const clock = new StoryClock();
  if (settings.demo && !settings.empty && isNew(settings)) clock.set(Date.parse(STORY_BEGINS));
  const opened = await openLedger(settings, clock);
  const { ledger, tokens, close } = opened;
  const app = await applicationOver(opened, new ConsoleLogger({ json: true, logLevels: ['warn', 'error', 'fatal'] }));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  if (settings.demo && !settings.empty && ledger.store.size === 1) {
    console.log('An empty data folder: telling the demonstration its story …');
    await tellStory(app, ledger, tokens, clock);
  }
  clock.release();
  // What falls due is recorded when its time comes. Looking costs what the ledger holds, so it takes a fiftieth of the time.
  let settling: NodeJS.Timeout;
  const settle = async () => {
    const started = performance.now();
    await ledger.settle().catch((error: unknown) => {
      console.error(`countersign: what follows could not be recorded: ${String(error)}`);
    });
    settling = setTimeout(() => void settle(), Math.max(1000, 50 * (performance.now() - started)));
  };
  await settle();
  await app.listen(settings.port, settings.host);
  const url = await app.getUrl();
  console.log(
    `Countersign is at ${url} — its log has ${ledger.store.size} entries, its data is in ${settings.dataDir}`,
  );
  console.log(`API: ${url}/docs   checkpoint: ${url}/log/checkpoint`);
  if (ledger.store.readOnlyBecause !== undefined) console.log(`Commands are refused: ${ledger.store.readOnlyBecause}`);
  if (settings.demo) {
    console.log('\nThis is a demonstration, and entry 0 says so. Tokens, valid for a day:');
    const parties = new Map<string, Role>([[CUSTODIAN, 'custodian']]);
    for (const id of ledger.view.all('party')) {
      const party = ledger.view.state('party', id) as { kind: Role } | undefined;
      if (party) parties.set(id, party.kind);
    }
    let regulator = '';
    for (const [party, role] of parties) {
      const token = await tokens.issue({ party: party as PartyId, role, subject: party }, 86_400);
      if (role === 'regulator' && regulator === '') regulator = token;
      console.log(`  ${party} (${role}): ${token}`);
    }
    if (regulator !== '') printWhatToTry(opened, settings, url, regulator);
  }
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    clearTimeout(settling);
    void app
      .close()
      .then(close)
      .then(() => process.exit(0));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
} catch (error) {
  console.error(`countersign: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

/** The matrix, and three commands that work when pasted. */
function printWhatToTry({ ledger, answers }: OpenLedger, settings: Settings, url: string, token: string): void {
  const models = answers.current();
  const states = models.at({ index: models.head, time: ledger.clock.now() });
  console.log('\nWho tested what:');
  for (const { ally, modelName, modality, tested, sessions } of matrix(states)) {
    const which = tested
      ? sessions.map(({ session, status }) => `${session} ${status}`).join(', ')
      : 'granted, never tested';
    console.log(`  ${ally}  ${modelName.padEnd(10)} ${modality.padEnd(8)} ${which}`);
  }
  console.log(`
Try next, in the project's folder:
  export COUNTERSIGN_URL=${url} COUNTERSIGN_TOKEN=${token}
  npx countersign why session-s9
  npx countersign in-force --as-of 2026-08-22
  npx countersign export --out export.zip && npx countersign verify export.zip --policy ${policyFile(settings)}`);
}
