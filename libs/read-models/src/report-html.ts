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
const escape = (value: string): string =>
  value.replace(INVISIBLE, '\ufffd').replace(/[&<>"']/g, (character) => ESCAPES[character] as string);

const render = (part: Part): string =>
  part instanceof Html ? part.text : typeof part === 'object' ? part.map(render).join('') : escape(String(part));

/** A piece of a page; what is filled in is escaped unless it is a piece itself. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(strings.map((each, i) => each + (i < parts.length ? render(parts[i] as Part) : '')).join(''));

export interface Column {
  readonly heading: string;
  /** Share of the width, in per cent; the browser decides if absent. */
  readonly width?: number;
}

/** A table with a caption for those who hear it, heads that repeat on each printed page, and the first cell as the row's head. */
export const table = (caption: string, columns: readonly Column[], rows: readonly (readonly Part[])[]): Html =>
  html`<table>
    <caption>
      ${caption}
    </caption>
    <colgroup>
      ${columns.map(({ width }) => (width === undefined ? html`<col />` : html`<col style="width:${width}%" />`))}
    </colgroup>
    <thead>
      <tr>
        ${columns.map(({ heading }) => html`<th scope="col">${heading}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ([first = '', ...rest]) =>
          html`<tr>
            <th scope="row">${first}</th>
            ${rest.map((cell) => html`<td>${cell}</td>`)}
          </tr> `,
      )}
    </tbody>
  </table> `;

/** A name for people, and the id by which the log knows it. */
export const named = (name: string, id: string): Html =>
  name === id || name === '' ? html`<code>${id}</code>` : html`${name}<br /><code>${id}</code>`;
