import type { Actor } from '@countersign/domain';
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
} from '@countersign/scenario';
import { actor, MINUTE, type World } from './world.ts';

const LA = actor('party-us-la', 'licensing-authority');
const CUSTODIAN = actor('party-custodian', 'custodian');
const DEVELOPER = actor('party-northlight', 'developer');
const INSURER = actor('party-ins-1', 'insurer');
const AUDITOR = actor('party-aud-1', 'auditor');
const ally = (country: string) => actor(authority(country), 'allied-authority');
const lab = (country: string) => actor(partnerParty(country), 'trusted-partner');
const reason = { reason: 'by the test' };
const END = '2036-07-21T00:00:00.000Z';
const digest = (n: number) => n.toString(16).padStart(64, '0');

type Act = readonly [type: string, category: string, id: string, by: Actor, payload?: object];

const scope = (country: string) => ({
  items: [
    {
      item: 'halyard-api',
      family: HALYARD,
      modality: 'api',
      quantity: { unit: 'sessions', amount: 5 },
      countries: [country],
    },
  ],
  facilities: 'all',
  destinations: [country],
  endUses: ['safety evaluation'],
  period: { from: '2026-11-24T00:00:00.000Z', until: END },
});
const apply = (id: string) =>
  [
    'ApplyForAuthorisation',
    'authorisation',
    id,
    DEVELOPER,
    { partner: partner('KR'), instrument: 'instrument-ins-1', reference: id, scope: scope('KR') },
  ] as const;
const issue = (id: string) => ['IssueAuthorisation', 'authorisation', id, LA, { conditions: [] }] as const;
const granted = (authorised: string, until = END) => ({
  partner: partner('KR'),
  scope: {
    authorisation: authorised,
    items: [{ item: 'halyard-api', amount: 4, versions: [HALYARD_5_0] }],
    testers: ['p-09'],
    facilities: [],
    places: ['KR'],
    endUses: ['safety evaluation'],
    period: { from: '2026-11-24T00:00:00.000Z', until },
    criteriaSet: 'criteria-tpc-1',
  },
});
const terms = (until = END) => ({
  modalities: ['api'],
  heads: [
    {
      head: 'data-breach',
      regime: 'several',
      shares: [
        { party: 'party-northlight', basisPoints: 6000 },
        { party: partnerParty('KR'), basisPoints: 4000 },
      ],
      layers: [{ kind: 'insurance', party: 'party-ins-1', limit: { amount: '100', currency: 'EUR' } }],
    },
  ],
  trigger: 'occurrence',
  noticeDays: 30,
  governingLaw: 'CH',
  period: { from: '2026-11-24T00:00:00.000Z', until },
  insuranceRequired: false,
});
const file = (n: number) => ({
  kind: 'evaluation-log',
  file: digest(n),
  bytes: 1,
  members: 1,
  membersRoot: digest(n),
});
const log = (n: number, run: string) => ({
  ...file(n),
  run: { evalId: run },
  log: {
    format: 'inspect',
    status: 'success',
    samplesInFile: 1,
    samplesWithError: 0,
    metrics: [],
    tokens: 0,
    errored: false,
  },
});

