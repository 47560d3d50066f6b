import { isLiftedAt, type InstrumentState } from '../instrument/decider.ts';
import { isWithin, noStanding, standing, type Instant, type Since, type Standing, type View } from '../kernel/index.ts';
import type { AuthorisationScope } from './events.ts';
import type { IssuedState } from './state.ts';

type Recorded = Extract<InstrumentState, { status: 'recorded' }>;
export type InstrumentView = Pick<View<{ instrument: InstrumentState }>, 'state'>;

/** The instrument that stands in for one at an instant, and the replacement that led there, if any. */
export function inItsPlace(
  view: InstrumentView,
  id: string,
  now: Instant,
): { readonly instrument: Recorded; readonly replaced?: Since } | undefined {
  let replaced: Since | undefined;
  const seen = new Set<string>();
  for (let next = id; !seen.has(next);) {
    seen.add(next);
    const state = view.state('instrument', next);
    if (state?.status !== 'recorded') return undefined;
    const { ended } = state;
    if (ended?.how !== 'superseded' || ended.from > now || ended.successor === undefined)
      return { instrument: state, ...(replaced === undefined ? {} : { replaced }) };
    replaced ??= ended;
    next = ended.successor;
  }
  return undefined;
}

/**
 * Whether an authorisation still lies within what it rests on (R7): its instrument, or one that was lifted, since then
 * nothing is controlled any more. A replacement that still covers it ends nothing; one that does not is an ending (R12).
 */
export function instrumentStandingOf(view: InstrumentView, state: IssuedState, now: Instant): Standing {
  const found = inItsPlace(view, state.instrument, now);
  if (found === undefined) return noStanding('there is no such instrument');
  const { instrument, replaced } = found;
  if (isLiftedAt(instrument, now)) return standing(instrument.ended?.by ?? instrument.recorded.by, state.amended?.by);
  if (instrument.recorded.from > now) return noStanding(`${instrument.reference} is not in force yet`, replaced);
  return replaced === undefined || coversScope(instrument, state.scope)
    ? standing(instrument.recorded.by, state.amended?.by)
    : noStanding(
        `${instrument.reference}, which replaced its instrument, no longer covers the authorisation`,
        replaced,
      );
}

const coversScope = ({ scope }: Recorded, { items, destinations }: AuthorisationScope): boolean =>
  isWithin(destinations, scope.destinations) &&
  items.every(({ family, modality }) => isWithin([family], scope.families) && scope.modalities.includes(modality));

/** Whether the annex that a listing rests on still lists it: its own entry, or, after a replacement, one that covers it. */
export function annexStandingOf(view: InstrumentView, state: IssuedState, now: Instant): Standing {
  const { annexEntry = '' } = state;
  const found = inItsPlace(view, state.instrument, now);
  if (found === undefined) return noStanding('there is no such instrument');
  const { instrument, replaced } = found;
  const listed =
    replaced === undefined
      ? instrument.annex[annexEntry]
      : Object.values(instrument.annex).find(
          ({ party, items, added, removed }) =>
            party === state.holder &&
            added.from <= now &&
            !(removed && removed.from <= now) &&
            state.scope.items.every(({ family, modality, countries }) =>
              items.some(
                (item) => item.family === family && item.modality === modality && isWithin(countries, item.countries),
              ),
            ),
        );
  if (listed === undefined || listed.added.from > now)
    return isLiftedAt(instrument, now)
      ? standing(instrument.ended?.by ?? instrument.recorded.by)
      : noStanding(`the annex of ${instrument.reference} does not list ${annexEntry}`, replaced);
  return listed.removed !== undefined && listed.removed.from <= now
    ? noStanding(`${annexEntry} was taken out of the annex of ${instrument.reference}`, listed.removed)
    : standing(listed.added.by);
}
