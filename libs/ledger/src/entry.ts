import { randomBytes } from 'node:crypto';
import type { EventId, Instant, NewEvent, PartyId, Recorded, Refs, Sealed } from '@countersign/domain';
import { canonicalJson } from './canonical.ts';

/** One event as it is stored, hashed and exported: a CloudEvents 1.0 object (formats.md, Entry). */
export interface Entry {
  readonly actor: PartyId | 'system';
  /** `id` of the causing event; absent where no event caused it. */
  readonly causationid?: string;
  /** SHA-256 of the canonical `{actor, route, payload}`, base64url. */
  readonly commanddigest: string;
  readonly commandid: string;
  readonly correlationid: string;
  readonly data: { readonly refs: Refs; readonly personal?: readonly Sealed[]; readonly [member: string]: unknown };
  readonly datacontenttype: 'application/json';
  readonly effectiveat: string;
  readonly id: string;
  readonly recordedtime: string;
  /** 128 random bits, so that nobody guesses an entry from its public leaf hash. */
  readonly salt: string;
  readonly source: string;
  readonly specversion: '1.0';
  readonly streamrevision: number;
  readonly subject: string;
  readonly time: string;
  /** `countersign.<Event>.v<N>` */
  readonly type: string;
}

/** What every event of one command shares. */
export interface CommandRecord {
  readonly actor: PartyId | 'system';
  readonly commandId: string;
  readonly commandDigest: string;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly occurredAt: Instant;
  readonly effectiveAt: Instant;
  readonly recordedAt: Instant;
  readonly source: string;
}

let lastInstant = NaN;
let lastTime = '';
/** RFC 3339 with milliseconds. Commands of one turn share their time, so the last one is kept. */
function time(instant: Instant): string {
  if (instant !== lastInstant) {
    lastTime = new Date(instant).toISOString();
    lastInstant = instant;
  }
  return lastTime;
}

const SALT_BYTES = 16;
let salts = new Uint8Array(0);
let salted = 0;
/** 128 bits from the system's generator, which is asked for many at once. */
function salt(): string {
  if (salted === salts.length) {
    salts = randomBytes(256 * SALT_BYTES);
    salted = 0;
  }
  const drawn = Buffer.from(salts.buffer, salts.byteOffset + salted, SALT_BYTES).toString('base64url');
  salts.fill(0, salted, (salted += SALT_BYTES));
  return drawn;
}

export function entryOf(
  event: NewEvent,
  personal: readonly Sealed[],
  at: { readonly stream: string; readonly revision: number; readonly id: string },
  command: CommandRecord,
): Entry {
  return {
    actor: command.actor,
    ...(command.causationId === undefined ? {} : { causationid: command.causationId }),
    commanddigest: command.commandDigest,
    commandid: command.commandId,
    correlationid: command.correlationId,
    data: { ...event.data, refs: event.refs, ...(personal.length === 0 ? {} : { personal }) },
    datacontenttype: 'application/json',
    effectiveat: time(event.effectiveAt ?? command.effectiveAt),
    id: at.id,
    recordedtime: time(command.recordedAt),
    salt: salt(),
    source: command.source,
    specversion: '1.0',
    streamrevision: at.revision,
    subject: at.stream,
    time: time(command.occurredAt),
    type: `countersign.${event.type}.v1`,
  };
}

export const encodeEntry = (entry: Entry): Uint8Array => Buffer.from(canonicalJson(entry));

/** Names of the types that were met, which are as many as this ledger knows. */
const names = new Map<string, string>();
const TYPE = /^countersign\.([A-Za-z]+)\.v1$/;

/** Bytes that this ledger wrote. @throws Error if they are of a type or form that it does not know */
export function decodeEntry(bytes: Uint8Array): Entry {
  const entry = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as Entry;
  if (entry.specversion !== '1.0' || !(names.has(entry.type) || TYPE.test(entry.type)))
    throw new Error(`entry of unknown type ${entry.type}`);
  return entry;
}

/** `countersign.GrantApproved.v1` → `GrantApproved`. */
export function typeNameOf(type: string): string {
  let name = names.get(type);
  if (name === undefined) {
    name = type.split('.')[1] ?? type;
    if (TYPE.test(type)) names.set(type, name);
  }
  return name;
}

let lastParsed = '';
let lastOf = NaN;
/** The instant of an entry's time: its three are mostly one. */
function instantOf(text: string): Instant {
  if (text !== lastParsed) {
    lastOf = Date.parse(text);
    lastParsed = text;
  }
  return lastOf;
}

/** The entry as deciders and projections read it. */
export function recordedOf(entry: Entry, index: number): Recorded {
  const { refs, personal, ...data } = entry.data;
  return {
    type: typeNameOf(entry.type),
    data,
    refs,
    ...(personal === undefined ? {} : { personal }),
    id: entry.id as EventId,
    stream: entry.subject,
    revision: entry.streamrevision,
    index,
    actor: entry.actor,
    occurredAt: instantOf(entry.time),
    effectiveAt: instantOf(entry.effectiveat),
    recordedAt: instantOf(entry.recordedtime),
  };
}
