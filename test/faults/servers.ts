/** Three servers of one ledger, as the product runs: one event store, one vault, any process, any command. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { PartyId, Role } from '@countersign/domain';
import { Tokens, Vault } from '@countersign/identity';
import { ROLES } from '@countersign/scenario';
import { ORIGIN } from './processes.ts';

const root = resolve(import.meta.dirname, '../..');

export interface Answer {
  readonly server: number;
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: Record<string, any>;
  readonly position: number | undefined;
  /** When it was asked and answered, in milliseconds. */
  readonly sent: number;
  readonly answered: number;
}

/** A party in its own role, or with a token that says it has another one. */
export type By = string | { readonly party: string; readonly as: Role };

export class Servers {
  readonly namespace = `faults-${randomUUID()}.`;
  readonly folder = mkdtempSync(join(tmpdir(), 'faults-servers-'));
  readonly urls: string[] = [];
  readonly processes: ChildProcess[] = [];
  readonly #store: string;
  readonly #skewsMs: readonly number[];
  #tokens: Tokens | undefined;
  readonly #bearers = new Map<string, string>();

  /** `skewsMs`: by how much the clock of each server is wrong. */
  constructor(store: string, skewsMs: readonly number[] = []) {
    this.#store = store;
    this.#skewsMs = skewsMs;
  }

  /** Starts one more, and returns once it listens; the first tells the story that ships. */
  async start(): Promise<void> {
    const n = this.processes.length;
    const clock = join(import.meta.dirname, 'skewed-clock.ts');
    const child = spawn(process.execPath, ['--import', clock, join(root, 'apps/server/dist/main.js')], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        LOG_LEVEL: 'warn',
        ORIGIN,
        STORE: this.#store,
        STORE_NAMESPACE: this.namespace,
        VAULT_DIR: join(this.folder, 'vault'),
        DATA_DIR: join(this.folder, `data-${n}`),
        NODE_NAME: `server-${n}`,
        CLOCK_SKEW_MS: `${this.#skewsMs[n] ?? 0}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.processes.push(child);
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += String(chunk);
      });
    for (let i = 0; i < 900; i++) {
      const url = /Countersign is at (http:\S+)/.exec(said)?.[1];
      if (url !== undefined) {
        this.urls.push(url);
        return;
      }
      if (child.exitCode !== null) break;
      await new Promise((turn) => setTimeout(turn, 100));
    }
    throw new Error(`server ${n} did not start: ${said}`);
  }

  /** The key that the log is signed by. */
  get logKey(): KeyObject {
    return createPublicKey(this.#vault.signingKey('log'));
  }

  get #vault(): Vault {
    return new Vault(join(this.folder, 'vault'));
  }

  async #bearer(by: By): Promise<string> {
    const { party, as } = typeof by === 'string' ? { party: by, as: roleOf(by) } : by;
    const known = this.#bearers.get(`${party} ${as}`);
    if (known !== undefined) return known;
    const source = `https://${ORIGIN}`;
    this.#tokens ??= new Tokens(this.#vault.signingKey('token'), { issuer: source, audience: source });
    const token = await this.#tokens.issue({ party: party as PartyId, role: as, subject: party }, 3600);
    this.#bearers.set(`${party} ${as}`, token);
    return token;
  }

  async post(
    server: number,
    by: By,
    path: string,
    body: object,
    key: string = randomUUID(),
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return await this.#ask(server, by, path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `"${key}"`, ...headers },
      body: JSON.stringify(body),
    });
  }

  async get(server: number, by: By, path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return await this.#ask(server, by, path, { headers });
  }

  async #ask(server: number, by: By, path: string, init: RequestInit & { headers: object }): Promise<Answer> {
    const authorization = `Bearer ${await this.#bearer(by)}`;
    const sent = performance.now();
    const answer = await fetch(`${this.urls[server]}/v1/${path}`, {
      ...init,
      headers: { ...init.headers, authorization },
      signal: AbortSignal.timeout(30_000),
    });
    const position = answer.headers.get('position');
    const body = (await answer.json()) as Record<string, unknown>;
    return {
      server,
      status: answer.status,
      body,
      position: position === null ? undefined : Number(position),
      sent,
      answered: performance.now(),
    };
  }

  async stop(): Promise<void> {
    for (const child of this.processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const roleOf = (party: string): Role =>
  (ROLES[party] ?? (party.endsWith('-lab') ? 'trusted-partner' : 'allied-authority')) as Role;
