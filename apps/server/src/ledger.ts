import { createPublicKey } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  consequences,
  isOwed,
  mayHaveConsequences,
  owedAt,
  CONTEXTS,
  problemsOf,
  scopeOf,
  type DomainView,
} from '@countersign/domain';
import { vkeyOf } from '@countersign/dossier';
import { unfinishedCopy, type SequencedStore } from '@countersign/event-store';
import { EvidenceFiles, Tokens, Vault } from '@countersign/identity';
import {
  CheckpointPublisher,
  decodeEntry,
  foundLedger,
  Ledger,
  movedAway,
  systemClock,
  type Clock,
} from '@countersign/ledger';
import { Answers } from './answers.ts';
import { Denials } from './denials.ts';
import type { Settings } from './settings.ts';
import { keysAmiss, LOG_KEYS, publicJwkOf } from './signing-keys.ts';
import { openStore } from './store.ts';

/** An open ledger with all that it stands on. */
export interface OpenLedger {
  readonly ledger: Ledger;
  readonly answers: Answers;
  readonly publisher: CheckpointPublisher;
  readonly tokens: Tokens;
  readonly vault: Vault;
  readonly files: EvidenceFiles;
  /** Bytes of the largest evidence file. */
  readonly evidenceLimit: number;
  /** This start founded it. */
  readonly founded: boolean;
  close(): Promise<void>;
}

export const CUSTODIAN = 'party-custodian';

/** The trust policy of this ledger's own log: what its operator hands to those who verify. */
export const policyFile = ({ dataDir }: Settings): string => join(dataDir, 'policy');

/** Opens the ledger, and founds it if it is new: then `onNew` is told before. */
export async function openLedger(
  settings: Settings,
  clock: Clock = systemClock,
  onNew: () => void = () => undefined,
): Promise<OpenLedger> {
  mkdirSync(settings.dataDir, { recursive: true, mode: 0o700 });
  const vault = new Vault(settings.vaultDir);
  const store = await openStore(settings, vault.signingKey('log'));
  try {
    const source = `https://${settings.origin}`;
    const denials = new Denials(store, settings.node);
    const ledger = Ledger.open({
      store,
      clock,
      persons: vault,
      deciders: CONTEXTS,
      validate: problemsOf,
      source,
      mayFollow: mayHaveConsequences,
      consequences: (view, now, since) => {
        const domain = view as unknown as DomainView;
        return since === undefined
          ? [...consequences(domain, now), ...denials.due(now)]
          : consequences(domain, now, scopeOf(domain, since));
      },
      owedAt: (view, entry, now) => owedAt(view as unknown as DomainView, entry, now),
      isOwed: (view, command) => isOwed(view as unknown as DomainView, command),
      denialOf: (request, reasons, view) => denials.denialOf(request, reasons, view),
    });
    ledger.onEntry((entry) => denials.recorded(entry));
    await store.synced();
    const unfinished = unfinishedCopy(store);
    if (unfinished !== undefined) throw new Error(unfinished);
    let founded = false;
    if (ledger.view.index < 0 && store.readOnlyBecause === undefined) {
      onNew();
      founded = await found(ledger, vault, settings);
    }
    const first = store.entry(0);
    const amiss = first && keysAmiss(decodeEntry(first.data), vault);
    const moved = movedAway(store, ledger.view);
    if (moved !== undefined) store.refuseAppends(moved);
    // Whoever seals the ledger takes it away from here.
    ledger.onEntry(({ type }) => {
      if (type === 'LedgerSealed') store.refuseAppends(movedAway(store, ledger.view) ?? 'the ledger was sealed');
    });
    if (amiss !== undefined) store.refuseAppends(amiss);
    else writeFileSync(policyFile(settings), policyOf(settings, vault));
    const publisher = new CheckpointPublisher(store, clock, vault.signingKey('log-ml-dsa-44'));
    const tokens = new Tokens(vault.signingKey('token'), { issuer: source, audience: source });
    const files = new EvidenceFiles(settings.vaultDir, join(settings.dataDir, 'evidence-clear'));
    const { evidenceLimit } = settings;
    const answers = await Answers.over(ledger, join(settings.dataDir, 'read-models.sqlite'));
    return {
      ledger,
      answers,
      publisher,
      tokens,
      vault,
      files,
      evidenceLimit,
      founded,
      close: () => closeAll(answers, store),
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Both of the log's signatures are asked for; witnesses are for each verifier to add (C2SP tlog-policy). */
const policyOf = ({ origin }: Settings, vault: Vault): string =>
  [
    `# What the operator of ${origin} hands to those who verify; get it from someone whom you trust.`,
    `log ${vkeyOf(origin, createPublicKey(vault.signingKey('log')))}`,
    `witness log-ml-dsa-44 ${vkeyOf(origin, createPublicKey(vault.signingKey('log-ml-dsa-44')))}`,
    'group both-of-the-log all log-ml-dsa-44',
    'quorum both-of-the-log',
    '',
  ].join('\n');

async function closeAll(answers: Answers, store: SequencedStore): Promise<void> {
  answers.close();
  await store.close();
}

/** Whether this process did, where others try as well. */
async function found(ledger: Ledger, vault: Vault, { origin, demo }: Settings): Promise<boolean> {
  const outcome = await foundLedger(ledger, {
    origin,
    mode: demo ? 'demo' : 'operational',
    keys: LOG_KEYS.map((purpose) => ({ purpose, jwk: publicJwkOf(vault, purpose) })),
    custodian: CUSTODIAN,
  });
  if (outcome.outcome !== 'done') throw new Error(`the ledger could not be founded: ${JSON.stringify(outcome)}`);
  return !outcome.repeated;
}
