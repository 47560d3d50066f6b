import { describe, expect, test } from '@jest/globals';
import { cases, fold, given } from '../testing/specification.ts';
import {
  ALLY,
  DEVELOPER,
  fact,
  granted,
  LAB,
  NOW,
  OTHER_DEVELOPER,
  OTHER_LAB,
  period,
  published,
  reason,
  requested,
  STREAMS,
  SYSTEM,
  worldOf,
} from '../testing/world.ts';
import { denialDecider, keyOf } from '../denial/index.ts';
import { criteriaOf, sessionDecider, type KnownSession } from './index.ts';

const id = 'session-1';
const asked = { modelVersion: 'v-1', modality: 'api', testers: ['p-1'], place: 'GB', endUse: 'evaluation' };
const criteria = { set: 'criteria-test', version: '1', by: 'e' };
const authorised = fact('SessionAuthorised', {
  session: id,
  item: 'api',
  reserved: 1,
  criteria,
  basis: {},
  assessments: [],
  ...asked,
});
const opened = fact('SessionOpened', { ...authorised.data, grant: 'grant-1', party: LAB.party, authorised: 'e' });
const view = worldOf({
  'grant-1': [...granted, authorised],
  'evidence-1': [fact('EvidenceReceived', { kind: 'gateway-log', file: 'f' }, { by: DEVELOPER.party })],
});
const report = { grant: 'grant-1', ...asked, startedAt: '2026-08-01T00:00:00.000Z' };
const reported = fact('SessionReported', { ...report, party: LAB.party, misfits: [], criteria });
const outcome = { criterion: 'C-1', outcome: 'met' };
const finding = { finding: 'f-1', severity: 'low', description: 'd' };
const order = { cause: 'e', reason: 'r', effect: period.from };
const ordered = fact('SessionTerminationOrdered', order);
const ended = fact('SessionTerminated');
const voided = fact('SessionVoided', { cause: 'e', ...reason });
const calls = { evidence: 'evidence-1', firstAt: period.from, offsets: [0, 5], tokens: 1 };
const after = (...facts: Parameters<typeof fold>[2]) => ({
  view: worldOf({ 'grant-1': [...granted, authorised, ...facts] }),
});

describe('a session', () =>
  cases(sessionDecider, id, view, [
    [
      'is opened by the ledger, as it was authorised (R10)',
      [],
      'RecordSessionOpened',
      SYSTEM,
      ['SessionOpened'],
      { grant: 'grant-1' },
    ],
    ['… once', [opened], 'RecordSessionOpened', SYSTEM, ['wrong-state'], { grant: 'grant-1' }],
    [
      '… if it was authorised',
      [],
      'RecordSessionOpened',
      SYSTEM,
      ['not-found'],
      { grant: 'grant-1' },
      { view: worldOf() },
    ],
    ['… by nobody', [], 'RecordSessionOpened', LAB, ['not-entitled'], { grant: 'grant-1' }],
    [
      'has outcomes recorded by its partner',
      [opened],
      'RecordCriterionOutcome',
      LAB,
      ['CriterionOutcomeRecorded'],
      outcome,
    ],
    [
      '… of criteria that it is judged by (R11)',
      [opened],
      'RecordCriterionOutcome',
      LAB,
      ['criterion-not-in-force'],
      { ...outcome, criterion: 'C-9' },
    ],
    [
      '… each once',
      [opened, fact('CriterionOutcomeRecorded', outcome)],
      'RecordCriterionOutcome',
      LAB,
      ['wrong-state'],
      outcome,
    ],
    ['… unless it is voided', [opened, voided], 'RecordCriterionOutcome', LAB, ['wrong-state'], outcome],
    ['… not by another partner', [opened], 'RecordCriterionOutcome', OTHER_LAB, ['not-entitled'], outcome],
    ['has findings', [opened], 'RecordTestFinding', LAB, ['TestFindingRecorded'], finding],
    ['… whatever became of it (R14)', [opened, voided], 'RecordTestFinding', LAB, ['TestFindingRecorded'], finding],
    [
      '… of one id once',
      [opened, fact('TestFindingRecorded', finding)],
      'RecordTestFinding',
      LAB,
      ['id-taken'],
      finding,
    ],
    [
      'is ordered to terminate (R12)',
      [opened],
      'OrderSessionTermination',
      SYSTEM,
      ['SessionTerminationOrdered'],
      order,
    ],
    ['… once', [opened, ordered], 'OrderSessionTermination', SYSTEM, ['wrong-state'], order],
    [
      '… while it is open',
      [opened, fact('SessionCompleted')],
      'OrderSessionTermination',
      SYSTEM,
      ['wrong-state'],
      order,
    ],
    ['is terminated by the developer', [opened], 'TerminateSession', DEVELOPER, ['SessionTerminated']],
    ['… of its model', [opened], 'TerminateSession', OTHER_DEVELOPER, ['not-entitled']],
    ['… for good (R12)', [opened, ended], 'CompleteSession', LAB, ['wrong-state']],
    ['is completed', [opened], 'CompleteSession', LAB, ['SessionCompleted']],
    ['… also if only reported', [reported], 'CompleteSession', LAB, ['SessionCompleted']],
    ['… once', [opened, fact('SessionCompleted')], 'CompleteSession', LAB, ['wrong-state']],
    ['is cancelled', [opened], 'CancelSession', LAB, ['SessionCancelled']],
    ['… if it is open', [reported], 'CancelSession', LAB, ['wrong-state']],
    ['fails', [opened], 'FailSession', LAB, ['SessionFailed'], reason],
    ['… by nobody else', [opened], 'FailSession', ALLY, ['not-entitled'], reason],
    ['… once', [opened, fact('SessionFailed', reason)], 'FailSession', LAB, ['wrong-state'], reason],
    ['is voided (R13)', [opened], 'VoidSession', SYSTEM, ['SessionVoided'], { cause: 'e', ...reason }],
    ['… however it ended', [opened, ended], 'VoidSession', SYSTEM, ['SessionVoided'], { cause: 'e', ...reason }],
    ['… once', [opened, voided], 'VoidSession', SYSTEM, ['wrong-state'], { cause: 'e', ...reason }],
    ['is reported after the fact, also by the developer', [], 'ReportSession', DEVELOPER, ['SessionReported'], report],
    [
      '… under a grant that has ended (R14)',
      [],
      'ReportSession',
      LAB,
      ['SessionReported'],
      report,
      after(fact('GrantRevoked', reason)),
    ],
    [
      '… of a model that nobody knows (R14)',
      [],
      'ReportSession',
      LAB,
      ['SessionReported'],
      { ...report, modelVersion: 'v-9', testers: [] },
    ],
    ['… by who is party to the grant', [], 'ReportSession', OTHER_LAB, ['not-entitled'], report],
    ['… that there is', [], 'ReportSession', LAB, ['not-found'], { ...report, grant: 'grant-9' }],
    ['… by an id that is free', [opened], 'ReportSession', LAB, ['id-taken'], report],
    ['has calls reported from a gateway log', [opened], 'ReportActivity', DEVELOPER, ['ActivityReported'], calls],
    ['… after it was terminated (R14)', [opened, ended], 'ReportActivity', DEVELOPER, ['ActivityReported'], calls],
    ['… after it was voided (R14)', [opened, voided], 'ReportActivity', DEVELOPER, ['ActivityReported'], calls],
    ['… that there is', [opened], 'ReportActivity', DEVELOPER, ['not-found'], { ...calls, evidence: 'evidence-9' }],
    ['… of one’s own', [opened], 'ReportActivity', LAB, ['not-entitled'], calls],
    ['… in order', [opened], 'ReportActivity', DEVELOPER, ['not-in-order'], { ...calls, offsets: [5, 0] }],
  ]));

