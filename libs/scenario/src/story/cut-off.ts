import { authorisation, DEVELOPER, HALYARD, LA, partnerParty, SEXTANT } from './cast.ts';
import { attach } from './evidence.ts';
import { outcomes } from './outcomes.ts';
import { end, open, SEXTANT_API } from './sessions.ts';
import { at, type Step } from './step.ts';

const EFFECT = '2026-09-02T03:14:00.000Z';
const RECORDED = '2026-09-02T03:14:02.000Z';
const AU = partnerParty('AU');

/** 2 and 3 September: AU is taken out of the annex while S9 runs, and the gateway goes on answering for 41 seconds. */
export const cutOff = (): Step[] => [
  open('2026-09-02T02:40:00.000Z', 'session-s9', 'AU', SEXTANT_API, ['p-08']),
  at('2026-09-02T03:14:01.000Z', LA, 'instruments', {
    id: 'instrument-ins-3',
    reference: 'INS-3',
    title: 'Amendment of the annex',
    kind: 'determination',
    issuedOn: '2026-09-02',
    scope: {
      families: [HALYARD, SEXTANT],
      acts: ['export', 'deemed-export'],
      modalities: ['weights', 'api'],
      destinations: ['AU'],
      persons: 'any-foreign-person',
    },
    effectiveAt: EFFECT,
  }),
  at(RECORDED, LA, `authorisations/${authorisation('AU')}/revoke-authorisation`, {
    reason: 'taken out of the annex by INS-3',
    effectiveAt: EFFECT,
  }),
  at(RECORDED, LA, 'instruments/instrument-ins-2/remove-annex-entry', {
    entry: 'annex-au',
    reason: 'INS-3',
    under: 'instrument-ins-3',
    effectiveAt: EFFECT,
  }),
  end('2026-09-02T03:14:45.000Z', 'session-s9', DEVELOPER, 'terminate-session', {
    lastCallAt: '2026-09-02T03:14:41.000Z',
  }),
  at('2026-09-03', DEVELOPER, 'evidence', { file: { of: 'gateway-au.jsonl' } }),
  attach(
    '2026-09-03T09:30:00.000Z',
    'session-s9',
    AU,
    'popularity-epochs-2024-11.eval',
    '2026-09-02T02:50:00.000Z',
    'cancelled',
  ),
  // What the run came to before it was cut off: its accuracy, and that the cut-off was late.
  ...outcomes('2026-09-03T09:40:00.000Z', 'session-s9', AU, ['TP-01'], { 'TP-13': ['not-met', '41'] }, [
    'inconclusive',
  ]),
  open('2026-09-03T10:00:00.000Z', 'session-x2', 'AU', SEXTANT_API, ['p-08'], {}, 'grant-not-active'),
];
