import { isIssued, leftOf, usedOf } from '@countersign/domain';
import type { States } from '../states-at.ts';
import { concerned, grants, type Row } from './row.ts';

/** Question 8: how much of each authorisation and grant is used, and what would stop if it were suspended. */
export interface UsageRow extends Row {
  readonly authorisation: string;
  readonly grant: string;
  readonly item: string;
  readonly unit: string;
  readonly authorised: number;
  readonly leftToGrant: number;
  readonly granted: number;
  readonly used: number;
  /** Sessions that are open: a suspension orders them to terminate. */
  readonly wouldStop: readonly string[];
}

export function usage(states: States): UsageRow[] {
  const rows: UsageRow[] = [];
  for (const [id, grant] of grants(states)) {
    const authorisation = states.state('authorisation', grant.scope.authorisation);
    if (!isIssued(authorisation)) continue;
    for (const { item, amount } of grant.scope.items) {
      const quantity = authorisation.scope.items.find((each) => each.item === item)?.quantity;
      if (!quantity) continue;
      rows.push({
        ...concerned(id, grant),
        authorisation: grant.scope.authorisation,
        grant: id,
        item,
        unit: quantity.unit,
        authorised: quantity.amount,
        leftToGrant: leftOf(authorisation, item),
        granted: amount,
        used: usedOf(grant, item),
        wouldStop: states.related('session', 'grant', id).filter((session) => {
          const state = states.state('session', session);
          return state?.status === 'open' && state.authorised?.item === item;
        }),
      });
    }
  }
  return rows;
}
