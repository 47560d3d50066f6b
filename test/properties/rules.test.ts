import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  authorisationAt,
  consequences,
  grantAt,
  isIssued,
  leftOf,
  usedOf,
  type Actor,
  type AuthorisationState,
  type DomainView,
  type GrantState,
  type Recorded,
  type Role,
} from '@countersign/domain';
import { decodeEntry, recordedOf, StoryClock, type Outcome } from '@countersign/ledger';
import { History, StatesAt } from '@countersign/read-models';
import {
  authority,
  authorisation,
  grant,
  HALYARD_5_0,
  partner,
  partnerParty,
  STORY,
  STORY_BEGINS,
  type Step,
} from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger, type OpenLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';

/** The world of the story, with real store and real time, in which commands come in any order and at once. */
const folder = mkdtempSync(join(tmpdir(), 'rules-'));
let opened: OpenLedger;
let view: DomainView;
let key = 0;

beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  opened = await openLedger(settingsFrom({ DATA_DIR: folder }, []), clock);
  const app = await applicationOver(opened, false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  await tellStory(app, opened.ledger, opened.tokens, clock);
  await app.close();
  view = opened.ledger.view as unknown as DomainView;
});
afterAll(async () => {
  await opened.close();
  rmSync(folder, { recursive: true });
});

const actor = (party: string, role: Role): Actor => ({ party: party as Actor['party'], role });
const LA = actor('party-us-la', 'licensing-authority');
const DEVELOPER = actor('party-northlight', 'developer');
const ALLY = actor(authority('DE'), 'allied-authority');
const LAB = actor(partnerParty('DE'), 'trusted-partner');
const GRANT = grant('DE');
const AUTHORISATION = authorisation('DE');
const PARTNER = partner('DE');

const give = (type: string, category: string, id: string, by: Actor, payload: object = {}): Promise<Outcome> =>
  opened.ledger.execute({
    type,
    category,
    id,
    payload,
    actor: by,
    idempotencyKey: `rules-${++key}`,
    route: `/${type}`,
  });

const openSession = () =>
  give('OpenSession', 'grant', GRANT, LAB, {
    session: `session-rules-${++key}`,
    modelVersion: HALYARD_5_0,
    modality: 'api',
    testers: ['p-05'],
    place: 'DE',
    endUse: 'safety evaluation',
  });
const period = { from: '2026-07-20T00:00:00.000Z', until: '2036-07-21T00:00:00.000Z' };
const reason = { reason: 'by the test' };

const ACTS: Readonly<Record<string, () => Promise<unknown>>> = {
  open: openSession,
  'open three at once': () => Promise.all([openSession(), openSession(), openSession()]),
  'suspend authorisation': () => give('SuspendAuthorisation', 'authorisation', AUTHORISATION, LA, reason),
  'reinstate authorisation': () => give('ReinstateAuthorisation', 'authorisation', AUTHORISATION, LA, reason),
  'open and suspend at once': () =>
    Promise.all([
      openSession(),
      give('SuspendAuthorisation', 'authorisation', AUTHORISATION, LA, reason),
      openSession(),
    ]),
  'developer suspends grant': () => give('SuspendGrant', 'grant', GRANT, DEVELOPER, reason),
  'developer reinstates grant': () => give('ReinstateGrant', 'grant', GRANT, DEVELOPER, reason),
  'ally suspends grant': () => give('SuspendGrant', 'grant', GRANT, ALLY, reason),
  'ally reinstates grant': () => give('ReinstateGrant', 'grant', GRANT, ALLY, reason),
  'suspend partner': () => give('SuspendPartner', 'partner', PARTNER, LA, reason),
  'reinstate partner': () => give('ReinstatePartner', 'partner', PARTNER, ALLY, reason),
  'suspend party': () => give('SuspendParty', 'party', partnerParty('DE'), LA, reason),
  'reinstate party': () => give('ReinstateParty', 'party', partnerParty('DE'), LA, reason),
  'end clearance': () => give('EndClearance', 'tester', 'p-05', ALLY, reason),
  clear: () => give('RecordClearance', 'tester', 'p-05', ALLY, { level: 'SECRET', period }),
  'complete a session': async () => {
    const open = view.related('session', 'grant', GRANT).find((id) => view.state('session', id)?.status === 'open');
    if (open !== undefined) await give('CompleteSession', 'session', open, LAB);
  },
};

function mustHold(): void {
  const now = opened.ledger.clock.now();
  for (const id of view.all('authorisation')) {
    const state = view.state('authorisation', id) as AuthorisationState;
    if (isIssued(state))
      for (const { item } of state.scope.items) expect(leftOf(state, item)).toBeGreaterThanOrEqual(0); // R5
  }
  for (const id of view.all('grant')) {
    const state = view.state('grant', id) as GrantState;
    if (state.status === 'unknown') continue;
    for (const { item, amount } of state.scope.items) expect(usedOf(state, item)).toBeLessThanOrEqual(amount); // R9
    if (state.status === 'active') {
      expect(Object.keys(state.approvals).sort()).toEqual(['allied-authority', 'developer']); // R6
      expect({ id, holds: authorisationAt(view.state('authorisation', state.scope.authorisation), now).holds }).toEqual(
        { id, holds: true },
      ); // R12
      expect(view.state('partner', state.partner)?.status).toBe('admitted');
      expect(view.state('party', state.party)?.status).toBe('registered');
    }
    for (const session of Object.keys(state.sessions)) {
      const opened = view.state('session', session);
      expect(opened).toBeDefined(); // R10: SessionOpened follows
      if (opened?.status === 'open' && opened.terminationOrdered === undefined)
        expect({ session, holds: grantAt(state, now).holds }).toEqual({ session, holds: true }); // R12
    }
  }
}

