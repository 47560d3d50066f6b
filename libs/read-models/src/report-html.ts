/** Text that is HTML already: everything else is escaped when it is put into a page. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
type Part = Html | string | number | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** Control characters and those that turn the direction of writing could make a name look like another. */
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const PLAIN = /^[\w .,:;()/+-]*$/;
const escape = (value: string): string =>
  PLAIN.test(value)
    ? value
    : value.replace(INVISIBLE, '\ufffd').replace(/[&<>"']/g, (character) => ESCAPES[character] as string);

const render = (part: Part): string =>
  part instanceof Html ? part.text : typeof part === 'object' ? part.map(render).join('') : escape(String(part));

/** A piece of a page; what is filled in is escaped unless it is a piece itself. */
export const markup = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((each, i) => each + (i < parts.length ? render(parts[i] as Part) : '')).join(''));

export interface Column {
  readonly heading: string;
  /** Share of the width, in per cent; the browser decides if absent. */
  readonly width?: number;
}

/** A page is for reading: a list that is longer stops here and says where the rest is. */
const MOST_ROWS = 200;

/**
 * A table with a caption for those who hear it, heads that repeat on each printed page, and the first cell as the row's
 * head. Of a list in order of time the last rows are shown. `all`: the file that has every row.
 */
export function table<Row>(
  caption: string,
  columns: readonly Column[],
  rows: readonly Row[],
  cells: (row: Row) => readonly Part[],
  { all, newest = false }: { readonly all: string; readonly newest?: boolean },
): Html {
  const shown = newest ? rows.slice(-MOST_ROWS) : rows.slice(0, MOST_ROWS);
  const width = (column: Column) => (column.width === undefined ? '' : ` style="width:${column.width}%"`);
  const body = shown.map((row) => {
    const [first = '', ...rest] = cells(row);
    return `<tr><th scope="row">${render(first)}</th>${rest.map((cell) => `<td>${render(cell)}</td>`).join('')}</tr>\n`;
  });
  return new Html(`<table>
<caption>${escape(caption)}</caption>
<colgroup>${columns.map((column) => `<col${width(column)}>`).join('')}</colgroup>
<thead><tr>${columns.map(({ heading }) => `<th scope="col">${escape(heading)}</th>`).join('')}</tr></thead>
<tbody>
${body.join('')}</tbody>
</table>
${
  shown.length === rows.length
    ? ''
    : `<p class="small">The ${newest ? 'last' : 'first'} ${shown.length} of ${rows.length}; all of them are in ${escape(all)}.</p>\n`
}`);
}

/** A name for people, and the id by which the log knows it. */
export const named = (name: string, id: string): Html =>
  name === id || name === '' ? markup`<code>${id}</code>` : markup`${name}<br><code>${id}</code>`;