/** What the story leaves out: every other event type, each on the path that ends or changes something. */
const ACTS: readonly (Act | number | ((world: World) => Promise<unknown>))[] = [
  [
    'SetPolicyParameter',
    'custody',
    'custody-ledger',
    CUSTODIAN,
    { name: 'release-assessment', value: 'ear-most-recent' },
  ],
  ['AmendParty', 'party', partnerParty('PL'), CUSTODIAN, { name: 'Wisła Laboratory' }],
  ['AddPartyKey', 'party', partnerParty('PL'), lab('PL'), { kid: 'k1', jwk: '{}' }],
  ['AddPartyKey', 'party', partnerParty('PL'), lab('PL'), { kid: 'k2', jwk: '{}' }],
  ['RetirePartyKey', 'party', partnerParty('PL'), lab('PL'), { kid: 'k1' }],
  ['ReportPartyKeyCompromised', 'party', partnerParty('PL'), lab('PL'), { kid: 'k2', ...reason }],
  ['SuspendParty', 'party', partnerParty('PL'), LA, reason],
  ['ReinstateParty', 'party', partnerParty('PL'), LA, reason],
  ['ConsentToOnSiteReview', 'partner', partner('PL'), lab('PL')],
  ['CompleteOnSiteReview', 'partner', partner('PL'), ally('PL'), { outcome: 'satisfactory' }],
  ['RefusePartner', 'partner', partner('PL'), ally('PL'), reason],
  ['ConfirmNeedToKnow', 'tester', 'p-09', lab('KR'), { families: [HALYARD] }],
  ['RosterTester', 'tester', 'p-20', lab('KR'), { partner: partner('KR') }],
  [
    'RecordClearance',
    'tester',
    'p-20',
    ally('KR'),
    { level: 'SECRET', period: { from: '2026-11-24T00:00:00.000Z', until: END } },
  ],
  ['EndClearance', 'tester', 'p-20', ally('KR'), reason],
  ['WithdrawTester', 'tester', 'p-20', lab('KR'), reason],
  // Applications, each to another end.
  apply('authorisation-denied'),
  ['ReferApplication', 'authorisation', 'authorisation-denied', LA, { agency: 'Defence' }],
  ['HoldApplication', 'authorisation', 'authorisation-denied', LA, reason],
  [
    'RecordAgencyPosition',
    'authorisation',
    'authorisation-denied',
    ally('KR'),
    { agency: 'Defence', position: 'deny' },
  ],
  ['IssueIntentToDeny', 'authorisation', 'authorisation-denied', LA, reason],
  ['DenyAuthorisation', 'authorisation', 'authorisation-denied', LA, reason],
  apply('authorisation-returned'),
  ['ReturnApplicationWithoutAction', 'authorisation', 'authorisation-returned', LA, reason],
  apply('authorisation-new'),
  issue('authorisation-new'),
  [
    'AmendAuthorisation',
    'authorisation',
    'authorisation-new',
    LA,
    { scope: { ...scope('KR'), destinations: 'all' }, ...reason },
  ],
  apply('authorisation-next'),
  issue('authorisation-next'),
  // A grant that is refused, one that is active, amended, used, reported under and revoked, and one that expires.
  ['RequestGrant', 'grant', 'grant-refused', lab('KR'), granted('authorisation-new')],
  ['RefuseGrant', 'grant', 'grant-refused', ally('KR'), { of: 'grant', ...reason }],
  ['RequestGrant', 'grant', 'grant-expiring', lab('KR'), granted('authorisation-new', '2026-11-25T00:00:00.000Z')],
  ['RequestGrant', 'grant', 'grant-new', lab('KR'), granted('authorisation-new')],
  ['ProposeLiability', 'liability', 'liability-declined', DEVELOPER, { grant: 'grant-new', terms: terms() }],
  sign('liability-declined', 'DeclineLiability', [lab('KR')], reason),
  ['ProposeLiability', 'liability', 'liability-new', DEVELOPER, { grant: 'grant-new', terms: terms() }],
  sign('liability-new', 'CountersignLiability', [DEVELOPER, lab('KR'), INSURER]),
  ['ApproveGrant', 'grant', 'grant-new', DEVELOPER, { of: 'grant' }],
  ['ApproveGrant', 'grant', 'grant-new', ally('KR'), { of: 'grant' }],
  [
    'RequestGrantAmendment',
    'grant',
    'grant-new',
    lab('KR'),
    { scope: { ...granted('authorisation-new').scope, testers: ['p-03', 'p-09'] } },
  ],
  ['ApproveGrant', 'grant', 'grant-new', DEVELOPER, { of: 'amendment' }],
  ['ApproveGrant', 'grant', 'grant-new', ally('KR'), { of: 'amendment' }],
  open('session-new'),
  open('session-void'),
  open('session-terminated'),
  ['RecordTestFinding', 'session', 'session-new', lab('KR'), { finding: 'f-1', severity: 'low', description: 'd' }],
  (world) =>
    world.opened.ledger.executeSystem({
      type: 'VoidSession',
      category: 'session',
      id: 'session-void',
      payload: { cause: world.entries().at(-1)?.id, ...reason },
      cause: world.entries().at(-1)?.id as string,
      rule: 'R13',
    }),
  (world) => world.opened.ledger.settle(),
  [
    'ReportSession',
    'session',
    'session-reported',
    lab('KR'),
    {
      grant: 'grant-new',
      modelVersion: HALYARD_5_0,
      modality: 'weights',
      testers: ['p-09'],
      startedAt: '2026-11-23T00:00:00.000Z',
    },
  ],
  ['ReceiveEvidence', 'evidence', `evidence-${digest(1)}`, lab('KR'), log(1, 'run-1')],
  ['ReceiveEvidence', 'evidence', `evidence-${digest(2)}`, lab('KR'), log(2, 'run-1')],
  ['LinkEvidence', 'evidence', `evidence-${digest(1)}`, lab('KR'), { session: 'session-new' }],
  ['LinkEvidence', 'evidence', `evidence-${digest(2)}`, lab('KR'), { session: 'session-new' }],
  [
    'ReceiveEvidence',
    'evidence',
    `evidence-${digest(3)}`,
    lab('KR'),
    { ...file(3), damage: { fault: 'truncated', where: 'end', detail: 'it ends early' } },
  ],
  refused(lab('KR'), 'KR'),
  refused(lab('KR'), 'KR'),
  refused(lab('DE'), 'DE'),
  11 * MINUTE,
  [
    'EvidenceInsurance',
    'liability',
    'liability-new',
    INSURER,
    { policy: 'P-1', period: terms().period, limit: { amount: '1', currency: 'EUR' } },
  ],
  ['LapseInsurance', 'liability', 'liability-new', INSURER, { policy: 'P-1', ...reason }],
  ['ProposeLiabilityAmendment', 'liability', 'liability-new', DEVELOPER, { terms: terms('2036-07-20T00:00:00.000Z') }],
  sign('liability-new', 'CountersignLiability', [DEVELOPER, lab('KR'), INSURER]),
  ['SuspendGrant', 'grant', 'grant-new', DEVELOPER, reason],
  ['ReinstateGrant', 'grant', 'grant-new', DEVELOPER, reason],
  ['RevokeGrant', 'grant', 'grant-new', ally('KR'), reason],
  ['TerminateLiability', 'liability', 'liability-new', lab('KR'), reason],
  ['SupersedeAuthorisation', 'authorisation', 'authorisation-new', LA, { successor: 'authorisation-next' }],
  24 * 60 * MINUTE,
  // Partners.
  [
    'RenewAdmission',
    'partner',
    partner('KR'),
    ally('KR'),
    { period: { from: END, until: '2036-08-01T00:00:00.000Z' } },
  ],
  ['SuspendPartner', 'partner', partner('KR'), LA, reason],
  ['ReinstatePartner', 'partner', partner('KR'), ally('KR'), reason],
  ['RemovePartner', 'partner', partner('KR'), ally('KR'), reason],
  // An audit that its auditor gives up.
  [
    'EngageAudit',
    'audit',
    'audit-given-up',
    LA,
    {
      auditor: AUDITOR.party,
      scope: { grants: [grant('GB')], sessions: [] },
      period: terms().period,
      criteriaSet: 'criteria-aud-1',
      assurance: 'limited',
    },
  ],
  ['RecuseAuditor', 'audit', 'audit-given-up', AUDITOR, reason],
  [
    'PublishCriteriaVersion',
    'criteria',
    'criteria-aud-1',
    LA,
    { version: '2.0', criteria: [{ criterion: 'AC-1', requirement: 'r', evidence: 'e', mandatory: true }] },
  ],
  ['BringCriteriaSetIntoForce', 'criteria', 'criteria-aud-1', LA, { version: '2.0' }],
  // What controls, and what is controlled.
  [
    'RecordInstrument',
    'instrument',
    'instrument-later',
    LA,
    {
      reference: 'INS-9',
      title: 'A later rule',
      kind: 'rule',
      issuedOn: '2026-11-25',
      scope: {
        families: [SEXTANT],
        acts: ['export'],
        modalities: ['api'],
        destinations: 'all',
        persons: 'any-foreign-person',
      },
    },
  ],
  ['SupersedeInstrument', 'instrument', 'instrument-ins-1', LA, { successor: 'instrument-later' }],
  ['LiftInstrument', 'instrument', 'instrument-later', LA, reason],
  ['WithdrawModelVersion', 'model', HALYARD, DEVELOPER, { version: HALYARD_5_0, ...reason }],
  ['TerminateLiability', 'liability', liability('GB'), DEVELOPER, reason],
  ['RevokeAuthorisation', 'authorisation', authorisation('GB'), LA, reason],
  async (world) => {
    world.clock.set(Date.parse('2036-09-01T00:00:00.000Z'));
    await world.opened.ledger.settle();
  },
];

