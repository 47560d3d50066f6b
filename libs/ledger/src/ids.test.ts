import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import { commandIdOf, eventIdOf, NAMESPACE, streamIdOf, systemCommandIdOf } from './ids.ts';

test('derived ids are UUIDv5 (RFC 9562 §5.5), as another implementation makes them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 600 }), fc.string(), fc.nat(3), (party, key, n) => {
      const command = commandIdOf(party, key);
      expect(command).toBe(v5(JSON.stringify([party, key]), NAMESPACE));
      expect(eventIdOf(command, n)).toBe(v5(`event ${n}`, command));
      expect(eventIdOf(command, n)).toBe(v5(`event ${n}`, command));
      expect(streamIdOf('grant', command)).toBe(`grant-${v5('stream grant', command)}`);
      expect(systemCommandIdOf(party, key, 'a')).toBe(v5(JSON.stringify(['system', party, key, 'a']), NAMESPACE));
    }),
  );
});
