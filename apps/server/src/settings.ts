import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { LOG_LEVELS, type LogLevel } from './logging.ts';

/** `esdb://…`, and what the names of this ledger's streams begin with there. */
export interface EventStoreDb {
  readonly connectionString: string;
  readonly namespace: string;
}

/** What a deployment sets, from the environment and the command line. */
export interface Settings {
  readonly dataDir: string;
  /** Keys, and evidence files: a folder that all processes on one event store share. */
  readonly vaultDir: string;
  /** Where the events are: in the data folder, or on an EventStoreDB or KurrentDB (its connection string). */
  readonly store: 'sqlite' | EventStoreDb;
  /** Who this process is among those on one event store; keeps its name over restarts. */
  readonly node: string;
  readonly port: number;
  readonly host: string;
  /** Origin of the log and `source` of its entries, without scheme (C2SP tlog-checkpoint). */
  readonly origin: string;
  /** A demonstration: tokens are printed, and its mode is in entry 0 for good. */
  readonly demo: boolean;
  /** Start without the scenario. */
  readonly empty: boolean;
  /** Bytes of the largest evidence file that is taken. */
  readonly evidenceLimit: number;
  /** What is logged, on standard error: a line for each request from `info` on. */
  readonly logLevel: LogLevel;
}

/** @throws Error that says which setting is wrong and what it may be */
export function settingsFrom(
  env: NodeJS.ProcessEnv,
  argv: readonly string[],
  /** Whether a person reads along: then only what is wrong is logged, if nothing else is asked for. */
  terminal = false,
): Settings {
  const port = /^\d{1,5}$/.test(env['PORT'] ?? '3000') ? Number(env['PORT'] ?? '3000') : NaN;
  if (!(port <= 65_535)) throw new Error(`PORT=${env['PORT']} is no port: 0 to 65535`);
  const unknown = argv.find((argument) => argument !== '--empty');
  if (unknown !== undefined) throw new Error(`${unknown} is no option: --empty`);
  const evidenceLimit = Number(env['EVIDENCE_LIMIT'] ?? 4 * 1024 ** 3);
  if (!Number.isSafeInteger(evidenceLimit) || evidenceLimit < 1)
    throw new Error(`EVIDENCE_LIMIT=${env['EVIDENCE_LIMIT']} is no number of bytes`);
  const origin = env['ORIGIN'] ?? 'demo.countersign.example/log';
  if (!/^[^\s+]{1,255}$/.test(origin))
    throw new Error('ORIGIN is a name without spaces and plus signs, 1 to 255 bytes');
  const mode = env['MODE'] ?? 'demo';
  if (mode !== 'demo' && mode !== 'operational') throw new Error(`MODE=${mode} is neither demo nor operational`);
  const logLevel = env['LOG_LEVEL'] ?? (terminal ? 'warn' : 'info');
  if (!LOG_LEVELS.some((level) => level === logLevel))
    throw new Error(`LOG_LEVEL=${logLevel} is none of ${LOG_LEVELS.join(', ')}`);
  const store = env['STORE'] || 'sqlite';
  if (store !== 'sqlite' && !/^(esdb|kurrentdb)(\+discover)?:\/\/[^\s/?]+(\/?\?\S*|\/?)$/.test(store))
    // It may hold credentials: it is not repeated.
    throw new Error('STORE is sqlite, or the connection string of an event store: esdb://HOST:PORT?…');
  const namespace = env['STORE_NAMESPACE'] || 'countersign.';
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(namespace))
    throw new Error('STORE_NAMESPACE is 1 to 64 letters, digits, dots, dashes and underscores');
  const node = env['NODE_NAME'] || hostname();
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(node))
    throw new Error('NODE_NAME is 1 to 64 letters, digits, dots, dashes and underscores');
  const dataDir = resolve(env['DATA_DIR'] || 'data');
  return {
    dataDir,
    vaultDir: env['VAULT_DIR'] ? resolve(env['VAULT_DIR']) : join(dataDir, 'vault'),
    store: store === 'sqlite' ? store : { connectionString: store.replace(/^kurrentdb/, 'esdb'), namespace },
    node: store === 'sqlite' ? 'ledger' : node,
    port,
    host: env['HOST'] || '127.0.0.1',
    origin,
    demo: mode === 'demo',
    empty: argv.includes('--empty'),
    evidenceLimit,
    logLevel: logLevel as LogLevel,
  };
}
