import 'reflect-metadata';
import { StoryClock } from '@countersign/ledger';
import { applicationOver } from './application.ts';
import { openLedger } from './ledger.ts';
import { openLog } from './logging.ts';
import { settingsFrom, type Settings } from './settings.ts';
import { beginStory, storyIsDue, tellStory } from './tell-story.ts';
import { welcome } from './welcome.ts';

let settings: Settings | undefined;
try {
  settings = settingsFrom(process.env, process.argv.slice(2), process.stderr.isTTY);
  const log = openLog(settings.logLevel);
  const clock = new StoryClock();
  const asked = settings;
  const opened = await openLedger(settings, clock, () => {
    beginStory(asked, clock);
  });
  const { ledger, tokens, close } = opened;
  const app = await applicationOver(opened, log);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  if (storyIsDue(settings, ledger, opened.founded)) {
    console.log('An empty data folder: telling the demonstration its story …');
    // Its requests are nobody's.
    log.level = log.isLevelEnabled('warn') ? 'warn' : log.level;
    await tellStory(app, ledger, tokens, clock);
    log.level = settings.logLevel;
  }
  clock.release();
  // What falls due is recorded when its time comes. Looking costs what the ledger holds, so it takes a fiftieth of the time;
  // where several processes look, those that do not sign are there for when that one is not.
  let settling: NodeJS.Timeout;
  const settle = async () => {
    const started = performance.now();
    // A ledger that signs nothing has nothing to record.
    if (ledger.store.readOnlyBecause === undefined)
      await ledger.settle().catch((error: unknown) => log.error({ err: error }, 'what follows could not be recorded'));
    const most = (ledger.store.leads ?? true) ? 1000 : 5000 + 5000 * Math.random();
    settling = setTimeout(() => void settle(), Math.max(most, 50 * (performance.now() - started)));
  };
  await settle();
  await app.listen(settings.port, settings.host);
  const url = await app.getUrl();
  console.log(await welcome(opened, settings, url));
  log.info({ url, size: ledger.store.size, readOnly: ledger.store.readOnlyBecause }, 'listening');
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
  console.error(`countersign: ${plainly(error, settings)}`);
  process.exit(1);
}

/** One sentence of what is wrong, and what to do. */
function plainly(error: unknown, asked: Settings | undefined): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const at = asked && `${asked.host}:${asked.port}`;
  if (at !== undefined && code === 'EADDRINUSE') return `${at} is in use: set PORT to another port`;
  if (at !== undefined && code === 'EACCES' && message.startsWith('listen'))
    return `${at} may not be listened on: set PORT to a port above 1023`;
  if (at !== undefined && (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'))
    return `${asked?.host} is no address of this machine: set HOST to one, such as 127.0.0.1`;
  return message ?? String(error);
}
