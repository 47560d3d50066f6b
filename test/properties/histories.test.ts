import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { consequences, type Actor, type LiabilityState } from '@countersign/domain';
import { authority, HALYARD, HALYARD_5_0, partner, partnerParty } from '@countersign/scenario';
import { ruleWatch } from './broken-rules.ts';
import { refsWatch } from './refs.ts';
import { actor, MINUTE, StoryFolder, type World } from './world.ts';

const story = new StoryFolder();
let world: World;
beforeAll(async () => {
  await story.tell();
  world = await story.open();
}, 60_000);
afterAll(async () => {
  await world.opened.close();
  story.remove();
});

const LA = actor('party-us-la', 'licensing-authority');
const DEVELOPER = actor('party-northlight', 'developer');
const ALLY = actor(authority('DE'), 'allied-authority');
const LAB = actor(partnerParty('DE'), 'trusted-partner');
const APPLICANT_AS_AUTHORITY = actor('party-northlight', 'licensing-authority');
const DEVELOPER_AS_ALLY = actor('party-northlight', 'allied-authority');
const PARTNER_AS_DEVELOPER = actor(partnerParty('DE'), 'developer');
const STRANGE_DEVELOPER = actor(partnerParty('FR'), 'developer');
/** Who may turn up anywhere: also in a role that is not theirs, and a partner of another country. */
const ANYONE: readonly Actor[] = [
  LA,
  DEVELOPER,
  ALLY,
  LAB,
  actor(partnerParty('FR'), 'trusted-partner'),
  actor(authority('FR'), 'allied-authority'),
  APPLICANT_AS_AUTHORITY,
  DEVELOPER_AS_ALLY,
  PARTNER_AS_DEVELOPER,
  STRANGE_DEVELOPER,
  actor('party-us-reg', 'regulator'),
  actor('party-custodian', 'custodian'),
];
const PARTNER = partner('DE');
const DAY = 24 * 60 * MINUTE;
const reason = { reason: 'by the test' };
const END = '2030-01-01T00:00:00.000Z';

/** One history has its own authorisation, grant and liability, under the partner of the story. */
interface Run {
  readonly n: number;
  sessions: number;
  /** Refusals of access that were answered. */
  refused: number;
}
let run: Run = { n: 0, sessions: 0, refused: 0 };
const authorisation = () => `authorisation-run-${run.n}`;
const grant = () => `grant-run-${run.n}`;
const liability = () => `liability-run-${run.n}`;

const begin = '2026-11-24T00:00:00.000Z';
const scope = (change: object = {}, quantity = 6) => ({
  items: [
    {
      item: 'api',
      family: HALYARD,
      modality: 'api',
      quantity: { unit: 'sessions', amount: quantity },
      countries: ['DE'],
    },
    {
      item: 'weights',
      family: HALYARD,
      modality: 'weights',
      quantity: { unit: 'hours', amount: 30 },
      countries: ['DE'],
    },
  ],
  facilities: 'all',
  destinations: ['DE', 'FR'],
  endUses: ['safety evaluation'],
  period: { from: begin, until: END },
  ...change,
});
const granted = (change: object = {}, amount = 3) => ({
  authorisation: authorisation(),
  items: [
    { item: 'api', amount, versions: [HALYARD_5_0] },
    { item: 'weights', amount: 20, versions: [HALYARD_5_0] },
  ],
  testers: ['p-05'],
  facilities: [],
  places: ['DE'],
  endUses: ['safety evaluation'],
  period: { from: begin, until: '2029-12-01T00:00:00.000Z' },
  criteriaSet: 'criteria-tpc-1',
  ...change,
});
const terms = (shares: readonly number[] = [6000, 4000], change: object = {}) => ({
  modalities: ['api', 'weights'],
  heads: [
    {
      head: 'data-breach',
      regime: 'several',
      shares: [DEVELOPER, LAB].map(({ party }, i) => ({ party, basisPoints: shares[i] })),
      layers: [],
    },
  ],
  trigger: 'occurrence',
  noticeDays: 30,
  governingLaw: 'CH',
  period: { from: begin, until: END },
  insuranceRequired: false,
  ...change,
});
const onTable = () => {
  const state = world.view.state('liability', liability()) as LiabilityState | undefined;
  return state === undefined || state.status === 'unknown' ? undefined : state.proposal?.digest;
};
const latest = () => world.view.related('session', 'grant', grant()).at(-1) ?? 'session-none';
const ahead = () => ({ effectiveAt: world.clock.now() + 2 * DAY });

