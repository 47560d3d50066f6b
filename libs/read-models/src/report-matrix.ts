import type { MatrixRow } from './questions/matrix.ts';
import { markup, named, type Html } from './report-html.ts';
import type { Names } from './report-names.ts';
import { modalityWord, outcomesWord, plural } from './report-words.ts';

/** As many columns as a printed page takes. */
const COLUMNS = 5;

interface Column {
  readonly key: string;
  readonly model: string;
  readonly modality: string;
}

/** Allies × models and modalities, on as many tables as its columns need; each has the allies that have a cell in it. */
export function matrixOf(rows: readonly MatrixRow[], names: Names): Html {
  const columns = new Map<string, Column>();
  for (const { modelFamily, modelName, modality } of rows)
    columns.set(`${modelName} ${modelFamily} ${modality}`, {
      key: `${modelFamily} ${modality}`,
      model: modelName,
      modality,
    });
  const sorted = [...columns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, column]) => column);
  const byColumn = Map.groupBy(rows, ({ modelFamily, modality }) => `${modelFamily} ${modality}`);
  const tables: Html[] = [];
  for (let at = 0; at < sorted.length; at += COLUMNS) {
    const slice = sorted.slice(at, at + COLUMNS);
    tables.push(
      tableOf(
        slice,
        slice.flatMap(({ key }) => byColumn.get(key) ?? []),
        names,
      ),
    );
  }
  return markup`<p class="key">
      <span class="mark">● Tested</span> &ensp; <span class="mark">▲ Terminated</span> a session was ordered to end
      &ensp; <span class="mark">○ Never tested</span> granted, no session opened &ensp; <span class="mark">–</span> not
      granted
    </p>
    ${tables}`;
}

function tableOf(columns: readonly Column[], rows: readonly MatrixRow[], names: Names): Html {
  const partners = new Map<string, Map<string, MatrixRow[]>>();
  for (const row of rows) {
    const cells = partners.get(`${row.ally} ${row.partner}`) ?? new Map<string, MatrixRow[]>();
    partners.set(`${row.ally} ${row.partner}`, cells);
    const key = `${row.modelFamily} ${row.modality}`;
    cells.set(key, [...(cells.get(key) ?? []), row]);
  }
  const sorted = [...partners].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cells]) => cells);
  return markup`<table class="matrix">
    <caption>
      Allies and their partners by model and modality
    </caption>
    <colgroup>
      <col style="width:20%" />
      ${columns.map(() => markup`<col style="width:${80 / columns.length}%" />`)}
    </colgroup>
    <thead>
      <tr>
        <th scope="col">Ally</th>
        ${columns.map(({ model, modality }) => markup`<th scope="col">${model}<br>${modalityWord(modality)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${sorted.map((cells) => {
        const { ally, partner } = ([...cells.values()][0] as MatrixRow[])[0] as MatrixRow;
        return markup`<tr>
          <th scope="row">${ally}<br>${named(names.partner(partner), partner)}</th>
          ${columns.map(({ key }) => cellOf(cells.get(key) ?? [], names))}
        </tr> `;
      })}
    </tbody>
  </table> `;
}

function cellOf(rows: readonly MatrixRow[], names: Names): Html {
  if (rows.length === 0) return markup`<td class="none">–</td>`;
  const sessions = rows.flatMap((row) => row.sessions);
  if (!rows.some(({ tested }) => tested))
    return markup`<td class="never"><span class="mark">○ Never tested</span></td>`;
  const ended = sessions.some(({ status }) => status === 'terminated');
  const statuses = Map.groupBy(sessions, ({ status }) => status);
  const counts = [...statuses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([status, each]) => `${each.length} ${status}`);
  const criteria = [...new Set(sessions.map((each) => names.criteria(each.criteria)))].sort();
  const outcomes = sessions.flatMap((each) => Object.values(each.outcomes));
  return markup`<td class="${ended ? 'ended' : 'tested'}">
    <span class="mark">${ended ? '▲ Terminated' : '● Tested'}</span><br>${plural(sessions.length, 'session')}:
    ${counts.join(', ')}<br>${criteria.join(', ')}: ${outcomesWord(outcomes)}
  </td>`;
}
