import { grant, HALYARD_5_0, laboratory, partnerParty as lab, SEXTANT_5_0, US_SITE } from './cast.ts';
import { attach } from './evidence.ts';
import { finding, outcomes } from './outcomes.ts';
import { at, type Step } from './step.ts';

/** Asks for access; `refused` names the rule by which the story expects it to be refused. */
export function open(
  time: string,
  session: string,
  country: string,
  [modelVersion, modality]: readonly [string, string],
  testers: readonly string[],
  more: object = {},
  refused?: string,
): Step {
  return at(
    time,
    lab(country),
    `grants/${grant(country)}/open-session`,
    {
      session,
      modelVersion,
      modality,
      testers: [...testers],
      place: country,
      facility: laboratory(country),
      endUse: 'safety evaluation',
      ...more,
    },
    refused,
  );
}
export const end = (
  time: string,
  session: string,
  by: string,
  how: string,
  body: Readonly<Record<string, unknown>> = {},
): Step => at(time, by, `sessions/${session}/${how}`, body);

const HALYARD_API = [HALYARD_5_0, 'api'] as const;
const HALYARD_WEIGHTS = [HALYARD_5_0, 'weights'] as const;
export const SEXTANT_API = [SEXTANT_5_0, 'api'] as const;
const ACCURACY = ['TP-01'];

/** Under version 1.0 of the testing criteria: S1 to S8, and the two refusals of August. */
const summer = (): Step[] => [
  open('2026-07-28', 'session-s1', 'GB', HALYARD_API, ['p-01']),
  end('2026-07-28T15:00:00.000Z', 'session-s1', lab('GB'), 'complete-session'),
  attach(
    '2026-07-28T15:05:00.000Z',
    'session-s1',
    lab('GB'),
    'popularity-unscored-2025-02.eval',
    '2026-07-28T10:00:00.000Z',
  ),
  // This log has no scores: the tester says what came out.
  ...outcomes('2026-07-28T15:10:00.000Z', 'session-s1', lab('GB'), [], { 'TP-07': ['inconclusive'] }),
  finding(
    '2026-07-28T15:20:00.000Z',
    'session-s1',
    lab('GB'),
    'low',
    'Answers differ between sessions when the order of the questions is changed.',
  ),

  open('2026-08-04', 'session-s2', 'GB', HALYARD_WEIGHTS, ['p-01', 'p-07']),
  end('2026-08-06', 'session-s2', lab('GB'), 'complete-session'),
  attach('2026-08-06T10:00:00.000Z', 'session-s2', lab('GB'), 'class-eval-2025-12.eval', '2026-08-05T10:00:00.000Z'),
  ...outcomes('2026-08-06T10:10:00.000Z', 'session-s2', lab('GB'), ['TP-02'], { 'TP-04': ['not-met', '0.14'] }),
  finding(
    '2026-08-06T10:20:00.000Z',
    'session-s2',
    lab('GB'),
    'medium',
    'With its weights at hand the model is led to write a working exploit more often than the criterion allows.',
  ),

  // Given up, and why is not said.
  open('2026-08-05', 'session-s3', 'FR', SEXTANT_API, ['p-04']),
  end('2026-08-05T12:00:00.000Z', 'session-s3', lab('FR'), 'cancel-session'),
  attach('2026-08-06T11:00:00.000Z', 'session-s3', lab('FR'), 'cancelled-2025-05.json', '2026-08-05T11:00:00.000Z'),

  open('2026-08-11', 'session-s4', 'DE', HALYARD_API, ['p-05']),
  end('2026-08-11T11:00:00.000Z', 'session-s4', lab('DE'), 'fail-session', { reason: 'the run ended with an error' }),
  attach('2026-08-11T12:00:00.000Z', 'session-s4', lab('DE'), 'error-2024-08.json', '2026-08-11T10:00:00.000Z'),
  ...outcomes('2026-08-11T12:10:00.000Z', 'session-s4', lab('DE'), ACCURACY, {}, ['inconclusive']),

  open('2026-08-12', 'session-s5', 'JP', HALYARD_WEIGHTS, ['p-06']),
  end('2026-08-14', 'session-s5', lab('JP'), 'complete-session'),
  attach('2026-08-14T10:00:00.000Z', 'session-s5', lab('JP'), 'popularity-2024-10.eval', '2026-08-13T10:00:00.000Z'),
  ...outcomes('2026-08-14T10:10:00.000Z', 'session-s5', lab('JP'), ACCURACY),
  finding(
    '2026-08-14T10:20:00.000Z',
    'session-s5',
    lab('JP'),
    'medium',
    'A quantised copy of the weights answers the agreed question set worse than the original.',
  ),

  open('2026-08-13', 'session-s6', 'KR', HALYARD_API, ['p-09']),
  end('2026-08-13T15:00:00.000Z', 'session-s6', lab('KR'), 'complete-session'),
  attach('2026-08-13T16:00:00.000Z', 'session-s6', lab('KR'), 'pubmedqa.json', '2026-08-13T10:00:00.000Z'),
  ...outcomes('2026-08-13T16:10:00.000Z', 'session-s6', lab('KR'), ACCURACY, { 'TP-08': ['not-met', '0.12'] }),
  finding(
    '2026-08-13T16:20:00.000Z',
    'session-s6',
    lab('KR'),
    'medium',
    'Requests in Korean are refused less often than the same requests in English.',
  ),

  // A deemed export: p-11's most recent status is of a country that the annex does not list.
  open(
    '2026-08-18',
    'session-x1',
    'FR',
    HALYARD_API,
    ['p-11'],
    { place: 'US', facility: US_SITE },
    'release-not-permitted',
  ),
  open('2026-08-21', 'session-s7', 'KR', HALYARD_API, ['p-09'], {}, 'grant-not-active'),

  open('2026-08-27', 'session-s8', 'KR', HALYARD_API, ['p-09']),
  end('2026-08-27T15:00:00.000Z', 'session-s8', lab('KR'), 'complete-session'),
  attach('2026-08-27T16:00:00.000Z', 'session-s8', lab('KR'), 'websearch-2025-11.eval', '2026-08-27T10:00:00.000Z'),
  ...outcomes('2026-08-27T16:10:00.000Z', 'session-s8', lab('KR'), ACCURACY, { 'TP-08': ['met', '0.07'] }),
];

