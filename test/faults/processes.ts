/** Processes of one ledger, and what each was told. */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const ORIGIN = 'faults.example/log';

export interface Acknowledged {
  readonly at: number;
  readonly acknowledged: readonly string[];
  readonly stream: string;
  readonly revisions: readonly number[];
  readonly indices: readonly number[];
  readonly size: number;
}

export class Appending {
  readonly acknowledged: Acknowledged[] = [];
  readonly checkpoints = new Set<string>();
  readonly faults: string[] = [];
  readonly uncaught: string[] = [];
  leads = false;
  readOnly: string | undefined;
  readonly process: ChildProcess;
  readonly ended: Promise<void>;
  readonly opened: Promise<void>;

  constructor(process: ChildProcess) {
    this.process = process;
    const opened = Promise.withResolvers<void>();
    this.opened = opened.promise;
    this.ended = new Promise((done) =>
      process.once('close', (code, signal) => {
        if (code !== 0 && signal === null) this.uncaught.push(`the process ended with ${code}`);
        opened.resolve();
        done();
      }),
    );
    createInterface({ input: process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const told = JSON.parse(line) as Record<string, never> & { at: number };
      if ('acknowledged' in told) this.acknowledged.push(told as unknown as Acknowledged);
      else if ('checkpoint' in told) this.checkpoints.add(told['checkpoint']);
      else if ('fault' in told) this.faults.push(told['fault']);
      else if ('uncaught' in told) this.uncaught.push(told['uncaught']);
      else if ('leads' in told) [this.leads, this.readOnly] = [told['leads'], told['readOnly']];
      else if ('open' in told) opened.resolve();
    });
  }

  async stop(): Promise<void> {
    this.process.kill('SIGCONT');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 30_000);
    await this.ended;
    clearTimeout(timer);
  }
}

/** What all processes of a ledger have in common. */
export class SharedLedger {
  readonly namespace = `faults-${randomUUID()}.`;
  readonly origin = ORIGIN;
  readonly folder = mkdtempSync(join(tmpdir(), 'faults-'));
  readonly key = generateKeyPairSync('ed25519');
  readonly running: Appending[] = [];

  start(
    connectionString: string,
    node: string,
    options: { appenders?: number; pauseMs?: number; leaseMs?: number; deadlineMs?: number } = {},
    skewMs = 0,
  ): Appending {
    const settings = {
      connectionString,
      namespace: this.namespace,
      origin: this.origin,
      mirrorFile: join(this.folder, `${node}.sqlite`),
      highWaterFile: join(this.folder, 'high-water'),
      node,
      leaseMs: 2000,
      deadlineMs: 10_000,
      appenders: 8,
      pauseMs: 0,
      ...options,
    };
    const script = join(import.meta.dirname, 'appending-process.ts');
    const child = spawn(process.execPath, ['--conditions=development', script, JSON.stringify(settings)], {
      env: {
        ...process.env,
        CLOCK_SKEW_MS: `${skewMs}`,
        LOG_KEY: this.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const started = new Appending(child);
    this.running.push(started);
    return started;
  }

  /** Two processes, once both have it open. */
  async startTwo(url: string, options: Parameters<SharedLedger['start']>[2] = {}): Promise<void> {
    for (const node of ['a', 'b']) this.start(url, node, { pauseMs: 5, ...options });
    await Promise.all(this.running.map(({ opened }) => opened));
  }

  get acknowledged(): Acknowledged[] {
    return this.running.flatMap(({ acknowledged }) => acknowledged).toSorted((a, b) => a.at - b.at);
  }

  async destroy(): Promise<void> {
    for (const { process } of this.running) process.kill('SIGKILL');
    await Promise.all(this.running.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
