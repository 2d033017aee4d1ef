/**
 * Step 2, the exposures: each follows a few million orbits through one filter and counts where they pass.
 *
 * An exposure has its own random numbers, so that it sees other orbits than the rest; added up, all exposures of a
 * filter give one picture with little noise, as astronomers stack photographs. A piece holds a 16-bit count for each
 * pixel of the upper half, the row at the real axis first.
 */

import { escapeTime } from './orbits.mjs';
import { pieceFile, save } from './files.mjs';
import { randomFrom } from './random.mjs';
import { filters, halfHeight, left, map, pixelsPerUnit, width } from './scene.mjs';
import { promisingCells } from './survey.mjs';

/** Takes one exposure; the filters take turns. */
export function expose(exposure) {
  const random = randomFrom(2000 + exposure);
  const k = exposure % filters.length;
  const filter = filters[k];
  const counts = new Uint16Array(width * halfHeight);
  const cells = promisingCells(k);
  let orbits = 0;
  for (const cell of cells) {
    const column = cell % map.columns;
    const row = Math.floor(cell / map.columns);
    for (let sample = 0; sample < filter.samples; sample++) {
      const x = map.left + (column + random()) * map.cell;
      const y = (row + random()) * map.cell;
      const steps = escapeTime(x, y, filter.to);
      if (steps < filter.from) continue;
      orbits++;
      follow(x, y, steps, counts);
    }
  }
  save(pieceFile(exposure), counts);
  const brightest = counts.reduce((most, count) => Math.max(most, count), 0);
  return `exposure ${exposure}: ${orbits} orbits from ${cells.length} cells, at most ${brightest} in a pixel`;
}

/** Adds one to each pixel that the orbit of x + iy passes in its first steps. */
function follow(x, y, steps, counts) {
  let re = 0;
  let im = 0;
  for (let step = 0; step < steps; step++) {
    const next = re * re - im * im + x;
    im = 2 * re * im + y;
    re = next;
    const column = Math.floor((re - left) * pixelsPerUnit);
    const row = Math.floor(Math.abs(im) * pixelsPerUnit);
    if (column >= 0 && column < width && row < halfHeight) counts[row * width + column]++;
  }
}
