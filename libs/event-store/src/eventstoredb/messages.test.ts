import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeAnswer, decodeMessage, encodeAppend, type RecordedEvent } from './messages.ts';
import { BatchAppendReq, BatchAppendResp, ReadResp, Status, StreamIdentifier, UUID } from './protocol.ts';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const recorded = fc.record({
  id: fc.uuid(),
  streamId: fc.string({ unit: 'grapheme' }),
  revision: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  type: fc.string({ unit: 'grapheme', minLength: 1 }),
  data: fc.uint8Array({ maxLength: 3000 }),
  position: uint64,
});

/** As the client library's own classes write it, with all that a server says beside. */
function messageOf(event: RecordedEvent): Uint8Array {
  const inner = new ReadResp.ReadEvent.RecordedEvent()
    .setId(new UUID().setString(event.id))
    .setStreamIdentifier(new StreamIdentifier().setStreamName(Buffer.from(event.streamId)))
    .setStreamRevision(`${event.revision}`)
    .setPreparePosition(`${event.position}`)
    .setCommitPosition(`${event.position}`)
    .setCustomMetadata(Buffer.from('{}'))
    .setData(event.data);
  inner
    .getMetadataMap()
    .set('content-type', 'application/octet-stream')
    .set('type', event.type)
    .set('created', '638679960000000000');
  const outer = new ReadResp.ReadEvent().setEvent(inner).setCommitPosition(`${event.position}`);
  return new ReadResp().setEvent(outer).serializeBinary();
}
const decoded = (bytes: Uint8Array) => {
  const message = decodeMessage(bytes);
  if (message.kind !== 'event') throw new Error(message.kind);
  return { ...message.event, data: Uint8Array.from(message.event.data) };
};

describe('messages of a subscription', () => {
  test('an event is what the client library would say that it is', () => {
    fc.assert(
      fc.property(recorded, (event) => {
        expect(decoded(messageOf(event))).toEqual(event);
      }),
    );
  });

  test('a checkpoint, a confirmation and the news that all is read', () => {
    fc.assert(
      fc.property(uint64, (position) => {
        const checkpoint = new ReadResp.Checkpoint().setCommitPosition(`${position}`).setPreparePosition('7');
        expect(decodeMessage(new ReadResp().setCheckpoint(checkpoint).serializeBinary())).toEqual({
          kind: 'checkpoint',
          position,
        });
      }),
    );
    const confirmation = new ReadResp.SubscriptionConfirmation().setSubscriptionId('s');
    expect(decodeMessage(new ReadResp().setConfirmation(confirmation).serializeBinary())).toEqual({
      kind: 'confirmation',
    });
    expect(decodeMessage(new ReadResp().setCaughtUp(new ReadResp.CaughtUp()).serializeBinary())).toEqual({
      kind: 'caught-up',
    });
    expect(decodeMessage(new ReadResp().setFellBehind(new ReadResp.FellBehind()).serializeBinary())).toEqual({
      kind: 'other',
    });
  });

  test('what a later server adds is passed over', () => {
    fc.assert(
      fc.property(recorded, fc.integer({ min: 100, max: 10_000 }), fc.uint8Array(), (event, field, bytes) => {
        const tag = (field << 3) | 2;
        const more = Buffer.from([...varint(tag), ...varint(bytes.length), ...bytes]);
        expect(decoded(Buffer.concat([more, messageOf(event), more]))).toEqual(event);
      }),
    );
  });

  test('bytes that are no message end in an error, never in another event', () => {
    fc.assert(
      fc.property(recorded, fc.nat(), (event, at) => {
        const bytes = messageOf(event);
        const cut = bytes.subarray(0, 1 + (at % (bytes.length - 1)));
        expect(() => decodeMessage(cut)).toThrow();
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (fault) {
          expect(fault).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

describe('messages of an append', () => {
  const events = fc.array(fc.record({ id: fc.uuid(), type: fc.string(), data: fc.uint8Array() }));
  const to = fc.record({
    stream: fc.string({ unit: 'grapheme', minLength: 1 }),
    after: fc.oneof(fc.constant('none' as const), fc.nat({ max: Number.MAX_SAFE_INTEGER })),
  });

  test('are what the client library would read', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.option(to, { nil: undefined }), events, fc.boolean(), (id, to, events, last) => {
        const request = BatchAppendReq.deserializeBinary(encodeAppend({ id, ...(to ? { to } : {}), events, last }));
        expect(request.getCorrelationId()?.getString()).toBe(id);
        expect(request.getIsFinal()).toBe(last);
        const options = request.getOptions();
        expect(options === undefined).toBe(to === undefined);
        if (to) {
          const name = options?.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array(0);
          expect(Buffer.from(name).toString()).toBe(to.stream);
          expect(options?.hasNoStream()).toBe(to.after === 'none');
          expect(options?.hasStreamPosition()).toBe(to.after !== 'none');
          if (to.after !== 'none') expect(options?.getStreamPosition()).toBe(`${to.after}`);
        }
        const proposed = request.getProposedMessagesList().map((each) => ({
          id: each.getId()?.getString(),
          type: each.getMetadataMap().get('type'),
          contentType: each.getMetadataMap().get('content-type'),
          data: Uint8Array.from(each.getData_asU8()),
        }));
        expect(proposed).toEqual(events.map((each) => ({ ...each, contentType: 'application/octet-stream' })));
      }),
    );
  });

  test('an answer names its append, and says whether it was done', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.boolean(), (id, done) => {
        const answer = new BatchAppendResp().setCorrelationId(new UUID().setString(id));
        if (done) answer.setSuccess(new BatchAppendResp.Success().setCurrentRevision('3'));
        else answer.setError(new Status().setCode(6).setMessage('WrongExpectedVersion'));
        const bytes = answer.serializeBinary();
        expect(decodeAnswer(bytes)).toEqual(done ? { id } : { id, refusal: bytes });
      }),
    );
  });
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}
