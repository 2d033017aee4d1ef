/**
 * Step 1, the survey: where on the plane do interesting orbits start?
 *
 * Orbits that take long to escape start in a thin zone along the edge of the Mandelbrot set. To look for them
 * everywhere would waste nearly all the time, so each cell of a map is probed at a few random points first, and the
 * exposures start from the promising cells only. A strip is a few rows of that map; each cell is one byte.
 */

import { escapeTime } from './orbits.mjs';
import { randomFrom } from './random.mjs';
import { load, save, stripFile } from './files.mjs';
import { filters, map, strips } from './scene.mjs';

/** Probes the cells of one strip; bit k of a cell is set when filter k would see an orbit from there. */
export function survey(strip) {
  const random = randomFrom(1000 + strip);
  const limit = filters.at(-1).to;
  const rows = map.rows / strips;
  const cells = new Uint8Array(rows * map.columns);
  for (let cell = 0; cell < cells.length; cell++) {
    const column = cell % map.columns;
    const row = strip * rows + Math.floor(cell / map.columns);
    for (let probe = 0; probe < map.probes; probe++) {
      const steps = escapeTime(map.left + (column + random()) * map.cell, (row + random()) * map.cell, limit);
      filters.forEach(({ from, to }, k) => {
        if (steps >= from && steps <= to) cells[cell] |= 1 << k;
      });
    }
  }
  save(stripFile(strip), cells);
  return `strip ${strip}: ${cells.filter((bits) => bits !== 0).length} of ${cells.length} cells are promising`;
}

/** The cells from which filter k is to be exposed: those where a probe saw something, and their neighbours. */
export function promisingCells(k) {
  const seen = Buffer.concat(Array.from({ length: strips }, (_, strip) => load(stripFile(strip))));
  const { columns, rows } = map;
  const chosen = new Uint8Array(seen.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (((seen[row * columns + column] >> k) & 1) === 0) continue;
      for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, rows - 1); r++) {
        chosen.fill(1, r * columns + Math.max(column - 1, 0), r * columns + Math.min(column + 2, columns));
      }
    }
  }
  const cells = [];
  chosen.forEach((yes, cell) => {
    if (yes) cells.push(cell);
  });
  return cells;
}
