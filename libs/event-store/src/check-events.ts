import { MAX_ENTRY_BYTES, type EventData } from './port.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What an append may hold. @throws RangeError if there are no events, an id is no UUID or comes twice, or an entry is too large */
export function checkEvents(events: readonly EventData[]): void {
  if (events.length === 0) throw new RangeError('an append has at least one event');
  if (events.length > 1 && new Set(events.map(({ id }) => id)).size < events.length)
    throw new RangeError('an id comes twice in one append');
  const odd = events.find(({ id }) => !UUID.test(id));
  if (odd) throw new RangeError(`the id ${odd.id} is no UUID`);
  const large = events.find(({ data }) => data.length > MAX_ENTRY_BYTES);
  if (large) throw new RangeError(`event ${large.id} has ${large.data.length} bytes, more than ${MAX_ENTRY_BYTES}`);
}
