import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { EVENTS, problemsOf } from '@countersign/domain';
import { aftermath, seal } from './aftermath.ts';
import { refsWatch } from './refs.ts';
import { StoryFolder, type World } from './world.ts';

const story = new StoryFolder();
let world: World;
beforeAll(async () => {
  await story.tell();
  world = await story.open();
  await aftermath(world);
  await seal(world);
}, 60_000);
afterAll(async () => {
  await world.opened.close();
  story.remove();
});

test('the story and what comes after it have every event type', () => {
  const seen = new Set(world.entries().map(({ type }) => type));
  expect([...EVENTS.keys()].filter((type) => !seen.has(type))).toEqual([]);
});

test('each entry carries every id that its facets need: who acted, its stream, what its data names, and what that brings', () => {
  expect(refsWatch()(world.entries())).toEqual([]);
});

test.each([...EVENTS.values()].filter(({ requires }) => requires.length > 0).map((each) => [each.type, each] as const))(
  '%s is not written without the refs that its type requires',
  (type, { requires }) => {
    const entry = world.entries().find((each) => each.type === type);
    if (entry === undefined) throw new Error(`there is no ${type}`);
    expect(problemsOf(entry)).toEqual([]);
    for (const ref of requires) {
      const { [ref]: _, ...refs } = entry.refs;
      expect(problemsOf({ ...entry, refs })).toEqual([`refs.${ref} is missing`]);
    }
  },
);
