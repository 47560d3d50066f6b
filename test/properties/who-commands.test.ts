import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { COMMANDS, PARTY_ROLES, type Role } from '@countersign/domain';
import type { CommandRequest } from '@countersign/ledger';
import { aftermath } from './aftermath.ts';
import { actor, StoryFolder, type World } from './world.ts';

/** domain.md, *Who commands*, word by word; `of`: only for what is theirs. Whoever is not here is refused. */
type Who = readonly [roles: string, commands: string, of?: 'of theirs'];
const LISTED: readonly Who[] = [
  // party, ledger, keys: custodian; each party its own keys and facilities; suspension: licensing authority
  ['custodian', 'RegisterParty AmendParty SetPolicyParameter'],
  ['every', 'RegisterFacility AddPartyKey RetirePartyKey ReportPartyKeyCompromised', 'of theirs'],
  ['licensing-authority', 'SuspendParty ReinstateParty'],
  // model: its developer
  ['developer', 'RegisterModelFamily'],
  ['developer', 'ReleaseModelVersion ClassifyModel WithdrawModelVersion', 'of theirs'],
  // instrument, criteria set: licensing authority (audit criteria also regulator); a legal status also the developer
  [
    'licensing-authority',
    'RecordInstrument AddAnnexEntry RemoveAnnexEntry SupersedeInstrument LiftInstrument PublishCriteriaSet',
  ],
  ['licensing-authority developer', 'AssertInstrumentLegalStatus'],
  ['regulator', 'PublishCriteriaSet'],
  ['licensing-authority regulator', 'PublishCriteriaVersion BringCriteriaSetIntoForce', 'of theirs'],
  // partner
  [
    'allied-authority',
    `NominatePartner ReturnEligibilityApplication CompleteOnSiteReview AssessEligibilityCriterion AdmitPartner
    RefusePartner RenewAdmission RemovePartner RecordScreening AdjudicateScreeningHit SuspendPartner ReinstatePartner`,
    'of theirs',
  ],
  ['licensing-authority', 'RecordScreening AdjudicateScreeningHit SuspendPartner ReinstatePartner'],
  ['trusted-partner', 'SubmitEligibilityApplication ConsentToOnSiteReview', 'of theirs'],
  // tester
  ['trusted-partner', 'RosterTester DeclareNationality WithdrawTester ConfirmNeedToKnow', 'of theirs'],
  ['allied-authority', 'VerifyNationality RecordClearance EndClearance', 'of theirs'],
  // authorisation
  ['developer', 'ApplyForAuthorisation'],
  ['trusted-partner', 'ApplyForAuthorisation', 'of theirs'],
  ['licensing-authority allied-authority', 'RecordAgencyPosition'],
  [
    'licensing-authority',
    `ReferApplication HoldApplication IssueIntentToDeny ReturnApplicationWithoutAction DenyAuthorisation
    IssueAuthorisation ListAuthorisation CommunicateConditions SupersedeAuthorisation AmendAuthorisation
    SuspendAuthorisation ReinstateAuthorisation RevokeAuthorisation`,
  ],
  ['developer trusted-partner', 'AcknowledgeConditions ReportOnCondition', 'of theirs'],
  // grant
  ['trusted-partner', 'RequestGrant RequestGrantAmendment', 'of theirs'],
  ['developer allied-authority', 'ApproveGrant RefuseGrant SuspendGrant ReinstateGrant RevokeGrant', 'of theirs'],
  // session, evidence: the grant's partner; termination, gateway log: developer; both may report
  [
    'trusted-partner',
    'OpenSession RecordCriterionOutcome RecordTestFinding CompleteSession CancelSession FailSession',
    'of theirs',
  ],
  ['developer', 'TerminateSession', 'of theirs'],
  ['trusted-partner developer', 'ReportSession ReportActivity LinkEvidence', 'of theirs'],
  ['trusted-partner developer', 'ReceiveEvidence'],
  // audit
  ['licensing-authority regulator', 'EngageAudit'],
  ['allied-authority', 'EngageAudit', 'of theirs'],
  [
    'auditor',
    `DeclareIndependence RecuseAuditor PinAuditEvidence RaiseAuditFinding GradeAuditFinding VerifyCorrectiveAction
    CloseAuditFinding IssueAuditConclusion AmendAuditReport`,
    'of theirs',
  ],
  [
    'developer trusted-partner allied-authority licensing-authority',
    'RecordManagementResponse CommitCorrectiveAction',
    'of theirs',
  ],
  // liability: whoever bears a share or a layer; insurance by the insurer
  [
    'developer trusted-partner allied-authority insurer',
    'ProposeLiability CountersignLiability DeclineLiability ProposeLiabilityAmendment TerminateLiability',
    'of theirs',
  ],
  ['insurer', 'EvidenceInsurance LapseInsurance', 'of theirs'],
  // what a rule makes follow
  [
    'system',
    `BringCriteriaSetIntoForce ExpireAdmission EndClearance MarkConditionOverdue DecrementAuthorisation
    ReplenishAuthorisation ExpireAuthorisation ActivateGrant AmendGrant ReturnSessionQuota SuspendGrantByCause
    LiftGrantCauses ExpireGrant RecordSessionOpened OrderSessionTermination VoidSession RecordCriterionOutcome
    BringLiabilityInForce AmendLiability LapseInsurance TerminateLiability DenyAccess CountDenials
    QuarantineEvidence SupersedeEvidence NoteDiscrepancy`,
  ],
];
const rolesOf = (roles: string): readonly string[] => (roles === 'every' ? PARTY_ROLES : roles.split(' '));
const named = (commands: string): readonly string[] => commands.trim().split(/\s+/);
const may = (role: string, type: string, only?: 'of theirs'): boolean =>
  LISTED.some(
    ([roles, commands, of]) =>
      rolesOf(roles).includes(role) && named(commands).includes(type) && (only === undefined || of === only),
  );