/** Under version 1.1: S10 and S11; S9 has a chapter of its own. */
const autumn = (): Step[] => [
  open('2026-09-09', 'session-s10', 'DE', HALYARD_API, ['p-05']),
  end('2026-09-09T15:00:00.000Z', 'session-s10', lab('DE'), 'complete-session'),
  attach(
    '2026-09-09T16:00:00.000Z',
    'session-s10',
    lab('DE'),
    'security-guide-2025-05.json',
    '2026-09-09T10:00:00.000Z',
  ),
  ...outcomes('2026-09-09T16:10:00.000Z', 'session-s10', lab('DE'), ACCURACY, { 'TP-13': ['not-applicable'] }),
  finding(
    '2026-09-09T16:20:00.000Z',
    'session-s10',
    lab('DE'),
    'low',
    'Advice on secure configuration names two options that no longer exist.',
  ),

  open('2026-09-16', 'session-s11', 'FR', SEXTANT_API, ['p-04']),
  end('2026-09-16T15:00:00.000Z', 'session-s11', lab('FR'), 'complete-session'),
  attach('2026-09-16T16:00:00.000Z', 'session-s11', lab('FR'), 'mmlu-2025-12.eval', '2026-09-16T10:00:00.000Z'),
  ...outcomes('2026-09-16T16:10:00.000Z', 'session-s11', lab('FR'), ACCURACY, { 'TP-13': ['not-applicable'] }),
];

export const sessions = (): Step[] => [...summer(), ...autumn()];
