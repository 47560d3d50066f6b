import { event, IdText, IdTexts, Name, Period, Text, type EventOf, type RecordedEventOf } from '../kernel/index.ts';

const ABOUT = ['ally', 'partner', 'testers', 'parties'] as const;

/** Names, nationalities and the like are in `personal`, sealed under the tester's own key. */
export const TESTER_EVENTS = [
  event('TesterRostered', { partner: IdText }, ABOUT),
  /** Personal: `{statuses: [{kind, country, since, until?}], protectedPerson?}`. */
  event('NationalityDeclared', {}, ABOUT),
  /** The same, verified; `countsOnTie` names the country that counts where two statuses have one date. */
  event('NationalityVerified', {}, ABOUT),
  event('ClearanceRecorded', { level: Name, period: Period }, ABOUT),
  event('ClearanceEnded', { reason: Text }, ABOUT),
  event('NeedToKnowConfirmed', { families: IdTexts }, ABOUT),
  event('TesterWithdrawn', { reason: Text }, ABOUT),
] as const;

export type TesterEvent = EventOf<(typeof TESTER_EVENTS)[number]>;
export type RecordedTesterEvent = RecordedEventOf<(typeof TESTER_EVENTS)[number]>;