function open(session: string): Act {
  return ['OpenSession', 'grant', 'grant-new', lab('KR'), { ...asked('KR'), session }];
}
function asked(place: string) {
  return { modelVersion: HALYARD_5_0, modality: 'api', testers: ['p-09'], place, endUse: 'safety evaluation' };
}
function refused(by: Actor, place: string) {
  return async (world: World) => {
    const outcome = await world.give('OpenSession', 'grant', 'grant-new', by, { ...asked(place), endUse: 'another' });
    if (outcome.outcome !== 'refused') throw new Error(`not refused: ${JSON.stringify(outcome)}`);
  };
}
function sign(id: string, type: string, by: readonly Actor[], more: object = {}) {
  return async (world: World) => {
    const state = world.view.state('liability', id) as { proposal?: { digest: string } };
    for (const each of by)
      await done(world, [type, 'liability', id, each, { digest: state.proposal?.digest, ...more }]);
  };
}
async function done(world: World, [type, category, id, by, payload]: Act): Promise<void> {
  const outcome = await world.give(type, category, id, by, payload);
  if (outcome.outcome !== 'done')
    throw new Error(
      `${type} ${id}: ${outcome.outcome === 'refused' ? JSON.stringify(outcome.reasons) : outcome.outcome}`,
    );
  world.clock.set(world.clock.now() + 1000);
}

export async function aftermath(world: World): Promise<void> {
  for (const act of ACTS)
    if (typeof act === 'number') await world.pass(act);
    else if (typeof act === 'function') await act(world);
    else await done(world, act);
}

/** At last the ledger moves to another store: nothing is written here after that. */
export const seal = (world: World): Promise<void> =>
  done(world, [
    'SealLedger',
    'custody',
    'custody-ledger',
    actor('system', 'system'),
    { target: 'sqlite', move: 'm-1' },
  ]);
