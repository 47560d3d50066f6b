import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { consequences } from '@countersign/domain';
import { authorisation, authority, grant, HALYARD_5_0, partnerParty } from '@countersign/scenario';
import { actor, MINUTE, NOW, StoryFolder, type World } from './world.ts';

const story = new StoryFolder();
beforeAll(() => story.tell(), 60_000);
afterAll(() => story.remove());

const LA = actor('party-us-la', 'licensing-authority');
const LAB = actor(partnerParty('GB'), 'trusted-partner');
const reason = { reason: 'by the test' };
const asked = (session: string, modality: string, testers: readonly string[]) => ({
  session,
  modelVersion: HALYARD_5_0,
  modality,
  testers,
  place: 'GB',
  endUse: 'safety evaluation',
});
const openTwo = async (world: World) => {
  await world.give('OpenSession', 'grant', grant('GB'), LAB, asked('session-a', 'api', ['p-01']));
  await world.give('OpenSession', 'grant', grant('GB'), LAB, asked('session-b', 'weights', ['p-07']));
};

interface Act {
  readonly before: (world: World) => Promise<unknown>;
  /** The same each time it is given: a client asks again with the same key. */
  readonly act: (world: World) => Promise<unknown>;
}
const LATER = NOW + 60 * MINUTE;
const same = { idempotencyKey: 'crashing' };
const ACTS: Readonly<Record<string, Act>> = {
  'a session is authorised and opened (R10)': {
    before: () => Promise.resolve(),
    act: (world) => world.give('OpenSession', 'grant', grant('GB'), LAB, asked('session-a', 'api', ['p-01']), same),
  },
  'an authorisation is suspended under two open sessions (R12)': {
    before: openTwo,
    act: (world) => world.give('SuspendAuthorisation', 'authorisation', authorisation('GB'), LA, reason, same),
  },
  'it is reinstated (R12)': {
    before: async (world) => {
      await openTwo(world);
      await world.give('SuspendAuthorisation', 'authorisation', authorisation('GB'), LA, reason);
    },
    act: (world) => world.give('ReinstateAuthorisation', 'authorisation', authorisation('GB'), LA, reason, same),
  },
  'a grant is revoked, and what it has not used goes back (R5, R12)': {
    before: openTwo,
    act: (world) =>
      world.give('RevokeGrant', 'grant', grant('GB'), actor(authority('GB'), 'allied-authority'), reason, same),
  },
  'a revocation that was dated ahead takes effect (R12)': {
    before: async (world) => {
      await openTwo(world);
      await world.give('RevokeAuthorisation', 'authorisation', authorisation('GB'), LA, reason, { effectiveAt: LATER });
    },
    act: async (world) => {
      world.clock.set(LATER);
      await world.opened.ledger.settle();
    },
  },
};

class Crash extends Error {}

/** Lets `after` appends through, then dies: the next is durable, and nobody hears of it. */
function crashing(world: World, after: number): void {
  const { store } = world.opened.ledger;
  const append = store.append.bind(store);
  let n = 0;
  store.append = async (...args) => {
    if (n++ < after) return append(...args);
    if (n === after + 1) await append(...args);
    throw new Crash();
  };
}

/** What came after the beginning, whatever the order of streams: ids, so that nothing is there twice or otherwise. */
const outcome = (world: World, began: number) =>
  world
    .entries()
    .slice(began)
    .map(({ id, stream, type, data }) => `${stream} ${type} ${id} ${JSON.stringify(data)}`)
    .sort();

describe('a crash between any two appends, and the ledger opened again, comes to the same end, with nothing twice', () => {
  test.each(Object.entries(ACTS))('%s', async (_, { before, act }) => {
    const prepared = story.copy();
    const world = await story.open(prepared);
    await before(world);
    const began = world.entries().length;
    await world.opened.close();
    const run = async (crashAfter: number | undefined) => {
      const copy = story.copy(prepared);
      let crashed = false;
      const first = await story.open(copy, NOW);
      if (crashAfter !== undefined) crashing(first, crashAfter);
      await act(first).catch((fault: unknown) => {
        if (!(fault instanceof Crash)) throw fault;
        crashed = true;
      });
      await first.opened.close();
      const again = await story.open(copy, NOW);
      await act(again);
      await again.opened.ledger.settle();
      const came = outcome(again, began);
      expect(consequences(again.view, again.clock.now())).toEqual([]);
      await again.opened.close();
      return { crashed, came };
    };
    const { came: whole } = await run(undefined);
    expect(whole.length).toBeGreaterThan(1);
    let k = 0;
    for (; ; k++) {
      const { crashed, came } = await run(k);
      expect([k, came]).toEqual([k, whole]);
      if (!crashed) break;
    }
    expect(k).toBeGreaterThan(1);
  });
});