test('a session authorised after its basis ended in log order is voided, and its quota given back (R13)', () => {
  const history = new History();
  for (const { data, index } of opened.ledger.store.entries(0, opened.ledger.store.size))
    history.add(recordedOf(decodeEntry(data), index));
  const now = opened.ledger.clock.now();
  const last = (type: string) =>
    history.entries.findLast((entry) => entry.type === type && entry.refs.grant?.includes(grant('GB'))) as Recorded;
  // What another process may write: its decision was made before the suspension reached it, and came into the log after it.
  const write = (of: Recorded, change: object) =>
    history.add({
      ...of,
      index: history.head + 1,
      id: `event-${history.head + 1}` as Recorded['id'],
      recordedAt: now,
      effectiveAt: now,
      ...change,
    });
  const authorised = last('SessionAuthorised');
  write(authorised, {
    type: 'AuthorisationSuspended',
    stream: authorisation('GB'),
    data: { reason: 'by the test' },
    refs: { authorisation: [authorisation('GB')] },
  });
  const cause = history.entries.at(-1)?.id;
  const session = 'session-late';
  const refs = { ...authorised.refs, session: [session] };
  write(authorised, { data: { ...authorised.data, session }, refs });
  const moment = () => ({ index: history.head, time: now });
  const due = () =>
    consequences(new StatesAt(history, moment()), now).filter(
      ({ payload, id }) => id === session || JSON.stringify(payload).includes(session),
    );
  expect(due().map(({ type }) => type)).toEqual(['RecordSessionOpened']);
  write(last('SessionOpened'), { stream: session, refs, data: { ...last('SessionOpened').data, session } });
  expect(due()).toMatchObject([{ type: 'VoidSession', cause, rule: 'R13' }]);
  write(last('SessionOpened'), { type: 'SessionVoided', stream: session, refs, data: { cause, reason: 'R13' } });
  expect(due()).toMatchObject([{ type: 'ReturnSessionQuota', id: grant('GB'), payload: { session, amount: 1 } }]);
});

test('the rules hold after every command, whoever gives which in any order, also at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...Object.keys(ACTS)), { minLength: 5, maxLength: 25 }), async (acts) => {
      for (const act of acts) {
        await ACTS[act]?.();
        // What follows was found by what the entries bear on: looking everywhere finds nothing more.
        expect(consequences(view, opened.ledger.clock.now()).map(({ type, id }) => `${type} ${id}`)).toEqual([]);
        mustHold();
      }
    }),
    { numRuns: 25 },
  );
});

test('an amendment that no longer covers a grant suspends it and ends its sessions, until one covers it again (R12)', async () => {
  const id = authorisation('JP');
  const state = () => view.state('grant', grant('JP')) as Exclude<GrantState, { status: 'unknown' }>;
  const lab = actor(partnerParty('JP'), 'trusted-partner');
  const open = {
    session: 'session-amended',
    modelVersion: HALYARD_5_0,
    modality: 'api',
    testers: ['p-06'],
    place: 'JP',
    endUse: 'safety evaluation',
  };
  expect((await give('OpenSession', 'grant', grant('JP'), lab, open)).outcome).toBe('done');
  const issued = view.state('authorisation', id) as Extract<AuthorisationState, { issued: unknown }>;
  const amend = (destinations: 'all' | string[]) =>
    give('AmendAuthorisation', 'authorisation', id, LA, {
      scope: { ...issued.scope, destinations },
      reason: 'by the test',
    });
  expect((await amend(['KR'])).outcome).toBe('done');
  expect(state().status).toBe('suspended');
  expect(view.state('session', 'session-amended')).toMatchObject({ terminationOrdered: {} });
  const refused = await give('OpenSession', 'grant', grant('JP'), lab, { ...open, session: 'session-amended-2' });
  expect(refused.outcome === 'refused' && refused.reasons.map(({ rule }) => rule)).toEqual([
    'grant-not-active',
    'scope-exceeds-authorisation',
  ]);
  expect((await amend('all')).outcome).toBe('done');
  expect(state().status).toBe('active');
});

test('a quota of twenty lets twenty in, however many ask at once (R9)', async () => {
  const asked: Step = STORY.find(
    ({ path, by }) => path === `grants/${grant('GB')}/open-session` && by === partnerParty('GB'),
  ) as Step;
  const by = actor(partnerParty('GB'), 'trusted-partner');
  const outcomes = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      give('OpenSession', 'grant', grant('GB'), by, { ...asked.body, session: `session-many-${i}` }),
    ),
  );
  const opened = outcomes.filter(({ outcome }) => outcome === 'done').length;
  expect(opened).toBe(19); // the story has used one
  const recorded = new Set<number>();
  for (const outcome of outcomes)
    if (outcome.outcome === 'refused') {
      for (const { index } of outcome.receipts) recorded.add(index);
      expect(outcome.reasons.map(({ rule }) => rule)).toEqual(['quota-exhausted']);
      expect(outcome.receipts.length).toBe(1); // R15: recorded, with a receipt
    }
  expect(recorded.size).toBe(1); // R15: the same again is counted, and answered with the first one's receipt
});
