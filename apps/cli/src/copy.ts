import { join, resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { StoreLockedError, StoreUnavailableError } from '@countersign/event-store';
import { Vault } from '@countersign/identity';
import { copyLedger, type CopyOutcome, type CopyStep } from '@countersign/ledger';
import { ClientError } from './client-error.ts';
import { foundingOf, logKeyOf, nameOf, openSource, openTarget, placeOf, type Place } from './stores.ts';

interface Options {
  readonly from: string;
  readonly to: string;
  readonly vault?: string;
  readonly namespace: string;
}

/** `countersign copy --from STORE --to STORE`: moves a ledger to another store, where it goes on under the same origin. */
export const copyCommand = (): Command =>
  new Command('copy')
    .description('move a ledger to another store; stop all of its servers first')
    .requiredOption('--from <store>', 'where it is: sqlite:DATA_FOLDER or esdb://…')
    .requiredOption('--to <store>', 'where it goes: sqlite:DATA_FOLDER or esdb://…')
    .addOption(new Option('--vault <folder>', 'keys and evidence (default: DATA_FOLDER/vault)').env('VAULT_DIR'))
    .addOption(
      new Option('--namespace <name>', 'what the names of the ledger’s streams begin with on an event store')
        .env('STORE_NAMESPACE')
        .default('countersign.'),
    )
    .addHelpText(
      'after',
      `
The source is sealed by a last entry, and no server goes on there. Interrupted, run the same command again: it goes on.
Keys and evidence files stay in the vault and are not copied.
Exit code: 0 moved, 1 refused or failed, 2 not asked as it must be, or a store does not answer.`,
    )
    .action(async ({ from, to, vault, namespace }: Options) => {
      const [source, target] = [placeOf(from, namespace), placeOf(to, namespace)];
      if (nameOf(source) === nameOf(target)) throw new ClientError('--from and --to are the same store');
      const folder = vault ? resolve(vault) : vaultOf(source, target);
      const started = performance.now();
      try {
        const outcome = await move(source, target, folder);
        if ('refused' in outcome) return failed(outcome.refused);
        process.stdout.write(told(outcome, source, target, folder, (performance.now() - started) / 1000));
      } catch (error) {
        if (error instanceof ClientError || !(error instanceof Error)) throw error;
        if (error instanceof StoreUnavailableError) throw new ClientError(error.message);
        failed(error instanceof StoreLockedError ? error.message : `the copy failed: ${error.message}`);
      }
    });

function failed(because: string): void {
  process.stderr.write(`countersign: ${because}\n`);
  process.exitCode = 1;
}

function vaultOf(source: Place, target: Place): string {
  if (source.kind === 'sqlite') return join(source.folder, 'vault');
  if (target.kind === 'sqlite') return join(target.folder, 'vault');
  throw new ClientError('between two event stores, say --vault: the folder of the keys');
}

async function move(from: Place, to: Place, folder: string): Promise<CopyOutcome> {
  const founded = await foundingOf(from);
  if (founded === undefined) return { refused: `${nameOf(from)} holds no ledger` };
  const origin = founded.data['origin'] as string;
  const persons = new Vault(folder);
  const signed = { origin, key: logKeyOf(founded, persons, folder), vault: folder };
  const source = await openSource(from, to, signed);
  let done = false;
  try {
    const target = await openTarget(to, signed);
    const progress = new Progress();
    try {
      const outcome = await copyLedger({
        source: source.store,
        target,
        persons,
        onStep: (...at) => progress.at(...at),
      });
      done = !('refused' in outcome);
      return outcome;
    } finally {
      progress.stop();
      await target.close();
    }
  } finally {
    await source.close(done);
  }
}

function told(
  moved: Exclude<CopyOutcome, { refused: string }>,
  from: Place,
  to: Place,
  vault: string,
  seconds: number,
): string {
  const { entries, copied, checkpoints, root, origin } = moved;
  const how =
    copied === 0
      ? 'nothing was left to copy'
      : `${copied} of them now, in ${seconds.toFixed(1)} s (${Math.round(copied / seconds)} a second)`;
  const servers =
    to.kind === 'sqlite'
      ? `DATA_DIR=${to.folder} VAULT_DIR=${vault}`
      : `STORE=esdb://… STORE_NAMESPACE=${to.namespace} VAULT_DIR=${vault}`;
  return [
    `${origin} moved from ${nameOf(from)} to ${nameOf(to)}: ${entries} entries and ${checkpoints} checkpoints, ${how}.`,
    `The root over the target's own bytes is that of the source's last checkpoint: ${root}`,
    `Keys and evidence files were not copied, they are in ${vault}. Start its servers with ORIGIN=${origin} ${servers}`,
    '',
  ].join('\n');
}

const STEPS: Readonly<Record<CopyStep, string>> = {
  compare: 'comparing what is there',
  mark: 'sealing',
  seal: 'sealing',
  copy: 'copying',
  verify: 'verifying',
  finish: 'finishing',
};

/** A bar on a terminal; nothing elsewhere. */
class Progress {
  readonly #bar = process.stderr.isTTY
    ? new SingleBar({ format: '{step} {bar} {value}/{total}', stream: process.stderr, clearOnComplete: true })
    : undefined;
  #step: CopyStep | undefined;

  at(step: CopyStep, done: number, total: number): void {
    if (step !== this.#step) this.#bar?.start(total, done, { step: STEPS[step] });
    this.#step = step;
    this.#bar?.update(done);
  }
  stop(): void {
    this.#bar?.stop();
  }
}
