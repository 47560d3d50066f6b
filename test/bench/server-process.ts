/** The application in a process of its own, so that whoever loads it does not share its event loop. Ends with its parent. */
import 'reflect-metadata';
import { StoryClock } from '@countersign/ledger';
import type { PartyId } from '@countersign/domain';

// Decorators need the compiled application.
const server = '../../apps/server/dist';
const { applicationOver } = (await import(
  `${server}/application.js`
)) as typeof import('../../apps/server/src/application.ts');
const { openLedger } = (await import(`${server}/ledger.js`)) as typeof import('../../apps/server/src/ledger.ts');
const { settingsFrom } = (await import(`${server}/settings.js`)) as typeof import('../../apps/server/src/settings.ts');

const opened = await openLedger(settingsFrom(process.env, []), new StoryClock());
const app = await applicationOver(opened, false);
await app.listen(0, '127.0.0.1');
const party = { party: 'party-custodian' as PartyId, role: 'custodian' as const, subject: 'party-custodian' };
process.send?.({ url: await app.getUrl(), token: await opened.tokens.issue(party, 3600) });
process.once('disconnect', () => {
  void app
    .close()
    .then(() => opened.close())
    .then(() => process.exit(0));
});