type Step = readonly [natural: Actor, act: (by: Actor) => Promise<unknown>];
const give =
  (
    type: string,
    category: string,
    id: () => string,
    payload: () => object = () => ({}),
    more: () => object = () => ({}),
  ) =>
  (by: Actor) =>
    world.give(type, category, id(), by, payload(), more());
const on = (type: string, payload?: () => object, more?: () => object) =>
  give(type, 'authorisation', authorisation, payload, more);
const ofGrant = (type: string, payload?: () => object, more?: () => object) =>
  give(type, 'grant', grant, payload, more);
const ofLiability = (type: string, payload?: () => object, more?: () => object) =>
  give(type, 'liability', liability, payload, more);

const request = (change: object = {}) => ({
  modelVersion: HALYARD_5_0,
  modality: 'api',
  testers: ['p-05'],
  place: 'DE',
  endUse: 'safety evaluation',
  ...change,
});
/** R15: each refused access of a party that asks for itself has a receipt; that each is recorded is counted at the end. */
const open =
  (change: object = {}) =>
  async (by: Actor) => {
    const session = `session-run-${run.n}-${++run.sessions}`;
    const known = world.view.state('grant', grant()) !== undefined;
    const outcome = await world.give('OpenSession', 'grant', grant(), by, { ...request(change), session });
    if (!known || by.role !== 'trusted-partner') return;
    if (outcome.outcome !== 'refused') return;
    run.refused++;
    expect(outcome.receipts.length).toBe(1);
  };
/** R14: a report is never refused, whatever has happened before. */
const report =
  (change: object = {}) =>
  async (by: Actor) => {
    if (world.view.state('grant', grant()) === undefined || (by !== LAB && by !== DEVELOPER)) return;
    const session = `session-run-${run.n}-${++run.sessions}`;
    const outcome = await world.give('ReportSession', 'session', session, by, {
      grant: grant(),
      ...{ modelVersion: HALYARD_5_0, modality: 'api', testers: ['p-05'], place: 'DE' },
      startedAt: new Date(world.clock.now() - DAY).toISOString(),
      ...change,
    });
    expect([session, outcome.outcome]).toEqual([session, 'done']);
  };
let files = 0;
/** The calls of a gateway log, told of whatever state the last session is in (R14). */
const activity = async (by: Actor) => {
  const session = latest();
  if (by !== DEVELOPER || world.view.state('session', session) === undefined) return;
  const file = `${run.n}`.padStart(32, '0') + `${++files}`.padStart(32, '0');
  const calls = { calls: 1, denied: 0, tokens: 1, stray: [], straysLeftOut: 0 };
  const received = { kind: 'gateway-log', file, bytes: 1, members: 1, membersRoot: file, activity: calls };
  const outcomes = [
    await world.give('ReceiveEvidence', 'evidence', `evidence-${file}`, by, received),
    await world.give('LinkEvidence', 'evidence', `evidence-${file}`, by, { session }),
    await world.give('ReportActivity', 'session', session, by, {
      ...{ evidence: `evidence-${file}`, firstAt: new Date(world.clock.now()).toISOString(), offsets: [0], tokens: 1 },
    }),
  ];
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
};

