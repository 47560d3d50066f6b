import type { ReportsAsOf } from '@countersign/dossier';
import { Reports } from '@countersign/read-models';
import { recordedOf, type Entry } from './entry.ts';

/** The reports of an export, folded from its entries: the same for who issues one and who verifies it. */
export const reportsAsOf: ReportsAsOf = (asOf) => {
  const reports = new Reports(asOf);
  return {
    add: (entry, index) => {
      if (reports.wants(entry.subject)) reports.add(recordedOf(entry as unknown as Entry, index));
    },
    finish: () => reports.finish(),
  };
};
