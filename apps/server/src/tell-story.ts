import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { PartyId, Role } from '@countersign/domain';
import type { Tokens } from '@countersign/identity';
import type { Ledger, StoryClock } from '@countersign/ledger';
import { logFile, ROLES, STORY, type Step } from '@countersign/scenario';

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
  for (const [n, step] of STORY.entries()) {
    // What falls due is recorded at each midnight, not only when someone next acts.
    for (let midnight = nextMidnight(ledger.clock.now()); midnight <= Date.parse(step.at); midnight += DAY_MS) {
      clock.set(midnight);
      await ledger.settle();
    }
    clock.set(Date.parse(step.at));
    const answer = await app.inject({
      method: 'POST',
      url: `/v1/${step.path}`,
      headers: { authorization: `Bearer ${await bearerOf(step.by)}`, 'idempotency-key': `"story-${n}"` },
      payload: await withDigests(step, ledger, app, await bearerOf(step.by)),
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

/**
 * `digest: {of: liability}` stands for the digest of the text on that table, since a signer reads it before signing;
 * `file: {of: name}` for that of a file, which is put first.
 */
async function withDigests(
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
  const digest = body['digest'] as { of?: string } | undefined;
  if (digest?.of === undefined) return body;
  const state = ledger.view.state('liability', digest.of) as { proposal?: { digest: string } } | undefined;
  return { ...body, digest: state?.proposal?.digest };
}