/** The way to an open session: a history begins with some of it, in this order. */
const PATH: readonly Step[] = [
  [
    DEVELOPER,
    on('ApplyForAuthorisation', () => ({
      partner: PARTNER,
      instrument: 'instrument-ins-1',
      reference: 'R',
      scope: scope(),
    })),
  ],
  [LA, on('IssueAuthorisation', () => ({ conditions: [{ condition: 'c', text: 't' }] }))],
  [DEVELOPER, on('AcknowledgeConditions')],
  [LAB, ofGrant('RequestGrant', () => ({ partner: PARTNER, scope: granted() }))],
  [DEVELOPER, ofGrant('ApproveGrant', () => ({ of: 'grant' }))],
  [DEVELOPER, ofLiability('ProposeLiability', () => ({ grant: grant(), terms: terms() }))],
  [DEVELOPER, ofLiability('CountersignLiability', () => ({ digest: onTable() ?? '' }))],
  [LAB, ofLiability('CountersignLiability', () => ({ digest: onTable() ?? '' }))],
  [ALLY, ofGrant('ApproveGrant', () => ({ of: 'grant' }))],
  [LAB, open()],
];
const STEPS: Readonly<Record<string, Step>> = {
  ...Object.fromEntries(PATH.map((step, i) => [`path ${i}`, step])),
  deny: [LA, on('DenyAuthorisation', () => reason)],
  'return without action': [LA, on('ReturnApplicationWithoutAction', () => reason)],
  refer: [LA, on('ReferApplication', () => ({ agency: 'Defence' }))],
  'suspend authorisation': [LA, on('SuspendAuthorisation', () => reason)],
  'suspend authorisation ahead': [LA, on('SuspendAuthorisation', () => reason, ahead)],
  'reinstate authorisation': [LA, on('ReinstateAuthorisation', () => reason)],
  'revoke authorisation': [LA, on('RevokeAuthorisation', () => reason)],
  'revoke authorisation ahead': [LA, on('RevokeAuthorisation', () => reason, ahead)],
  'revoke an item': [LA, on('RevokeAuthorisation', () => ({ items: ['weights'], ...reason }))],
  'revoke another item ahead': [LA, on('RevokeAuthorisation', () => ({ items: ['api'], ...reason }), ahead)],
  'amend to less': [LA, on('AmendAuthorisation', () => ({ scope: scope({ destinations: ['FR'] }), ...reason }))],
  'amend to a smaller quantity': [LA, on('AmendAuthorisation', () => ({ scope: scope({}, 2), ...reason }))],
  'amend back': [LA, on('AmendAuthorisation', () => ({ scope: scope(), ...reason }))],
  'report on a condition': [DEVELOPER, on('ReportOnCondition', () => ({ condition: 'c', period: '2026-11' }))],
  'ask for less': [LAB, ofGrant('RequestGrantAmendment', () => ({ scope: granted({}, 1) }))],
  'ask for too much': [LAB, ofGrant('RequestGrantAmendment', () => ({ scope: granted({ places: ['DE', 'KR'] }) }))],
  'ask for another place': [
    LAB,
    ofGrant('RequestGrantAmendment', () => ({ scope: granted({ places: ['DE', 'FR'] }) })),
  ],
  'developer approves the amendment': [DEVELOPER, ofGrant('ApproveGrant', () => ({ of: 'amendment' }))],
  'ally approves the amendment': [ALLY, ofGrant('ApproveGrant', () => ({ of: 'amendment' }))],
  'amend the grant': [
    LAB,
    async (by) => {
      await ofGrant('RequestGrantAmendment', () => ({ scope: granted({ places: ['FR', 'DE'] }, 2) }))(by);
      for (const each of [DEVELOPER, ALLY]) await ofGrant('ApproveGrant', () => ({ of: 'amendment' }))(each);
    },
  ],
  'refuse the amendment': [ALLY, ofGrant('RefuseGrant', () => ({ of: 'amendment', ...reason }))],
  'refuse the grant': [ALLY, ofGrant('RefuseGrant', () => ({ of: 'grant', ...reason }))],
  'suspend grant': [DEVELOPER, ofGrant('SuspendGrant', () => reason)],
  'suspend grant ahead': [ALLY, ofGrant('SuspendGrant', () => reason, ahead)],
  'reinstate grant': [DEVELOPER, ofGrant('ReinstateGrant', () => reason)],
  'revoke grant': [ALLY, ofGrant('RevokeGrant', () => reason)],
  'revoke grant ahead': [ALLY, ofGrant('RevokeGrant', () => reason, ahead)],
  'open by weights': [LAB, open({ modality: 'weights', reserve: 12 })],
  'open elsewhere': [LAB, open({ place: 'KR' })],
  'open again and again': [
    LAB,
    async (by) => {
      for (let i = 0; i < 5; i++) await open()(by);
    },
  ],
  'open for another end': [LAB, open({ endUse: 'training' })],
  'open with a tester of others': [LAB, open({ testers: ['p-05', 'p-04'] })],
  'open at once': [LAB, (by) => Promise.all([open()(by), open()(by), open()(by)])],
  'open while it is suspended': [
    LA,
    (by) => Promise.all([open()(LAB), on('SuspendAuthorisation', () => reason)(by), open()(LAB)]),
  ],
  complete: [LAB, give('CompleteSession', 'session', latest)],
  terminate: [DEVELOPER, give('TerminateSession', 'session', latest)],
  'report a session': [LAB, report()],
  'report another model': [DEVELOPER, report({ modelVersion: 'version-nobody-knows', testers: [] })],
  'report activity': [DEVELOPER, activity],
  'propose shares that do not add up': [
    DEVELOPER,
    ofLiability('ProposeLiabilityAmendment', () => ({ terms: terms([6000, 3000]) })),
  ],
  'propose an amendment': [DEVELOPER, ofLiability('ProposeLiabilityAmendment', () => ({ terms: terms([5000, 5000]) }))],
  'propose to cover less': [
    LAB,
    ofLiability('ProposeLiabilityAmendment', () => ({ terms: terms([5000, 5000], { modalities: ['api'] }) })),
  ],
  'sign another text': [LAB, ofLiability('CountersignLiability', () => ({ digest: 'f'.repeat(64) }))],
  'amend liability': [
    DEVELOPER,
    async (by) => {
      await ofLiability('ProposeLiabilityAmendment', () => ({ terms: terms([5000, 5000]) }))(by);
      for (const each of [DEVELOPER, LAB])
        await ofLiability('CountersignLiability', () => ({ digest: onTable() ?? '' }))(each);
    },
  ],
  decline: [LAB, ofLiability('DeclineLiability', () => ({ digest: onTable() ?? '', ...reason }))],
  'terminate liability': [LAB, ofLiability('TerminateLiability', () => reason)],
  'suspend partner': [
    LA,
    give(
      'SuspendPartner',
      'partner',
      () => PARTNER,
      () => reason,
    ),
  ],
  'reinstate partner': [
    ALLY,
    give(
      'ReinstatePartner',
      'partner',
      () => PARTNER,
      () => reason,
    ),
  ],
  'suspend party': [
    LA,
    give(
      'SuspendParty',
      'party',
      () => LAB.party,
      () => reason,
    ),
  ],
  'reinstate party': [
    LA,
    give(
      'ReinstateParty',
      'party',
      () => LAB.party,
      () => reason,
    ),
  ],
  'end clearance': [
    ALLY,
    give(
      'EndClearance',
      'tester',
      () => 'p-05',
      () => reason,
    ),
  ],
  clear: [
    ALLY,
    give(
      'RecordClearance',
      'tester',
      () => 'p-05',
      () => ({ level: 'SECRET', period: { from: begin, until: END } }),
    ),
  ],
  'a minute passes': [LA, () => world.pass(MINUTE)],
  'eleven minutes pass': [LA, () => world.pass(11 * MINUTE)],
  'three days pass': [LA, () => world.pass(3 * DAY)],
};

