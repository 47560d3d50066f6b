import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { consequences, CONTEXTS, LEDGER_STREAM, problemsOf, type DomainView, type Refusal } from '@countersign/domain';
import { openSqliteStore, type SequencedStore } from '@countersign/event-store';
import { Tokens, Vault } from '@countersign/identity';
import {
  Ledger,
  systemClock,
  type Clock,
  type CommandRequest,
  type LedgerView,
  type SystemCommand,
} from '@countersign/ledger';
import type { Settings } from './settings.ts';

/** An open ledger with all that it stands on. */
export interface OpenLedger {
  readonly ledger: Ledger;
  readonly tokens: Tokens;
  readonly vault: Vault;
  close(): Promise<void>;
}

export const CUSTODIAN = 'party-custodian';

/** Whether the data folder has no ledger yet. */
export const isNew = ({ dataDir }: Settings): boolean => !existsSync(join(dataDir, 'ledger.sqlite'));

/** Opens the data folder, making it if there is none, and founds the ledger if it is new. */
export async function openLedger(settings: Settings, clock: Clock = systemClock): Promise<OpenLedger> {
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  const vault = new Vault(join(settings.dataDir, 'vault'));
  const store = await openSqliteStore({
    file: join(settings.dataDir, 'ledger.sqlite'),
    origin: settings.origin,
    signingKey: vault.signingKey('log'),
    highWaterFile: join(settings.dataDir, 'high-water'),
  });
  try {
    const source = `https://${settings.origin}`;
    const ledger = Ledger.open({
      store,
      clock,
      persons: vault,
      deciders: CONTEXTS,
      validate: problemsOf,
      source,
      consequences: (view, now) => consequences(view as unknown as DomainView, now),
      denialOf,
    });
    if (store.size === 0 && store.readOnlyBecause === undefined) await found(ledger, vault, settings);
    const tokens = new Tokens(vault.signingKey('token'), { issuer: source, audience: source });
    return { ledger, tokens, vault, close: () => closeStore(store) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const closeStore = (store: SequencedStore): Promise<void> => store.close();

async function found(ledger: Ledger, vault: Vault, { origin, demo }: Settings): Promise<void> {
  const purposes = ['log', 'log-ml-dsa-44', 'export', 'export-ml-dsa-44'] as const;
  const outcome = await ledger.execute({
    type: 'FoundLedger',
    category: 'custody',
    id: LEDGER_STREAM,
    actor: { party: 'system', role: 'system' },
    idempotencyKey: 'found',
    route: 'found',
    payload: {
      origin,
      mode: demo ? 'demo' : 'operational',
      keys: purposes.map((purpose) => ({
        purpose,
        jwk: JSON.stringify(createPublicKey(vault.signingKey(purpose)).export({ format: 'jwk' })),
      })),
      parameters: { 'release-assessment': 'ear-most-recent' },
      custodian: CUSTODIAN,
    },
  });
  if (outcome.outcome !== 'done') throw new Error(`the ledger could not be founded: ${JSON.stringify(outcome)}`);
}

/** A refusal is one of access if it is of the command that opens a session, under a grant that exists (R15). */
function denialOf(request: CommandRequest, reasons: readonly Refusal[], view: LedgerView): SystemCommand | undefined {
  if (request.type !== 'OpenSession' || request.id === undefined) return undefined;
  const grant = (view as unknown as DomainView).state('grant', request.id);
  if (grant === undefined || grant.status === 'unknown' || grant.party !== request.actor.party) return undefined;
  const { session: _, reserve: __, ...asked } = request.payload as Record<string, unknown>;
  return {
    type: 'DenyAccess',
    category: 'denial',
    id: `denial-${grant.partner}`,
    payload: { grant: request.id, ...asked, reasons },
    cause: grant.scope.authorisation,
    rule: 'R15',
  };
}
