import { resolve } from 'node:path';

/** What a deployment sets, from the environment and the command line. */
export interface Settings {
  readonly dataDir: string;
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
}

/** @throws Error that says which setting is wrong and what it may be */
export function settingsFrom(env: NodeJS.ProcessEnv, argv: readonly string[]): Settings {
  const port = Number(env['PORT'] ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT=${env['PORT']} is no port: 0 to 65535`);
  const unknown = argv.find((argument) => argument !== '--empty');
  if (unknown !== undefined) throw new Error(`${unknown} is no option: --empty`);
  const evidenceLimit = Number(env['EVIDENCE_LIMIT'] ?? 4 * 1024 ** 3);
  if (!Number.isSafeInteger(evidenceLimit) || evidenceLimit < 1)
    throw new Error(`EVIDENCE_LIMIT=${env['EVIDENCE_LIMIT']} is no number of bytes`);
  const origin = env['ORIGIN'] ?? 'demo.countersign.example/log';
  if (!/^[^\s+]{1,255}$/.test(origin))
    throw new Error('ORIGIN is a name without spaces and plus signs, 1 to 255 bytes');
  return {
    dataDir: resolve(env['DATA_DIR'] ?? 'data'),
    port,
    host: env['HOST'] ?? '127.0.0.1',
    origin,
    demo: env['MODE'] !== 'operational',
    empty: argv.includes('--empty'),
    evidenceLimit,
  };
}
