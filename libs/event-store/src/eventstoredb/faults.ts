import {
  AccessDeniedError,
  CancelledError,
  DeadlineExceededError,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
  TimeoutError,
  UnavailableError,
} from '@eventstore/db-client';
import { StoreReadOnlyError, StoreUnavailableError } from '../faults.ts';
import { shown } from './connection-string.ts';
import { SlowError } from './waiting.ts';

/** Faults after which asking again can help: what became of the request is not known. */
export function isPassing(fault: unknown): boolean {
  return !(
    fault instanceof AccessDeniedError ||
    fault instanceof StreamDeletedError ||
    fault instanceof InvalidArgumentError ||
    fault instanceof MaxAppendSizeExceededError
  );
}

/** Nobody answered, or not in time. */
export const isSilence = (fault: unknown): boolean =>
  fault instanceof SlowError ||
  fault instanceof DeadlineExceededError ||
  fault instanceof TimeoutError ||
  fault instanceof UnavailableError;

/** A fault of the client library in this port's words: what is wrong, and what to look after. */
export function explained(fault: unknown, connectionString: string): Error {
  if (fault instanceof StoreUnavailableError || fault instanceof StoreReadOnlyError) return fault;
  return new StoreUnavailableError(`${reasonOf(fault)} (${shown(connectionString)})`, { cause: fault });
}

function reasonOf(fault: unknown): string {
  const text = fault instanceof Error ? fault.message : String(fault);
  if (fault instanceof AccessDeniedError || /unauthenticated|authentication/i.test(text))
    return 'the event store refuses the credentials of the connection string';
  if (fault instanceof StreamDeletedError) return 'a stream of the ledger was deleted in the event store';
  if (fault instanceof NotLeaderError) return 'the node that was asked is not the leader, and none was found in time';
  if (fault instanceof SlowError || fault instanceof DeadlineExceededError || fault instanceof TimeoutError)
    return 'the event store does not confirm in time: it may be out of disk, read-only, without a quorum, or overloaded';
  if (
    fault instanceof UnavailableError ||
    fault instanceof CancelledError ||
    /discover|ECONN|EAI_AGAIN|ENOTFOUND/.test(text)
  )
    return 'the event store is away';
  return `the event store answered: ${text}`;
}
