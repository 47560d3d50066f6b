import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { CONTEXTS, problemsOf, type Actor, type PartyId } from '@countersign/domain';
import { openSqliteStore, openSqliteTarget, type SequencedStore } from '@countersign/event-store';
import { Vault } from '@countersign/identity';
import { foundLedger, Ledger, systemClock, type Outcome } from '@countersign/ledger';

export const origin = 'ledger.example/log';
const custodian: Actor = { party: 'party-custodian' as PartyId, role: 'custodian' };

/** A ledger's folder, as a server has it, with the vault beside. */
export const vaultIn = (root: string): Vault => new Vault(join(root, 'vault'));
const files = (root: string, name: string) => ({
  file: join(root, `${name}.sqlite`),
  highWaterFile: join(root, `${name}.high-water`),
});
export const openStore = (root: string, name: string): Promise<SequencedStore> =>
  openSqliteStore({ ...files(root, name), origin, signingKey: vaultIn(root).signingKey('log') });
export const openTarget = (root: string, name: string) =>
  openSqliteTarget({ ...files(root, name), origin, publicKey: createPublicKey(vaultIn(root).signingKey('log')) });

export const openLedger = (store: SequencedStore, vault: Vault): Ledger =>
  Ledger.open({
    store,
    clock: systemClock,
    persons: vault,
    deciders: CONTEXTS,
    validate: problemsOf,
    source: `https://${origin}`,
  });

export function found(ledger: Ledger, vault: Vault): Promise<Outcome> {
  const jwk = JSON.stringify(createPublicKey(vault.signingKey('log')).export({ format: 'jwk' }));
  return foundLedger(ledger, {
    origin,
    mode: 'operational',
    keys: [{ purpose: 'log', jwk }],
    custodian: custodian.party,
  });
}

/** One command, of one or two streams' worth of history: a party is registered, and renamed by `rename`. */
export const register = (ledger: Ledger, name: string): Promise<Outcome> =>
  ledger.execute({
    type: 'RegisterParty',
    category: 'party',
    id: `party-${name}`,
    actor: custodian,
    idempotencyKey: `register ${name}`,
    route: 'parties',
    payload: { name, kind: 'trusted-partner', country: 'GB' },
  });
export const rename = (ledger: Ledger, name: string, to: string): Promise<Outcome> =>
  ledger.execute({
    type: 'AmendParty',
    category: 'party',
    id: `party-${name}`,
    actor: custodian,
    idempotencyKey: `rename ${name} ${to}`,
    route: 'parties/amend',
    payload: { name: to },
  });

/** A ledger of about this many entries, signed in groups of different sizes. */
export async function grow(root: string, name: string, entries: number): Promise<void> {
  const vault = vaultIn(root);
  const store = await openStore(root, name);
  const ledger = openLedger(store, vault);
  await found(ledger, vault);
  for (let group = 1; store.size < entries; group = (group % 17) + 1) {
    const names = Array.from({ length: group }, (_, i) => `${store.size}-${i}`);
    await Promise.all(names.map((each) => register(ledger, each)));
    if (group % 3 === 0) await Promise.all(names.map((each) => rename(ledger, each, `${each} renamed`)));
  }
  await store.setMeta('repeated-refusals/ledger', Buffer.from('[]'));
  await store.close();
}

/** All that a move must keep: each entry's bytes and place, each checkpoint, what is kept beside. */
export function kept(store: SequencedStore, size = store.size): object {
  return {
    entries: [...store.entries(0, size)].map(({ id, type, stream, revision, index, data }) =>
      [index, id, type, stream, revision, Buffer.from(data).toString()].join(' '),
    ),
    checkpoints: Array.from({ length: size + 1 }, (_, at) => store.checkpointAt(at)),
    beside: Buffer.from(store.getMeta('repeated-refusals/ledger') ?? []).toString(),
  };
}
