/**
 * What the page of a report does beyond being read: tables are sorted by their heads, and plots say what is under the pointer.
 * In the browser. Without it the page tells the same.
 */

import './report.css';

/** In the language of the browser; made once, for a table of thousands. */
const collator = new Intl.Collator(undefined, { numeric: true });

for (const table of document.querySelectorAll<HTMLTableElement>('table.sorts')) makeSortable(table);
for (const course of document.querySelectorAll<HTMLElement>('.course')) makeReadable(course);

function makeSortable(table: HTMLTableElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const body = table.tBodies[0];
  if (body === undefined || body.rows.length < 2) return;
  for (const [column, head] of heads.entries()) {
    const title = head.textContent;
    if (title === '') continue;
    const button = document.createElement('button');
    button.textContent = title;
    button.addEventListener('click', () => {
      const isNumber = head.classList.contains('number');
      const before = head.getAttribute('aria-sort');
      // The largest numbers are asked for first.
      const descends = before === null ? isNumber : before === 'ascending';
      for (const each of heads) each.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', descends ? 'descending' : 'ascending');
      const sorted = [...body.rows].sort((a, b) => compare(a.cells[column], b.cells[column]));
      body.append(...(descends ? sorted.reverse() : sorted));
    });
    head.replaceChildren(button);
  }
}

function compare(a: HTMLTableCellElement | undefined, b: HTMLTableCellElement | undefined): number {
  const [left, right] = [a?.dataset['value'], b?.dataset['value']];
  if (left !== undefined && right !== undefined) return Number(left) - Number(right);
  return collator.compare(a?.textContent ?? '', b?.textContent ?? '');
}

/** Both plots of a course have the stretches of the table below them. */
function makeReadable(course: HTMLElement): void {
  const rows = [...(course.querySelector('tbody')?.rows ?? [])];
  const drawings = [...course.querySelectorAll<HTMLElement>('.drawing')];
  const readout = course.querySelector('.readout');
  if (readout === null || rows.length === 0) return;
  const markers = drawings.map((drawing) => {
    const marker = document.createElement('span');
    marker.className = 'marker';
    marker.hidden = true;
    drawing.append(marker);
    return marker;
  });
  const show = (share: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, Math.floor(share * rows.length)))];
    const [from, ended, failed, ran] = [...(row?.cells ?? [])].map((cell) => cell.textContent);
    readout.textContent = `${from}: ${ended} ended, ${failed} failed, ${ran} ran`;
  };
  for (const drawing of drawings) {
    drawing.addEventListener('pointermove', (event) => {
      const { left, width } = drawing.getBoundingClientRect();
      show((event.clientX - left) / width);
      for (const marker of markers) {
        marker.hidden = false;
        marker.style.left = `${event.clientX - left}px`;
      }
    });
    drawing.addEventListener('pointerleave', () => {
      readout.textContent = '';
      for (const marker of markers) marker.hidden = true;
    });
  }
}
