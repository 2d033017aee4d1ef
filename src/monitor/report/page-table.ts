/**
 * A table of the page of a report. Pure.
 */

import { markup, nothing, type Html } from './markup.ts';

interface Head {
  readonly title: string;
  readonly isNumber?: boolean;
}

/** A table that a wide one can be scrolled within; `sorts`: by its heads, where the script runs. */
export function table(caption: string, heads: readonly Head[], rows: readonly Html[], sorts = true): Html {
  const columns = heads.map(
    ({ title, isNumber }) => markup`<th scope="col" ${isNumber === true ? numberClass : nothing}>${title}</th>`,
  );
  return markup`<div class="scrolls" tabindex="0" role="region" aria-label="${caption}">
    <table${sorts ? markup` class="sorts"` : nothing}>
      <caption>${caption}</caption>
      <thead><tr>${columns}</tr></thead>
      <tbody>${rows}</tbody>
    </table>
  </div>`;
}

const numberClass = markup` class="number"`;

/** A cell with a number, and the text that it is shown as. */
export function numberCell(value: number, text: string, className = ''): Html {
  return markup`<td class="number ${className}" data-value="${value}">${text}</td>`;
}
