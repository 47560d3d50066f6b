import type { PartyId, Role } from '@countersign/domain';
import { matrix } from '@countersign/read-models';
import { CUSTODIAN, policyFile, type OpenLedger } from './ledger.ts';
import type { Settings } from './settings.ts';

const A_DAY = 86_400;

/**
 * What a person who started the ledger reads: who they can be, what there is, what to do, and last, since that stays on
 * the screen, where it is.
 */
export async function welcome(opened: OpenLedger, settings: Settings, url: string): Promise<string> {
  const { ledger } = opened;
  const lines: string[] = [];
  if (settings.demo) {
    lines.push('This is a demonstration, and entry 0 says so. A token for each actor, valid for a day:');
    const tokens = await tokensOf(opened);
    for (const [party, { role, token }] of tokens) lines.push(`  ${party} (${role}): ${token}`);
    const regulator = [...tokens.values()].find(({ role }) => role === 'regulator')?.token;
    if (regulator !== undefined) lines.push('', ...whoTestedWhat(opened), '', ...toTry(settings, url, regulator));
    lines.push('');
  }
  if (ledger.store.readOnlyBecause !== undefined) lines.push(`Commands are refused: ${ledger.store.readOnlyBecause}`);
  lines.push(
    `Countersign is at ${url} — its log has ${ledger.store.size} entries, its data is in ${settings.dataDir}`,
    `API: ${url}/docs   checkpoint: ${url}/log/checkpoint   stop: Ctrl-C`,
  );
  return lines.join('\n');
}

async function tokensOf({ ledger, tokens }: OpenLedger): Promise<Map<string, { role: Role; token: string }>> {
  const roles = new Map<string, Role>([[CUSTODIAN, 'custodian']]);
  for (const id of ledger.view.all('party')) {
    const party = ledger.view.state('party', id) as { kind: Role } | undefined;
    if (party) roles.set(id, party.kind);
  }
  const issued = new Map<string, { role: Role; token: string }>();
  for (const [party, role] of roles)
    issued.set(party, { role, token: await tokens.issue({ party: party as PartyId, role, subject: party }, A_DAY) });
  return issued;
}

function whoTestedWhat({ ledger, answers }: OpenLedger): string[] {
  const models = answers.current();
  const states = models.at({ index: models.head, time: ledger.clock.now() });
  return [
    'Who tested what:',
    ...matrix(states).map(({ ally, modelName, modality, tested, sessions }) => {
      const which = tested
        ? sessions.map(({ session, status }) => `${session} ${status}`).join(', ')
        : 'granted, never tested';
      return `  ${ally}  ${modelName.padEnd(10)} ${modality.padEnd(8)} ${which}`;
    }),
  ];
}

/** Three commands that work when they are pasted. */
const toTry = (settings: Settings, url: string, token: string): string[] => [
  "Try next, in another terminal, in the project's folder, as a regulator:",
  `  export COUNTERSIGN_URL=${url} COUNTERSIGN_TOKEN=${token}`,
  '  npx countersign why session-s9',
  '  npx countersign in-force --as-of 2026-08-22',
  `  npx countersign export --out export.zip && npx countersign verify export.zip --policy ${quoted(policyFile(settings))}`,
];

/** For a POSIX shell. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
