import { Type } from 'typebox';
import { Digest, event, IdText, Name, oneOf, Text, type EventOf, type RecordedEventOf } from '../kernel/index.ts';
import { LogKey } from './commands.ts';

export const CUSTODY_EVENTS = [
  /** Entry 0: whose log this is, and in which mode. A demonstration says so here, for good. */
  event(
    'LedgerFounded',
    {
      origin: Name,
      mode: oneOf('demo', 'operational'),
      /** The log's and the export's verification keys, C2SP signed-note vkeys. */
      keys: Type.Array(LogKey),
      parameters: Type.Record(Name, Text),
      /** SHA-256 of the document that defines the facets. */
      facetFunction: Digest,
      custodian: IdText,
    },
    ['parties'],
  ),
  event('PolicyParameterSet', { name: Name, value: Text }, ['parties']),
  /** The last entry in a store before a move: where the ledger goes on, and which move that is. */
  event('LedgerSealed', { target: oneOf('sqlite', 'esdb'), move: IdText }, ['parties']),
] as const;

export type CustodyEvent = EventOf<(typeof CUSTODY_EVENTS)[number]>;
export type RecordedCustodyEvent = RecordedEventOf<(typeof CUSTODY_EVENTS)[number]>;
