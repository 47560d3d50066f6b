import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PartyId, Role } from '@countersign/domain';
import type { Tokens } from '@countersign/identity';
import { commandIdOf, decodeEntry, eventIdOf, recordedOf, type Ledger, type StoryClock } from '@countersign/ledger';
import { logFile, ROLES, STORY, STORY_BEGINS, type Step } from '@countersign/scenario';
import type { Settings } from './settings.ts';

/** The demonstration begins in the time of its story. */
export const beginStory = ({ demo, empty }: Settings, clock: StoryClock): void => {
  if (demo && !empty) clock.set(Date.parse(STORY_BEGINS));
};

/**
 * Whether the story is to be told: to a ledger that this start founded, or on, where an earlier start was cut off in the
 * middle of it. On an event store another process may be telling it, so there it is not told on.
 */
export const storyIsDue = ({ demo, empty, store }: Settings, ledger: Ledger, founded: boolean): boolean =>
  demo && !empty && (founded || (store === 'sqlite' && wasTold(ledger, 0) && !wasTold(ledger, STORY.length - 1)));

/** Names the very story, so that one of another version is never continued by this one. */
const VERSION = createHash('sha256').update(JSON.stringify(STORY)).digest('hex').slice(0, 12);
const keyOf = (n: number): string => `story-${VERSION}-${n}`;
const wasTold = (ledger: Ledger, n: number): boolean =>
  ledger.store.indexOf(eventIdOf(commandIdOf((STORY[n] as Step).by, keyOf(n)), 0)) !== undefined;

/**
 * Posts the story's steps to the application's own API, in the story's time; the ledger also acts in between, when
 * something falls due. A demonstration only: entry 0 says so.
 *
 * @throws Error if the API answers otherwise than the story says
 */
export async function tellStory(
  app: NestFastifyApplication,
  ledger: Ledger,
  tokens: Tokens,
  clock: StoryClock,
): Promise<void> {
  const bearers = new Map<string, string>();
  const bearerOf = async (party: string): Promise<string> => {
    const role = (ROLES[party] ?? (party.endsWith('-lab') ? 'trusted-partner' : 'allied-authority')) as Role;
    const known = bearers.get(party) ?? (await tokens.issue({ party: party as PartyId, role, subject: party }, 3600));
    bearers.set(party, known);
    return known;
  };
  // An earlier start that was cut off has written the first ones, perhaps.
  const [head] = ledger.store.size > 1 ? ledger.store.entries(ledger.store.size - 1, ledger.store.size) : [];
  if (head) clock.set(recordedOf(decodeEntry(head.data), head.index).recordedAt);
  for (const [n, step] of STORY.entries()) {
    if (wasTold(ledger, n)) continue;
    // What falls due is recorded at each midnight, not only when someone next acts.
    for (let midnight = nextMidnight(ledger.clock.now()); midnight <= Date.parse(step.at); midnight += DAY_MS) {
      clock.set(midnight);
      await ledger.settle();
    }
    clock.set(Math.max(ledger.clock.now(), Date.parse(step.at)));
    const answer = await app.inject({
      method: 'POST',
      url: `/v1/${step.path}`,
      headers: { authorization: `Bearer ${await bearerOf(step.by)}`, 'idempotency-key': `"${keyOf(n)}"` },
      payload: await bodyOf(step, ledger, app, await bearerOf(step.by)),
    });
    const expected = step.refused === undefined ? answer.statusCode < 300 : answer.statusCode === 403;
    const reason = answer.statusCode === 403 ? (answer.json<{ reasons?: { rule: string }[] }>().reasons ?? []) : [];
    if (!expected || (step.refused !== undefined && !reason.some(({ rule }) => rule === step.refused)))
      throw new Error(`step ${n} of the story, ${step.path} by ${step.by}: ${answer.statusCode} ${answer.body}`);
  }
  clock.release();
}

const DAY_MS = 86_400_000;
const nextMidnight = (time: number): number => (Math.floor(time / DAY_MS) + 1) * DAY_MS;

/** The step's body with what only the ledger knows by then (`Step.body`); a file is put first. */
async function bodyOf(
  { body }: Step,
  ledger: Ledger,
  app: NestFastifyApplication,
  bearer: string,
): Promise<Record<string, unknown>> {
  const file = body['file'] as { of?: string } | undefined;
  if (file?.of !== undefined) {
    const content = readFileSync(logFile(file.of));
    const sha256 = createHash('sha256').update(content).digest('hex');
    const put = await app.inject({
      method: 'PUT',
      url: `/v1/evidence-files/${sha256}`,
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/octet-stream' },
      payload: content,
    });
    if (put.statusCode !== 200) throw new Error(`${file.of}: ${put.statusCode} ${put.body}`);
    return { ...body, file: sha256 };
  }
  const position = body['position'] as { before?: string } | undefined;
  if (position?.before !== undefined) return { ...body, position: lastBefore(ledger, Date.parse(position.before)) };
  const digest = body['digest'] as { of?: string } | undefined;
  if (digest?.of === undefined) return body;
  const state = ledger.view.state('liability', digest.of) as { proposal?: { digest: string } } | undefined;
  return { ...body, digest: state?.proposal?.digest };
}

function lastBefore(ledger: Ledger, time: number): number {
  let last = 0;
  for (const { data, index } of ledger.store.entries(0, ledger.store.size))
    if (recordedOf(decodeEntry(data), index).recordedAt < time) last = index;
  return last;
}
