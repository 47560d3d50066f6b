import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  CONTEXTS,
  problemsOf,
  type Actor,
  type DomainView,
  type GrantState,
  type Role,
  type SessionState,
} from '@countersign/domain';
import { Ledger, StoryClock } from '@countersign/ledger';
import {
  authorisation,
  authority,
  grant,
  HALYARD,
  HALYARD_5_0,
  liability,
  partner,
  partnerParty,
  SEXTANT,
  STORY_BEGINS,
} from '@countersign/scenario';
import { applicationOver } from '../../apps/server/src/application.ts';
import { openLedger, type OpenLedger } from '../../apps/server/src/ledger.ts';
import { settingsFrom } from '../../apps/server/src/settings.ts';
import { tellStory } from '../../apps/server/src/tell-story.ts';

/** The world of the story as it stands on 24 November 2026; each test has a copy of it. */
const folder = mkdtempSync(join(tmpdir(), 'endings-'));
const NOW = Date.parse('2026-11-24T09:00:00.000Z');
const END = Date.parse('2036-07-21T00:00:00.000Z');

beforeAll(async () => {
  const clock = new StoryClock();
  clock.set(Date.parse(STORY_BEGINS));
  const opened = await openLedger(settingsFrom({ DATA_DIR: join(folder, 'story') }, []), clock);
  const app = await applicationOver(opened, false);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  await tellStory(app, opened.ledger, opened.tokens, clock);
  await app.close();
  await opened.close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const actor = (party: string, role: Role): Actor => ({ party: party as Actor['party'], role });
const LA = actor('party-us-la', 'licensing-authority');
const DEVELOPER = actor('party-northlight', 'developer');
const ALLY = actor(authority('GB'), 'allied-authority');
const LAB = actor(partnerParty('GB'), 'trusted-partner');
const INSURER = actor('party-ins-1', 'insurer');
const reason = { reason: 'by the test' };
const AUTHORISATION = authorisation('GB');
const PARTNER = partner('GB');
const GRANT = grant('GB');
const LIABILITY = liability('GB');

class World {
  readonly opened: OpenLedger;
  readonly clock: StoryClock;
  readonly view: DomainView;
  #key = 0;
  readonly #name: string;
  constructor(opened: OpenLedger, clock: StoryClock, name = 'endings') {
    this.opened = opened;
    this.#name = name;
    this.clock = clock;
    this.view = opened.ledger.view as unknown as DomainView;
  }
  async give(type: string, category: string, id: string, by: Actor, payload: object = {}, more: object = {}) {
    const outcome = await this.opened.ledger.execute({
      type,
      category,
      id,
      payload,
      actor: by,
      idempotencyKey: `${this.#name}-${++this.#key}`,
      route: `/${type}`,
      ...more,
    });
    if (outcome.outcome !== 'done') throw new Error(`${type}: ${JSON.stringify(outcome)}`);
    this.clock.set(this.clock.now() + 1000);
  }
  open = (session: string, testers: readonly string[], modality: string) =>
    this.give('OpenSession', 'grant', GRANT, LAB, {
      session,
      modelVersion: HALYARD_5_0,
      modality,
      testers: [...testers],
      place: 'GB',
      endUse: 'safety evaluation',
    });
  async at(time: number) {
    this.clock.set(time);
    await this.opened.ledger.settle();
  }
  get grant() {
    return this.view.state('grant', GRANT) as Exclude<GrantState, { status: 'unknown' }>;
  }
  session(id: string) {
    return this.view.state('session', id) as Exclude<SessionState, { status: 'unknown' }>;
  }
}

async function inWorld<T>(run: (world: World) => Promise<T>): Promise<T> {
  const copy = mkdtempSync(join(folder, 'copy-'));
  cpSync(join(folder, 'story'), copy, { recursive: true });
  const clock = new StoryClock();
  clock.set(NOW);
  const opened = await openLedger(settingsFrom({ DATA_DIR: copy }, []), clock);
  try {
    return await run(new World(opened, clock));
  } finally {
    await opened.close();
    rmSync(copy, { recursive: true });
  }
}

const period = { from: '2026-07-20T00:00:00.000Z', until: '2036-07-21T00:00:00.000Z' };
const statuses = (country: string) => ({
  personal: {
    salt: 'a'.repeat(22),
    fields: {
      statuses: [
        { kind: 'citizenship', country: 'GB', since: 'birth' },
        { kind: 'permanent-residency', country, since: '2026-10-01' },
      ],
    },
  },
});
const terms = (world: World, change: object) => {
  const state = world.view.state('liability', LIABILITY);
  if (state === undefined || state.status === 'unknown') throw new Error('no liability');
  return { ...state.versions[0]?.terms, ...change };
};
async function amendLiability(world: World, change: object): Promise<void> {
  await world.give('ProposeLiabilityAmendment', 'liability', LIABILITY, DEVELOPER, { terms: terms(world, change) });
  const state = world.view.state('liability', LIABILITY);
  const digest = state !== undefined && state.status !== 'unknown' ? (state.proposal?.digest ?? '') : '';
  for (const by of [DEVELOPER, LAB, INSURER])
    await world.give('CountersignLiability', 'liability', LIABILITY, by, { digest });
}
const recordInstrument = (world: World, families: string[]) =>
  world.give('RecordInstrument', 'instrument', 'instrument-new', LA, {
    reference: 'INS-NEW',
    title: 'A replacement',
    kind: 'determination',
    issuedOn: '2026-11-24',
    scope: {
      families,
      acts: ['export', 'deemed-export'],
      modalities: ['weights', 'api'],
      destinations: 'all',
      persons: 'any-foreign-person',
    },
  });
const supersede = (world: World) =>
  world.give('SupersedeInstrument', 'instrument', 'instrument-ins-2', LA, { successor: 'instrument-new' });

/** What ends it, and what follows: for the grant, and which of two sessions (API by p-01, weights by p-07). */
interface Ending {
  readonly by: string;
  readonly grant: 'active' | 'suspended' | 'revoked' | 'expired';
  readonly ends: readonly ('api' | 'weights')[];
  readonly act: (world: World) => Promise<unknown>;
  /** What lifts the cause, where something does. */
  readonly lift?: (world: World) => Promise<unknown>;
}
const BOTH = ['api', 'weights'] as const;
const ENDINGS: Readonly<Record<string, Ending>> = {
  'party suspended': {
    by: 'PartySuspended',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => world.give('SuspendParty', 'party', partnerParty('GB'), LA, reason),
    lift: (world) => world.give('ReinstateParty', 'party', partnerParty('GB'), LA, reason),
  },
  'partner suspended': {
    by: 'PartnerSuspended',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => world.give('SuspendPartner', 'partner', PARTNER, LA, reason),
    lift: (world) => world.give('ReinstatePartner', 'partner', PARTNER, ALLY, reason),
  },
  'partner removed': {
    by: 'PartnerRemoved',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => world.give('RemovePartner', 'partner', PARTNER, ALLY, reason),
  },
  'authorisation suspended': {
    by: 'AuthorisationSuspended',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => world.give('SuspendAuthorisation', 'authorisation', AUTHORISATION, LA, reason),
    lift: (world) => world.give('ReinstateAuthorisation', 'authorisation', AUTHORISATION, LA, reason),
  },
  'authorisation revoked': {
    by: 'AuthorisationRevoked',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => world.give('RevokeAuthorisation', 'authorisation', AUTHORISATION, LA, reason),
  },
  'an item of it revoked': {
    by: 'AuthorisationRevoked',
    grant: 'active',
    ends: ['weights'],
    act: (world) =>
      world.give('RevokeAuthorisation', 'authorisation', AUTHORISATION, LA, { ...reason, items: ['halyard-weights'] }),
  },
  'annex entry removed': {
    by: 'AnnexEntryRemoved',
    grant: 'suspended',
    ends: BOTH,
    act: (world) =>
      world.give('RemoveAnnexEntry', 'instrument', 'instrument-ins-2', LA, { entry: 'annex-gb', ...reason }),
  },
  'model version withdrawn': {
    by: 'ModelVersionWithdrawn',
    grant: 'active',
    ends: BOTH,
    act: (world) =>
      world.give('WithdrawModelVersion', 'model', HALYARD, DEVELOPER, { version: HALYARD_5_0, ...reason }),
  },
  'grant suspended': {
    by: 'GrantSuspended',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => world.give('SuspendGrant', 'grant', GRANT, DEVELOPER, reason),
    lift: (world) => world.give('ReinstateGrant', 'grant', GRANT, DEVELOPER, reason),
  },
  'grant revoked': {
    by: 'GrantRevoked',
    grant: 'revoked',
    ends: BOTH,
    act: (world) => world.give('RevokeGrant', 'grant', GRANT, ALLY, reason),
  },
  'liability terminated': {
    by: 'LiabilityTerminated',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => world.give('TerminateLiability', 'liability', LIABILITY, DEVELOPER, reason),
  },
  'liability amended to cover less': {
    by: 'LiabilityAmended',
    grant: 'active',
    ends: ['weights'],
    act: (world) => amendLiability(world, { modalities: ['api'] }),
  },
  'tester withdrawn': {
    by: 'TesterWithdrawn',
    grant: 'active',
    ends: ['weights'],
    act: (world) => world.give('WithdrawTester', 'tester', 'p-07', LAB, reason),
  },
  'clearance ended': {
    by: 'ClearanceEnded',
    grant: 'active',
    ends: ['api'],
    act: (world) => world.give('EndClearance', 'tester', 'p-01', ALLY, reason),
    lift: (world) => world.give('RecordClearance', 'tester', 'p-01', ALLY, { level: 'SECRET', period }),
  },
  'a newly verified status that changes the assessment': {
    by: 'NationalityVerified',
    grant: 'active',
    ends: ['api'],
    act: (world) => world.give('VerifyNationality', 'tester', 'p-01', ALLY, {}, statuses('AE')),
  },
  'instrument replaced by one that no longer covers': {
    by: 'InstrumentSuperseded',
    grant: 'suspended',
    ends: BOTH,
    act: async (world) => {
      await recordInstrument(world, [SEXTANT]);
      await supersede(world);
    },
  },
  'authorisation amended to cover less': {
    by: 'AuthorisationAmended',
    grant: 'suspended',
    ends: BOTH,
    act: (world) => {
      const state = world.view.state('authorisation', AUTHORISATION) as { scope: object };
      return world.give('AmendAuthorisation', 'authorisation', AUTHORISATION, LA, {
        scope: { ...state.scope, destinations: ['KR'] },
        ...reason,
      });
    },
  },
  'everything expired': {
    by: 'AdmissionExpired', // the first of all that expired that day
    grant: 'expired',
    ends: BOTH,
    act: (world) => world.at(END + 1000),
  },
};

describe('R12: what ends something in a basis suspends the grants on it and ends the sessions on it, naming the cause', () => {
  test.each(Object.keys(ENDINGS))('%s', async (name) => {
    const ending = ENDINGS[name] as Ending;
    await inWorld(async (world) => {
      await world.open('session-api', ['p-01'], 'api');
      await world.open('session-weights', ['p-07'], 'weights');
      const before = world.opened.ledger.store.size;
      await ending.act(world);
      expect(world.grant.status).toBe(ending.grant);
      for (const modality of BOTH) {
        const { terminationOrdered } = world.session(`session-${modality}`);
        expect([modality, terminationOrdered !== undefined]).toEqual([modality, ending.ends.includes(modality)]);
        if (terminationOrdered === undefined) continue;
        const cause = world.opened.ledger.store.indexOf(terminationOrdered.cause) as number;
        expect(cause).toBeGreaterThanOrEqual(before);
        const { type } = JSON.parse(Buffer.from(world.opened.ledger.store.entry(cause)?.data ?? []).toString()) as {
          type: string;
        };
        expect(type).toBe(`countersign.${ending.by}.v1`);
      }
      for (const modality of ending.ends)
        await expect(
          world.open(`session-${modality}-2`, [modality === 'api' ? 'p-01' : 'p-07'], modality),
        ).rejects.toThrow('refused');
      const size = world.opened.ledger.store.size;
      await world.opened.ledger.settle();
      expect(world.opened.ledger.store.size).toBe(size); // once, and no more
      if (!ending.lift) return;
      await ending.lift(world);
      expect(world.grant.status).toBe('active');
      expect(world.session(`session-${ending.ends[0] as string}`).terminationOrdered).toBeDefined(); // it stays so
      await world.open('session-after', [ending.ends[0] === 'api' ? 'p-01' : 'p-07'], ending.ends[0] as string);
    });
  });

  test('insurance that lapses where it is required', () =>
    inWorld(async (world) => {
      const head = terms(world, {}).heads?.[0] as object;
      const layer = { kind: 'insurance', party: 'party-ins-1', limit: { amount: '100', currency: 'EUR' } };
      const heads = [{ ...head, layers: [layer] }];
      await world.give('ProposeLiabilityAmendment', 'liability', LIABILITY, DEVELOPER, {
        terms: terms(world, { heads }),
      });
      const digest = () =>
        (world.view.state('liability', LIABILITY) as { proposal?: { digest: string } }).proposal?.digest;
      for (const by of [DEVELOPER, LAB, INSURER])
        await world.give('CountersignLiability', 'liability', LIABILITY, by, { digest: digest() });
      // The policy of the story runs on; this is about another.
      await world.give('LapseInsurance', 'liability', LIABILITY, INSURER, { policy: 'HM-2026-GB', ...reason });
      const until = NOW + 86_400_000;
      await world.give('EvidenceInsurance', 'liability', LIABILITY, INSURER, {
        policy: 'P-1',
        period: { from: '2026-11-01T00:00:00.000Z', until: new Date(until).toISOString() },
        limit: { amount: '100', currency: 'EUR' },
      });
      const required = terms(world, { heads, insuranceRequired: true });
      await world.give('ProposeLiabilityAmendment', 'liability', LIABILITY, DEVELOPER, { terms: required });
      for (const by of [DEVELOPER, LAB, INSURER])
        await world.give('CountersignLiability', 'liability', LIABILITY, by, { digest: digest() });
      expect(world.grant.status).toBe('active');
      await world.open('session-api', ['p-01'], 'api');
      await world.at(until);
      expect(world.grant.status).toBe('suspended');
      expect(world.session('session-api').terminationOrdered).toBeDefined();
      await world.give('EvidenceInsurance', 'liability', LIABILITY, INSURER, {
        policy: 'P-2',
        period: { from: new Date(until).toISOString(), until: period.until },
        limit: { amount: '100', currency: 'EUR' },
      });
      expect(world.grant.status).toBe('active'); // new evidence of the same thing
    }));
});

describe('what is no ending', () => {
  const goesOn = (name: string, act: (world: World) => Promise<unknown>) =>
    test(name, () =>
      inWorld(async (world) => {
        await world.open('session-api', ['p-01'], 'api');
        await act(world);
        expect(world.grant.status).toBe('active');
        expect(world.session('session-api').terminationOrdered).toBeUndefined();
        await world.open('session-api-2', ['p-01'], 'api');
      }),
    );
  goesOn('an instrument lifted: nothing is controlled any more (R7)', (world) =>
    world.give('LiftInstrument', 'instrument', 'instrument-ins-2', LA, reason),
  );
  goesOn('an instrument replaced by one that still covers', async (world) => {
    await recordInstrument(world, [HALYARD, SEXTANT]);
    const old = world.view.state('instrument', 'instrument-ins-2');
    const entry = old?.status === 'recorded' ? old.annex['annex-gb'] : undefined;
    await world.give('AddAnnexEntry', 'instrument', 'instrument-new', LA, {
      entry: 'annex-gb-2',
      party: partnerParty('GB'),
      items: entry?.items,
    });
    await supersede(world);
  });
  goesOn('a newly verified status that changes nothing', (world) =>
    world.give('VerifyNationality', 'tester', 'p-01', ALLY, {}, statuses('GB')),
  );
  goesOn('a new version of the criteria', (world) =>
    world.give('PublishCriteriaVersion', 'criteria', 'criteria-tpc-1', LA, {
      version: '2.0',
      criteria: [{ criterion: 'TP-01', requirement: 'r', evidence: 'e', mandatory: true }],
      inForceFrom: new Date(NOW).toISOString(),
    }),
  );
});

test('an ending dated in the future takes effect at its time, and what follows is recorded then', () =>
  inWorld(async (world) => {
    await world.open('session-api', ['p-01'], 'api');
    const effectiveAt = NOW + 3_600_000;
    await world.give('RevokeAuthorisation', 'authorisation', AUTHORISATION, LA, reason, { effectiveAt });
    expect(world.grant.status).toBe('active');
    await world.open('session-api-2', ['p-01'], 'api');
    await world.at(effectiveAt - 1);
    expect(world.grant.status).toBe('active');
    await world.at(effectiveAt);
    expect(world.grant.status).toBe('suspended');
    for (const id of ['session-api', 'session-api-2'])
      expect(world.session(id).terminationOrdered).toMatchObject({ effect: effectiveAt });
    expect(world.session('session-api-2').status).toBe('open'); // rightly opened: not voided (R13)
  }));

/** Another process, that ends before anything followed from what it wrote. */
function without(world: World, by: (give: World['give']) => Promise<void>, clock = world.clock): Promise<void> {
  const { store } = world.opened.ledger;
  const ledger = Ledger.open({
    store,
    clock,
    persons: world.opened.vault,
    deciders: CONTEXTS,
    validate: problemsOf,
    source: 'https://elsewhere.example',
  });
  const other = new World({ ...world.opened, ledger }, clock, 'elsewhere');
  return by(other.give.bind(other));
}

test('what a process whose clock is ahead has suspended counts at once where the clock is behind', () =>
  inWorld(async (world) => {
    const ahead = new StoryClock();
    ahead.set(world.clock.now() + 90_000);
    await without(world, (give) => give('SuspendAuthorisation', 'authorisation', AUTHORISATION, LA, reason), ahead);
    await expect(world.open('session-api', ['p-01'], 'api')).rejects.toThrow(/authorisation-not-in-force/);
    // And nothing is recorded before what is recorded already.
    await world.give('ReinstateAuthorisation', 'authorisation', AUTHORISATION, LA, reason);
    const times = [...world.opened.ledger.store.entries(0, Infinity)].map(({ data }) =>
      Date.parse((JSON.parse(Buffer.from(data).toString()) as { recordedtime: string }).recordedtime),
    );
    expect(times.slice(1).every((time, n) => time >= (times[n] as number))).toBe(true);
  }));

describe('a suspension that is lifted before anybody acted on it', () => {
  const suspendedAndLifted = (world: World) =>
    without(world, async (give) => {
      await give('SuspendAuthorisation', 'authorisation', AUTHORISATION, LA, reason);
      await give('ReinstateAuthorisation', 'authorisation', AUTHORISATION, LA, reason);
    });
  const ordered = (world: World): void => {
    const { terminationOrdered, status } = world.session('session-api');
    expect(status).toBe('open');
    const cause = [...world.opened.ledger.store.entries(0, Infinity)].find(
      ({ type, stream }) => type.includes('AuthorisationSuspended') && stream === AUTHORISATION,
    );
    expect(terminationOrdered).toMatchObject({ cause: cause?.id });
  };

  test('ends what was open when it was recorded, and nothing that was opened after it', () =>
    inWorld(async (world) => {
      await world.open('session-api', ['p-01'], 'api');
      await suspendedAndLifted(world);
      await world.open('session-after', ['p-01'], 'api');
      await world.at(world.clock.now());
      ordered(world);
      expect(world.grant.status).toBe('active');
      expect(world.session('session-after').status).toBe('open');
      expect(world.session('session-after').terminationOrdered).toBeUndefined();
      const { size } = world.opened.ledger.store;
      await world.at(world.clock.now());
      expect(world.opened.ledger.store.size).toBe(size);
    }));

  test('also when the process that finds it starts later', async () => {
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(join(folder, 'story'), copy, { recursive: true });
    const clock = new StoryClock();
    clock.set(NOW);
    const first = new World(await openLedger(settingsFrom({ DATA_DIR: copy }, []), clock), clock);
    await first.open('session-api', ['p-01'], 'api');
    await suspendedAndLifted(first);
    await first.opened.close();
    const second = new World(await openLedger(settingsFrom({ DATA_DIR: copy }, []), clock), clock, 'again');
    await second.at(clock.now());
    ordered(second);
    const { size } = second.opened.ledger.store;
    await second.at(clock.now());
    expect(second.opened.ledger.store.size).toBe(size);
    await second.opened.close();
    rmSync(copy, { recursive: true });
  });
});
