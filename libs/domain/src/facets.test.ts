import { expect, test } from '@jest/globals';
import { FACET_FUNCTION, facets, refs } from './index.ts';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

test('the function is named by the document that defines it', () => {
  const document = readFileSync(resolve(import.meta.dirname, '../../../docs/formats/facets-v1.md'));
  expect(createHash('sha256').update(document).digest('hex')).toBe(FACET_FUNCTION);
});

test('an entry has a facet for each ref, its type, and each pair of who and what', () => {
  expect(
    facets('countersign.GrantApproved.v1', refs({ ally: ['GB'], parties: ['party-a'], modelFamily: ['model-1'] })),
  ).toEqual([
    'all',
    'ally:GB',
    'ally:GB|model:model-1',
    'model:model-1',
    'party:party-a',
    'party:party-a|model:model-1',
    'type:countersign.GrantApproved.v1',
  ]);
});

test('an entry without refs has its type only', () => {
  expect(facets('countersign.PolicyParameterSet.v1', {})).toEqual(['all', 'type:countersign.PolicyParameterSet.v1']);
});