test('a report says what did not fit, and names no status of a person in clear (R14)', () => {
  const abroad = {
    ...STREAMS,
    'tester-p-1': (STREAMS['tester-p-1'] ?? []).map((each) =>
      each.personal ? { ...each, personal: [{ person: 'p-1', digest: 'd', jwe: 'AE' }] } : each,
    ),
  };
  given(sessionDecider, { id, view: worldOf({ ...abroad, 'grant-1': [requested()] }) as never, now: NOW })
    .when('ReportSession', { ...report, place: 'FR', startedAt: '2026-08-18T09:00:00.000Z' }, LAB)
    .then([
      {
        type: 'SessionReported',
        data: expect.objectContaining({
          misfits: [
            { rule: 'grant-not-active', detail: expect.anything() as unknown },
            { rule: 'place-not-covered', detail: expect.anything() as unknown },
            { rule: 'scope-exceeds-authorisation', detail: expect.anything() as unknown },
            { rule: 'release-not-permitted', detail: 'sealed: it names the status of a person' },
          ],
        }) as object,
      },
    ]);
});

test('R11: what came later changes nothing about the criteria that it is judged by', () => {
  const later = worldOf({
    'criteria-test': [
      published('testing'),
      { ...published('testing', '2'), data: { ...published('testing', '2').data, criteria: [] } },
    ],
  });
  for (const began of [opened, reported])
    expect(
      criteriaOf(fold(sessionDecider, id, [began]) as KnownSession, later).map(({ criterion }) => criterion),
    ).toEqual(['C-1', 'C-2']);
});

const reasons = [{ rule: 'place-not-covered', detail: 'd' }];
const request = { grant: 'grant-1', ...asked };
const denied = fact('AccessDenied', { ...request, reasons }, { refs: { grant: ['grant-1'] } });

describe('a refusal of access (R15)', () => {
  cases(denialDecider, 'denial-partner-gb', worldOf(), [
    ['is recorded by the ledger', [], 'DenyAccess', SYSTEM, ['AccessDenied'], { ...request, reasons }],
    ['… and nobody else', [], 'DenyAccess', LAB, ['not-entitled'], { ...request, reasons }],
    [
      'is counted when it came again',
      [denied],
      'CountDenials',
      SYSTEM,
      ['AccessDenialsCounted'],
      { grant: 'grant-1', first: 'event-denial-partner-gb-0', count: 2 },
    ],
    [
      '… also after the next one',
      [denied, denied],
      'CountDenials',
      SYSTEM,
      ['AccessDenialsCounted'],
      { grant: 'grant-1', first: 'event-denial-partner-gb-0', count: 2 },
    ],
    ['… if there was one', [], 'CountDenials', SYSTEM, ['not-found'], { grant: 'grant-1', first: 'event-1', count: 2 }],
  ]);
  test('is the same if the same was asked and the same rules failed', () => {
    const { place, ...rest } = request;
    expect(keyOf({ place, ...rest }, reasons)).toBe(keyOf(request, reasons));
    expect(keyOf({ ...request, place: 'FR' }, reasons)).not.toBe(keyOf(request, reasons));
    expect(keyOf(request, [...reasons, ...reasons])).not.toBe(keyOf(request, reasons));
  });
});