interface Story {
  way: number;
  /** Each by whom it is for, or by someone else. */
  steps: [step: string, by: Actor | undefined][];
}
const history: fc.Arbitrary<Story> = fc.record({
  way: fc.oneof({ weight: 3, arbitrary: fc.constant(PATH.length) }, { weight: 1, arbitrary: fc.nat(PATH.length) }),
  steps: fc.array(
    fc.tuple(
      fc.constantFrom(...Object.keys(STEPS)),
      fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...ANYONE) }),
    ),
    { minLength: 5, maxLength: 16, size: 'max' },
  ),
});

const brokenRules = ruleWatch();
const lackingRefs = refsWatch();
let read = 0;

/** Histories that are always among them, so that the rules are looked at where they bite. */
const ALWAYS: readonly (readonly [way: number, ...steps: (string | readonly [step: string, by: Actor])[]])[] = [
  // R3: who applied, in the role of who decides.
  [
    1,
    ['path 1', APPLICANT_AS_AUTHORITY],
    ['deny', APPLICANT_AS_AUTHORITY],
    'path 1',
    ['revoke authorisation', APPLICANT_AS_AUTHORITY],
  ],
  // R6: who asked, and others, in the roles of those who approve.
  [4, ['path 4', STRANGE_DEVELOPER], 'path 5', 'path 6', 'path 7', 'path 8'],
  [4, ['path 4', PARTNER_AS_DEVELOPER], ['path 8', DEVELOPER_AS_ALLY], 'path 5', 'path 6', 'path 7'],
  // R20: another text than the one on the table.
  [6, 'sign another text', 'path 6', 'path 7', 'path 8', 'propose an amendment', 'sign another text', 'path 6'],
  [10, 'amend to a smaller quantity', 'path 9', 'open at once'],
  [1, 'refer', 'deny', 'path 1'],
  [6, 'decline', 'path 6', 'path 7', 'path 8'],
  [5, 'refuse the grant', 'path 4', 'path 8'],
  [
    10,
    'amend the grant',
    'amend liability',
    'complete',
    'path 9',
    'open by weights',
    'terminate',
    'terminate liability',
  ],
  [
    10,
    'suspend authorisation',
    'report a session',
    'report activity',
    'open again and again',
    'reinstate authorisation',
  ],
  [10, 'revoke authorisation ahead', 'suspend authorisation', 'three days pass', 'reinstate authorisation', 'path 9'],
  [10, 'revoke grant ahead', 'suspend grant', 'path 9', 'reinstate grant', 'path 9', 'three days pass', 'path 9'],
  [10, 'open by weights', 'amend back', 'report on a condition', 'revoke grant', 'complete'],
];