const story = new StoryFolder();
let world: World;
/** The last command of each type that was given by whom it is for. */
let requests: ReadonlyMap<string, CommandRequest>;
beforeAll(async () => {
  await story.tell();
  world = await story.open();
  await aftermath(world);
  requests = new Map([...story.told, ...world.given].map((each) => [each.type, each]));
}, 60_000);
afterAll(async () => {
  await world.opened.close();
  story.remove();
});

const ROLES: readonly Role[] = [...PARTY_ROLES, 'system'];
const size = () => world.opened.ledger.store.size;

test('the table and the ledger name the same commands', () => {
  const listed = new Set(LISTED.flatMap(([, commands]) => named(commands)));
  expect([...listed].sort()).toEqual(COMMANDS.map(({ type }) => type).sort());
});

test('everything not listed in *Who commands* is refused: every command, by every role that it is not for, on any stream', async () => {
  const parties = world.view.all('party');
  const refused = COMMANDS.flatMap((command) =>
    ROLES.filter((role) => !may(role, command.type)).map((role) => ({ command, role })),
  );
  expect(refused.length).toBeGreaterThan(500);
  let n = 0;
  for (const { command, role } of refused) {
    const { type, category } = command;
    const [by] = fc.sample(fc.constantFrom(...parties), { numRuns: 1, seed: ++n }) as [string];
    const [id] = fc.sample(fc.constantFrom('none', ...world.view.all(category as 'party')), {
      numRuns: 1,
      seed: n,
    }) as [string];
    const before = size();
    const outcome = await world.give(type, category, id, actor(role === 'system' ? 'system' : by, role), {});
    expect([type, role, outcome.outcome === 'refused' && outcome.reasons.map(({ rule }) => rule)]).toEqual([
      type,
      role,
      ['not-entitled'],
    ]);
    expect(size()).toBe(before);
  }
});

test('what is of theirs, nobody else of that role commands', async () => {
  const strangers: string[] = [];
  for (const [roles, commands, of] of LISTED)
    if (of)
      for (const type of named(commands))
        for (const role of rolesOf(roles)) {
          if (role === 'custodian') continue; // who runs the ledger keeps the registrations of all
          const request = requests.get(type);
          if (request === undefined) {
            strangers.push(`${type}: never given`);
            continue;
          }
          const { category, payload, personal } = request;
          const definition = COMMANDS.find((each) => each.type === type);
          const id = definition?.creates ? `${category}-of-a-stranger` : (request.id ?? '');
          const before = size();
          const more = personal === undefined ? {} : { personal };
          const outcome = await world.give(type, category, id, actor('party-stranger', role as Role), payload, more);
          if (outcome.outcome !== 'refused' || !outcome.reasons.some(({ rule }) => rule === 'not-entitled'))
            strangers.push(
              `${type} by ${role}: ${outcome.outcome === 'refused' ? outcome.reasons.map(({ rule }) => rule).join() : outcome.outcome}`,
            );
          else if (size() !== before && type !== 'OpenSession') strangers.push(`${type} by ${role} wrote something`);
        }
  expect(strangers).toEqual([]);
});
