/** A real EventStoreDB of a test's own, one node or a cluster, that can be killed. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from '@jest/globals';

/** The folder of a server (with EventStore.ClusterNode.dll), and the script that starts it: `start.sh SERVER DATA NODES PORT`. */
export const folder = process.env['EVENTSTOREDB_SERVER'];
const script = process.env['EVENTSTOREDB_START'];

/** Why tests that need to start and kill servers cannot run; undefined if they can. */
const cannotStart =
  folder === undefined || script === undefined
    ? 'skipped: set EVENTSTOREDB_SERVER to the folder of a server and EVENTSTOREDB_START to the script that starts it'
    : undefined;

// Jest says nothing of a file all of whose tests are skipped.
if (cannotStart !== undefined) process.stderr.write(`test/faults ${cannotStart}\n`);

/** Tests that start, and may kill, servers of their own. `cannot`: why they cannot run, if they need more than that. */
export const onRealServer = (what: string, tests: () => void, cannot?: () => string | undefined): void => {
  const lacks = cannotStart === undefined ? cannot?.() : undefined;
  if (lacks !== undefined) process.stderr.write(`test/faults, ${what}: ${lacks}\n`);
  const why = cannotStart ?? lacks;
  if (why === undefined) describe(`${what}, on a real server`, tests);
  else describe.skip(`${what}, on a real server (${why})`, tests);
};

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

export class EventStoreDb {
  url = '';
  readonly #data: string;
  readonly #nodes: 1 | 3;
  readonly #port: number;

  private constructor(data: string, nodes: 1 | 3, port: number) {
    this.#data = data;
    this.#nodes = nodes;
    this.#port = port;
  }

  /** `data`: an empty folder of its own, removed at the end; a new one unless told. */
  static async start(
    nodes: 1 | 3,
    port: number,
    data = mkdtempSync(join(tmpdir(), 'faults-esdb-')),
  ): Promise<EventStoreDb> {
    const started = new EventStoreDb(data, nodes, port);
    await started.start();
    return started;
  }

  /** Brings back whichever nodes are down, and returns once there is a leader. */
  async start(): Promise<void> {
    const asked = [folder as string, this.#data, `${this.#nodes}`, `${this.#port}`];
    const { stdout } = await promisify(execFile)(script as string, asked, { encoding: 'utf8' });
    this.url = stdout.trim().split('\n').at(-1) as string;
  }

  /** A crash: no node can do anything about it. */
  kill(node = 1): void {
    process.kill(this.#pid(node), 'SIGKILL');
  }

  /** It stands still, as a machine does that is frozen, or that nobody reaches: it does not know that time passes. */
  freeze(node: number): void {
    process.kill(this.#pid(node), 'SIGSTOP');
  }

  thaw(node: number): void {
    process.kill(this.#pid(node), 'SIGCONT');
  }

  /** Whether its process is there. */
  runs(node = 1): boolean {
    return isAlive(this.#pid(node));
  }

  /**
   * What a supervisor does: brings back whichever nodes end, until all are there for some seconds. A leader that comes back
   * with events that nobody else has ends itself to cut them off. Returns how many were brought back.
   */
  async whole(): Promise<number> {
    let revived = 0;
    for (let sound = 0, tries = 0; sound < 4; tries++) {
      if (tries > 120) throw new Error('the cluster does not become whole');
      const down = this.#all().filter((n) => !isAlive(this.#pid(n)));
      revived += down.length;
      if (down.length > 0) await this.start();
      const seen = await Promise.all(this.#all().map((n) => membersSeenBy(this.#port + n - 1)));
      const states = (of: readonly Member[]) => of.filter((each) => each.isAlive).map(({ state }) => state);
      const whole = seen.every((members) =>
        ['Leader', 'Follower'].every(
          (state, n) => states(members).filter((each) => each === state).length === [1, this.#nodes - 1][n],
        ),
      );
      sound = whole && down.length === 0 ? sound + 1 : 0;
      await pause(1000);
    }
    return revived;
  }

  #all(): number[] {
    return Array.from({ length: this.#nodes }, (_, n) => n + 1);
  }

  /** Number of the node that leads, counted from 1, as the others say. */
  async leader(): Promise<number> {
    for (let n = 1; n <= this.#nodes; n++) {
      const members = await membersSeenBy(this.#port + n - 1);
      const found = members.find(({ state, isAlive }) => state === 'Leader' && isAlive);
      if (found) return found.httpEndPointPort - this.#port + 1;
    }
    throw new Error('no node leads');
  }

  async stop(): Promise<void> {
    for (const n of this.#all()) if (existsSync(join(this.#data, `${n}.pid`)) && isAlive(this.#pid(n))) this.kill(n);
    await pause(500);
    rmSync(this.#data, { recursive: true, force: true });
  }

  #pid(node: number): number {
    return Number(readFileSync(join(this.#data, `${node}.pid`), 'utf8'));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface Member {
  readonly state: string;
  readonly isAlive: boolean;
  readonly httpEndPointPort: number;
}
async function membersSeenBy(port: number): Promise<readonly Member[]> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/gossip`, { signal: AbortSignal.timeout(2000) });
    return ((await answer.json()) as { members: Member[] }).members;
  } catch {
    return [];
  }
}
