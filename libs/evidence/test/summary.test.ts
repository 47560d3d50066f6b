import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decimalOf } from '../src/summary.ts';

test.each<readonly [number, string | undefined]>([
  [0, '0'],
  [-0, '0'],
  [1, '1'],
  [0.6666666666666666, '0.6666666666666666'],
  [-1.5e-7, '-0.00000015'],
  [1e21, '1000000000000000000000'],
  [1.25e22, '12500000000000000000000'],
  [1e-31, undefined],
  [1e300, undefined],
  [NaN, undefined],
  [Infinity, undefined],
])('%d in digits is %s', (value, digits) => expect(decimalOf(value)).toBe(digits));

test('digits say the same number, in the form that the ledger takes', () =>
  fc.assert(
    fc.property(fc.double({ min: -1e20, max: 1e20, noNaN: true }), (value) => {
      const digits = decimalOf(value);
      if (digits === undefined) return;
      expect(Number(digits)).toBe(value === 0 ? 0 : value);
      expect(digits).toMatch(/^-?(0|[1-9]\d{0,29})(\.\d{1,30})?$/);
    }),
  ));
