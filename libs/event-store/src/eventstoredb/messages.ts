import protobuf from 'protobufjs/minimal.js';
import type { EventData } from '../port.ts';

/** An event as the event store has it, of whatever stream. */
export interface RecordedEvent {
  readonly id: string;
  readonly streamId: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Uint8Array;
  /** Commit position. */
  readonly position: bigint;
}

/** What a subscription hears, in the order in which the server says it. */
export type Message =
  | { readonly kind: 'event'; readonly event: RecordedEvent }
  /** The filter was applied to everything up to here. */
  | { readonly kind: 'checkpoint'; readonly position: bigint }
  | { readonly kind: 'confirmation' | 'caught-up' | 'other' };

type Reader = protobuf.Reader;

/**
 * A `ReadResp` of the protocol (`event_store.client.streams`, field numbers of `streams.proto`), with only what a
 * subscription needs. The client library's decoder makes an object with accessors of each part, and a second one of that:
 * two thirds of what reading an event costs there.
 *
 * @throws Error if the bytes are no such message
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = protobuf.Reader.create(bytes);
  let message: Message = { kind: 'other' };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field === 1) message = { kind: 'event', event: readEvent(reader, within(reader)) };
    else if (field === 3) message = { kind: 'checkpoint', position: firstNumber(reader, within(reader)) };
    else {
      if (field === 2) message = { kind: 'confirmation' };
      else if (field === 8) message = { kind: 'caught-up' };
      reader.skipType(tag & 7);
    }
  }
  return message;
}

/** What a batch of appends begins with, and what of it goes into one message. */
export interface AppendPart {
  /** A UUID that the answer names. */
  readonly id: string;
  /** In the first message only: the stream, and the revision after which the events are expected to stand. */
  readonly to?: { readonly stream: string; readonly after: number | 'none' };
  readonly events: readonly EventData[];
  readonly last: boolean;
}

const field = (number: number, wireType: 0 | 2): number => (number << 3) | wireType;

/**
 * A `BatchAppendReq` of the protocol. Events go as binary ones: the client library's JSON events are written anew and lose
 * their bytes.
 */
export function encodeAppend({ id, to, events, last }: AppendPart): Uint8Array {
  const writer = protobuf.Writer.create();
  const uuid = (value: string) => writer.fork().uint32(field(2, 2)).string(value).ldelim();
  writer.uint32(field(1, 2));
  uuid(id);
  if (to) {
    writer.uint32(field(2, 2)).fork();
    writer.uint32(field(1, 2)).fork().uint32(field(3, 2)).string(to.stream).ldelim();
    if (to.after === 'none') writer.uint32(field(3, 2)).uint32(0);
    else writer.uint32(field(2, 0)).uint64(to.after);
    writer.ldelim();
  }
  const metadata = (name: string, value: string) =>
    writer.uint32(field(2, 2)).fork().uint32(field(1, 2)).string(name).uint32(field(2, 2)).string(value).ldelim();
  for (const event of events) {
    writer.uint32(field(3, 2)).fork().uint32(field(1, 2));
    uuid(event.id);
    metadata('type', event.type);
    metadata('content-type', 'application/octet-stream');
    writer.uint32(field(4, 2)).bytes(event.data).ldelim();
  }
  if (last) writer.uint32(field(4, 0)).bool(true);
  return writer.finish();
}

/** What became of an append; `refusal`: the whole answer, if it was not done. */
export interface AppendAnswer {
  readonly id: string;
  readonly refusal?: Uint8Array;
}

/** A `BatchAppendResp`. @throws Error if the bytes are no such message */
export function decodeAnswer(bytes: Uint8Array): AppendAnswer {
  const reader = protobuf.Reader.create(bytes);
  let [id, done] = ['', false];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) id = text(reader, within(reader), 2);
    else {
      if (tag >>> 3 === 3) done = true;
      reader.skipType(tag & 7);
    }
  }
  return done ? { id } : { id, refusal: bytes };
}

/** Where the message ends that begins with its length here. */
function within(reader: Reader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('a message of the event store is cut off');
  return end;
}

/** `ReadEvent`: the event itself; links are not followed, so there is nothing else. */
function readEvent(reader: Reader, end: number): RecordedEvent {
  let event: RecordedEvent | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) event = recordedEvent(reader, within(reader));
    else reader.skipType(tag & 7);
  }
  if (event === undefined) throw new RangeError('a message of the event store lacks its event');
  return event;
}

function recordedEvent(reader: Reader, end: number): RecordedEvent {
  let [id, streamId, type] = ['', '', ''];
  let [revision, position] = [0n, 0n];
  let data: Uint8Array = new Uint8Array(0);
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag >>> 3) {
      case 1: // UUID: a string, since that is what was asked for
        id = text(reader, within(reader), 2);
        break;
      case 2: // StreamIdentifier
        streamId = text(reader, within(reader), 3);
        break;
      case 3:
        revision = exact(reader.uint64());
        break;
      case 5:
        position = exact(reader.uint64());
        break;
      case 6:
        type = typeIn(reader, within(reader)) ?? type;
        break;
      case 8:
        data = reader.bytes();
        break;
      default:
        reader.skipType(tag & 7);
    }
  }
  return { id, streamId, revision: Number(revision), type, data, position };
}

/** The one field of text, or of bytes that are text, in a message. */
function text(reader: Reader, end: number, field: number): string {
  let found = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === field) found = reader.string();
    else reader.skipType(tag & 7);
  }
  return found;
}

/** The value of an entry of the metadata map, if it is the event's type. */
function typeIn(reader: Reader, end: number): string | undefined {
  let [isType, value] = [false, ''];
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) isType = reader.string() === 'type';
    else if (tag >>> 3 === 2 && isType) value = reader.string();
    else reader.skipType(tag & 7);
  }
  return isType ? value : undefined;
}

/** `Checkpoint`: its commit position. */
function firstNumber(reader: Reader, end: number): bigint {
  let found = 0n;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) found = exact(reader.uint64());
    else reader.skipType(tag & 7);
  }
  return found;
}

/** Also beyond 2^53. */
const exact = ({ high, low }: { readonly high: number; readonly low: number }): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
