import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Ledger, type Outcome } from '@countersign/ledger';

/** What to watch (Prometheus text format). Labels are names of commands and outcomes: nothing that a caller writes. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  readonly #commands: Counter;
  readonly #seconds: Histogram;

  constructor(@Inject(Ledger) ledger: Ledger) {
    const registers = [this.registry];
    this.#commands = new Counter({
      name: 'countersign_commands_total',
      help: 'Commands by what came of them',
      labelNames: ['command', 'outcome'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'countersign_receipt_seconds',
      help: 'From a command that may be decided to its receipts: durable and in a signed tree',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge('countersign_log_size', 'Entries in the tree of the latest checkpoint', () => ledger.store.size);
    gauge('countersign_view_lag', 'Entries that decisions do not see yet', () =>
      Math.max(0, ledger.store.size - 1 - ledger.view.index),
    );
    gauge(
      'countersign_clock_behind_seconds',
      'How far the clock here is behind the time of the log',
      () => Math.max(0, ledger.view.logTime - ledger.clock.now()) / 1000,
    );
    gauge('countersign_store_away', '1 while there is no way to the event store', () =>
      ledger.store.awayBecause === undefined ? 0 : 1,
    );
    gauge('countersign_signs', '1 in the process that signs checkpoints', () => ((ledger.store.leads ?? true) ? 1 : 0));
    gauge('countersign_read_only', '1 while commands are refused because nothing may be signed', () =>
      ledger.store.readOnlyBecause === undefined ? 0 : 1,
    );
    gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  }

  /** Carries a command out and counts it. */
  async measure(command: string, execute: () => Promise<Outcome>): Promise<Outcome> {
    const started = performance.now();
    try {
      const outcome = await execute();
      this.#commands.inc({ command, outcome: outcome.outcome });
      if (outcome.outcome === 'done') this.#seconds.observe((performance.now() - started) / 1000);
      return outcome;
    } catch (error) {
      this.#commands.inc({ command, outcome: 'fault' });
      throw error;
    }
  }
}
