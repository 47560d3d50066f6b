import type { Recorded } from '@countersign/domain';
import type { Entries, Moment } from '../moment.ts';
import { iso, type Row } from './row.ts';

/** Question 6: who was refused, on which rules. */
export interface RefusalRow extends Row {
  readonly at: string;
  readonly index: number;
  readonly partner: string;
  readonly testers: readonly string[];
  readonly modelVersion: string;
  readonly modality: string;
  readonly rules: readonly string[];
  /** How often the same came again within ten minutes and was answered with this one. */
  readonly repeated: number;
}
interface Denied {
  readonly testers: readonly string[];
  readonly modelVersion: string;
  readonly modality: string;
  readonly reasons: readonly { readonly rule: string }[];
}

export function refusals(entries: Entries, { index, time }: Moment): RefusalRow[] {
  const counted = [...entries.streams('denial')]
    .flatMap((stream) => [...entries.ofStream(stream, index)])
    .filter(({ effectiveAt }) => effectiveAt <= time)
    .sort((a, b) => a.index - b.index);
  const repeats = new Map<string, number>();
  for (const { type, data } of counted)
    if (type === 'AccessDenialsCounted') {
      const { first, count } = data as { first: string; count: number };
      repeats.set(first, (repeats.get(first) ?? 0) + count);
    }
  return counted
    .filter((entry): entry is Recorded<'AccessDenied', Denied> => entry.type === 'AccessDenied')
    .map(({ id, data, refs, recordedAt, index: at }) => ({
      ally: refs.ally?.[0] ?? '',
      parties: refs.parties ?? [],
      grant: refs.grant?.[0] ?? '',
      at: iso(recordedAt),
      index: at,
      partner: refs.partner?.[0] ?? '',
      testers: data.testers,
      modelVersion: data.modelVersion,
      modality: data.modality,
      rules: data.reasons.map(({ rule }) => rule),
      repeated: repeats.get(id) ?? 0,
    }));
}
