import { describe, expect, test } from '@jest/globals';
import { at, cases, fold } from '../testing/specification.ts';
import {
  ALLY,
  DEVELOPER,
  digestOf,
  fact,
  inForce,
  INSURER,
  LA,
  LAB,
  NOW,
  OTHER_LAB,
  period,
  proposed,
  reason,
  signed,
  SYSTEM,
  terms,
  worldOf,
} from '../testing/world.ts';
import { liabilityAt, liabilityDecider, liabilityLifeAt, type LiabilityState } from './index.ts';

const text = { digest: digestOf(terms()) };
const other = { digest: 'f'.repeat(64) };
const ask = (change: object = {}, shares?: number[]) => ({ grant: 'grant-1', terms: terms(change, shares) });
const table = [proposed()];
const all = [proposed(), signed(DEVELOPER.party), signed(LAB.party)];
const settled = [...all, inForce()];
const head = terms().heads[0] as object;
const layered = terms({
  heads: [{ ...head, layers: [{ kind: 'insurance', party: INSURER.party, limit: { amount: '1', currency: 'EUR' } }] }],
});
const insured = [
  proposed(layered),
  ...[DEVELOPER, LAB, INSURER].map(({ party }) => signed(party, layered)),
  inForce(layered),
];
const policy = { policy: 'P-1', period, limit: { amount: '1', currency: 'EUR' } };
const evidenced = fact('InsuranceEvidenced', policy);
const terminated = (effectiveAt = NOW - 1) => fact('LiabilityTerminated', reason, { effectiveAt });
const amendment = { digest: digestOf(layered), terms: layered };
const amending = [...settled, fact('LiabilityAmendmentProposed', amendment)];

