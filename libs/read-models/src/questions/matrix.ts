import { isIssued } from '@countersign/domain';
import type { States } from '../states-at.ts';
import { concerned, familyName, grants, type KnownGrant, type Row } from './row.ts';

/** Question 1: which allies tested which model by which modality under which criteria, with what outcome. */
export interface MatrixRow extends Row {
  readonly partner: string;
  readonly modelFamily: string;
  readonly modelName: string;
  readonly modality: string;
  /** Whether the grant covers it still: what was tested stays when an amendment takes it out. */
  readonly granted: boolean;
  readonly tested: boolean;
  readonly sessions: readonly MatrixSession[];
}
export interface MatrixSession {
  readonly session: string;
  readonly modelVersion: string;
  readonly versionName: string;
  readonly criteria: string;
  readonly status: string;
  /** Criterion → outcome. */
  readonly outcomes: Readonly<Record<string, string>>;
}
interface Cell {
  readonly family: string;
  readonly modality: string;
  readonly granted: boolean;
  readonly sessions: MatrixSession[];
}

export function matrix(states: States): MatrixRow[] {
  const rows: MatrixRow[] = [];
  for (const [id, grant] of grants(states)) {
    if (!('activated' in grant && grant.activated)) continue;
    for (const { family, modality, granted, sessions } of cellsOf(states, id, grant).values())
      rows.push({
        ...concerned(id, grant),
        partner: grant.partner,
        modelFamily: family,
        modelName: familyName(states, family),
        modality,
        granted,
        // Tested means that a session opened, however it ended; one that was voided had no basis.
        tested: sessions.some(({ status }) => status !== 'voided'),
        sessions: sessions.sort((a, b) => (a.session < b.session ? -1 : 1)),
      });
  }
  const key = ({ ally, modelName, modality, grant = '' }: MatrixRow) => `${ally} ${modelName} ${modality} ${grant}`;
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** What a grant covers, and what was done under it: the latter stays, whatever an amendment takes out. */
function cellsOf(states: States, id: string, grant: KnownGrant): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>();
  const cell = (family: string, modality: string, granted: boolean): Cell => {
    const key = `${family} ${modality}`;
    const held = cells.get(key) ?? { family, modality, granted, sessions: [] };
    cells.set(key, held);
    return held;
  };
  const authorisation = states.state('authorisation', grant.scope.authorisation);
  const authorised = isIssued(authorisation) ? authorisation.scope.items : [];
  for (const { item } of grant.scope.items) {
    const found = authorised.find((each) => each.item === item);
    if (found) cell(found.family, found.modality, true);
  }
  for (const session of states.related('session', 'grant', id)) {
    const state = states.state('session', session);
    if (state === undefined || state.status === 'unknown' || state.authorised === undefined) continue;
    const { modelVersion, modality, status, outcomes } = state;
    const { set, version } = state.authorised.criteria;
    const [family = modelVersion] = states.related('model', 'modelVersion', modelVersion);
    const model = states.state('model', family);
    cell(family, modality, false).sessions.push({
      session,
      modelVersion,
      versionName: (model?.status === 'registered' ? model.versions[modelVersion]?.name : undefined) ?? modelVersion,
      criteria: `${set} ${version}`,
      status,
      outcomes: Object.fromEntries(Object.entries(outcomes).map(([criterion, { outcome }]) => [criterion, outcome])),
    });
  }
  return cells;
}
