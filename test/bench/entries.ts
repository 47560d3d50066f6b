import { randomUUID } from 'node:crypto';
import type { EventData } from '@countersign/event-store';
import { encodeEntry, entryOf, eventIdOf } from '@countersign/ledger';

/** A stream of its own: a party that is registered, and keys that it adds. */
export function partyEvents(stream: string, count: number): EventData[] {
  const commandId = randomUUID();
  const now = Date.now();
  const record = {
    actor: 'system' as const,
    commandId,
    commandDigest: 'x',
    correlationId: commandId,
    occurredAt: now,
    effectiveAt: now,
    recordedAt: now,
    source: 'https://bench.example/log',
  };
  const refs = { parties: [stream] };
  const jwk = '{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';
  return Array.from({ length: count }, (_, n) => {
    const event =
      n === 0
        ? { type: 'PartyRegistered', data: { kind: 'developer', name: 'A party', country: 'GB' }, refs }
        : { type: 'PartyKeyAdded', data: { kid: `k${n}`, jwk }, refs };
    const id = eventIdOf(commandId, n);
    const entry = entryOf(event, [], { stream, revision: n, id }, record);
    return { id, type: entry.type, data: encodeEntry(entry) };
  });
}