describe('a liability assignment', () =>
  cases(liabilityDecider, 'liability-1', worldOf(), [
    ['is proposed by a party that bears something', [], 'ProposeLiability', DEVELOPER, ['LiabilityProposed'], ask()],
    ['… and no other', [], 'ProposeLiability', OTHER_LAB, ['not-entitled'], ask()],
    ['… nor an authority over it', [], 'ProposeLiability', LA, ['not-entitled'], ask()],
    ['… once', table, 'ProposeLiability', DEVELOPER, ['id-taken'], ask()],
    ['… for a grant that there is', [], 'ProposeLiability', DEVELOPER, ['not-found'], { ...ask(), grant: 'grant-9' }],
    [
      '… with shares that add up (R19)',
      [],
      'ProposeLiability',
      DEVELOPER,
      ['shares-do-not-add-up'],
      ask({}, [6000, 3999]),
    ],
    [
      '… unless the head is waived (R19)',
      [],
      'ProposeLiability',
      DEVELOPER,
      ['LiabilityProposed'],
      ask({ heads: [{ ...head, regime: 'cross-waiver', shares: terms({}, [1, 1]).heads[0]?.shares }] }),
    ],
    [
      '… or excluded (R19)',
      [],
      'ProposeLiability',
      DEVELOPER,
      ['LiabilityProposed'],
      ask({ heads: [{ ...head, regime: 'excluded', shares: terms({}, [1, 1]).heads[0]?.shares }] }),
    ],
    ['… each head once', [], 'ProposeLiability', DEVELOPER, ['head-twice'], ask({ heads: [head, head] })],
    [
      '… each party once a head',
      [],
      'ProposeLiability',
      DEVELOPER,
      ['party-twice'],
      ask({
        heads: [{ ...head, shares: [5000, 5000].map((basisPoints) => ({ party: DEVELOPER.party, basisPoints })) }],
      }),
    ],
    [
      '… for a time that ends after it begins',
      [],
      'ProposeLiability',
      DEVELOPER,
      ['invalid-period'],
      ask({ period: { from: period.until, until: period.from } }),
    ],
    ['is countersigned by who bears', table, 'CountersignLiability', LAB, ['LiabilityCountersigned'], text],
    ['… and nobody else', table, 'CountersignLiability', ALLY, ['not-entitled'], text],
    ['… that exact text (R20)', table, 'CountersignLiability', LAB, ['other-text'], other],
    ['… once', all, 'CountersignLiability', LAB, ['wrong-state'], text],
    [
      '… while it is on the table',
      settled,
      'CountersignLiability',
      LAB,
      ['not-entitled', 'wrong-state', 'other-text'],
      text,
    ],
    ['is declined', table, 'DeclineLiability', LAB, ['LiabilityDeclined'], { ...text, ...reason }],
    [
      '… and signed no more',
      [...table, fact('LiabilityDeclined', { ...text, ...reason }, { by: LAB.party })],
      'CountersignLiability',
      DEVELOPER,
      ['wrong-state'],
      text,
    ],
    ['comes into force', all, 'BringLiabilityInForce', SYSTEM, ['LiabilityInForce'], text],
    ['… signed by all (R20)', all.slice(0, 2), 'BringLiabilityInForce', SYSTEM, ['not-countersigned'], text],
    [
      '… never backwards in time (R20)',
      all,
      'BringLiabilityInForce',
      SYSTEM,
      ['never-backwards'],
      text,
      { effectiveAt: NOW - 1 },
    ],
    ['… once', settled, 'BringLiabilityInForce', SYSTEM, ['wrong-state', 'not-countersigned'], text],
    [
      'has an amendment proposed',
      settled,
      'ProposeLiabilityAmendment',
      LAB,
      ['LiabilityAmendmentProposed'],
      { terms: layered },
    ],
    [
      '… with shares that add up (R19)',
      settled,
      'ProposeLiabilityAmendment',
      LAB,
      ['shares-do-not-add-up'],
      { terms: terms({}, [1, 2]) },
    ],
    ['… of what is in force', table, 'ProposeLiabilityAmendment', LAB, ['wrong-state'], { terms: layered }],
    [
      '… signed by who would bear',
      amending,
      'CountersignLiability',
      INSURER,
      ['LiabilityCountersigned'],
      { digest: amendment.digest },
    ],
    ['… who commands nothing else yet', amending, 'TerminateLiability', INSURER, ['not-entitled'], reason],
    [
      'is amended',
      [...amending, ...[DEVELOPER, LAB, INSURER].map(({ party }) => signed(party, layered))],
      'AmendLiability',
      SYSTEM,
      ['LiabilityAmended'],
      { digest: amendment.digest },
    ],
    [
      '… signed by all (R20)',
      [...amending, signed(LAB.party, layered), signed(DEVELOPER.party, layered)],
      'AmendLiability',
      SYSTEM,
      ['not-countersigned'],
      { digest: amendment.digest },
    ],
    ['has insurance evidenced by its insurer', insured, 'EvidenceInsurance', INSURER, ['InsuranceEvidenced'], policy],
    ['… once', [...insured, evidenced], 'EvidenceInsurance', INSURER, ['id-taken'], policy],
    ['… who bears a layer', settled, 'EvidenceInsurance', INSURER, ['not-entitled'], policy],
    [
      'has insurance lapse',
      [...insured, evidenced],
      'LapseInsurance',
      INSURER,
      ['InsuranceLapsed'],
      { policy: 'P-1', ...reason },
    ],
    ['… that there is', insured, 'LapseInsurance', INSURER, ['not-found'], { policy: 'P-1', ...reason }],
    [
      '… once',
      [...insured, evidenced, fact('InsuranceLapsed', { policy: 'P-1', ...reason })],
      'LapseInsurance',
      SYSTEM,
      ['wrong-state'],
      { policy: 'P-1', ...reason },
    ],
    ['is terminated by who bears', settled, 'TerminateLiability', LAB, ['LiabilityTerminated'], reason],
    ['… or by the ledger when it runs out', settled, 'TerminateLiability', SYSTEM, ['LiabilityTerminated'], reason],
    ['… and nobody else', settled, 'TerminateLiability', ALLY, ['not-entitled'], reason],
    ['… once', [...settled, terminated()], 'TerminateLiability', LAB, ['wrong-state'], reason],
    [
      '… sooner than was said',
      [...settled, terminated(NOW + 9)],
      'TerminateLiability',
      LAB,
      ['LiabilityTerminated'],
      reason,
    ],
    [
      '… and amended no more',
      [...settled, terminated()],
      'ProposeLiabilityAmendment',
      LAB,
      ['wrong-state'],
      { terms: layered },
    ],
  ]));

test('its life: proposed, in force, terminated with a tail of its notice days', () => {
  const day = 86_400_000;
  const state = (...facts: Parameters<typeof fold>[2]) =>
    fold(liabilityDecider, 'liability-1', facts, NOW) as LiabilityState;
  const life = (of: LiabilityState, ...when: number[]) => when.map((each) => liabilityLifeAt(of, each));
  expect(life(state(...all), NOW)).toEqual(['proposed']);
  expect(life(state(...settled, terminated(NOW)), NOW - 1, NOW, NOW + 30 * day - 1, NOW + 30 * day)).toEqual([
    ...['in-force', 'tail', 'tail', 'terminated'],
  ]);
  expect(life(state(proposed(), terminated(NOW)), NOW)).toEqual(['terminated']);
  expect([NOW, at(period.until)].map((when) => liabilityAt(state(...settled), 'api', when).holds)).toEqual([
    true,
    false,
  ]);
});