/** What the run before it left suspended is no part of the next. */
async function afresh(): Promise<void> {
  run = { n: run.n + 1, sessions: 0, refused: 0 };
  for (const step of ['reinstate partner', 'reinstate party', 'end clearance', 'clear']) {
    const [by, act] = STEPS[step] as Step;
    await act(by);
  }
}

test(`R3 R4 R5 R6 R7 R8 R9 R10 R11 R12 R14 R15 R19 R20 hold at every position of any history, whoever commands what`, async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ way, steps }) => {
      await afresh();
      const began = world.entries().length;
      for (const [by, act] of PATH.slice(0, way)) await act(by);
      for (const [name, other] of steps) {
        const [natural, act] = STEPS[name] as Step;
        await act(other ?? natural);
        // R12, R13: what follows has followed.
        expect(consequences(world.view, world.clock.now()).map(({ type, id }) => `${type} ${id}`)).toEqual([]);
      }
      await world.pass(11 * MINUTE);
      const entries = world.entries();
      const unread = entries.slice(read);
      read = entries.length;
      expect(brokenRules(unread)).toEqual([]);
      expect(lackingRefs(unread)).toEqual([]);
      // R15: each refused access has one `AccessDenied`, or is in a count.
      const mine = entries.slice(began);
      const denied = mine.filter(({ type }) => type === 'AccessDenied').length;
      const counted = mine
        .filter(({ type }) => type === 'AccessDenialsCounted')
        .reduce((sum, { data }) => sum + (data as { count: number }).count, 0);
      expect(denied + counted).toBe(run.refused);
    }),
    {
      numRuns: 30,
      examples: ALWAYS.map(([way, ...steps]): [Story] => [
        {
          way,
          steps: steps.map((step): Story['steps'][number] =>
            typeof step === 'string' ? [step, undefined] : [...step],
          ),
        },
      ]),
    },
  );
}, 60_000);

test('the histories came to what the rules are about', () => {
  const seen = new Set(
    world.entries().flatMap(({ type, stream, refs }) => (/-run-/.test(stream + (refs.grant ?? '')) ? [type] : [])),
  );
  const rules = `AuthorisationDenied AuthorisationSuspended AuthorisationReinstated AuthorisationRevoked AuthorisationAmended
    AuthorisationDecremented AuthorisationReplenished ConditionReported GrantActivated GrantAmended GrantSuspended GrantReinstated
    GrantRefused GrantRevoked SessionAuthorised SessionOpened SessionQuotaReturned SessionTerminationOrdered SessionReported
    ActivityReported AccessDenied AccessDenialsCounted LiabilityInForce LiabilityAmended LiabilityDeclined LiabilityTerminated`;
  expect(rules.split(/\s+/).filter((type) => !seen.has(type))).toEqual([]);
});
