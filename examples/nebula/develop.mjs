/**
 * Step 3, the development: a band of the picture, from counts to colours.
 *
 * The pieces are added up, noise is smoothed, bright parts get a glow, each filter its colour, and a curve maps the
 * huge range of brightness to what a screen can show. A band is a few rows of the upper half, the row nearest to the
 * real axis first, three bytes a pixel. Neighbouring bands fit together because each is computed with a margin.
 */

import { blurred, withoutNoise } from './blur.mjs';
import { bandFile, loadRows, pieceFile, save } from './files.mjs';
import { randomFrom } from './random.mjs';
import { bands, exposures, filters, glow, halfHeight, width } from './scene.mjs';

/** Rows on either side of a band that its glow and its smoothing look at. */
const margin = 3 * glow.sigma + 4;

/** Develops one band. */
export function develop(band) {
  const rows = halfHeight / bands;
  const first = band * rows - margin;
  const tall = rows + 2 * margin;
  const sharp = filters.map((filter, k) => {
    const hits = withoutNoise(stacked(k, first, tall), width, tall);
    const white = filter.white * filter.samples * Math.floor(exposures / filters.length);
    return hits.map((count) => (count / white) ** filter.contrast);
  });
  const soft = sharp.map((values) => blurred(values, width, tall, glow.sigma));

  const random = randomFrom(3000 + band);
  const pixels = new Uint8Array(3 * rows * width);
  for (let i = 0; i < rows * width; i++) {
    const at = i + margin * width;
    for (let channel = 0; channel < 3; channel++) {
      let light = 0;
      filters.forEach((filter, k) => {
        light += filter.light[channel] * ((1 - glow.share) * sharp[k][at] + glow.share * soft[k][at]);
      });
      // Rounded up or down by chance, so that smooth gradients do not turn into visible steps.
      pixels[3 * i + channel] = Math.floor(255 * onScreen(light) + random());
    }
  }
  save(bandFile(band), pixels);
  return `band ${band}: ${rows} rows out of ${exposures} pieces`;
}

/** The sum of all exposures through filter k, for `tall` rows from `first` on, which may be beyond the half picture. */
function stacked(k, first, tall) {
  const from = Math.max(first, 0);
  const to = Math.min(first + tall, halfHeight);
  const known = new Float32Array((to - from) * width);
  for (let exposure = k; exposure < exposures; exposure += filters.length) {
    loadRows(pieceFile(exposure), width, from, to).forEach((count, i) => (known[i] += count));
  }

  // Beyond the real axis lies the mirror image; beyond the edge of the picture the last row goes on.
  const sum = new Float32Array(tall * width);
  for (let i = 0; i < tall; i++) {
    const row = first + i;
    const source = row < 0 ? -1 - row : Math.min(row, halfHeight - 1);
    sum.set(known.subarray((source - from) * width, (source - from + 1) * width), i * width);
  }
  return sum;
}

/**
 * What a screen shows for an amount of light, from 0 to 1: like film, it saturates gently instead of clipping; then
 * follows the screen's own curve, sRGB (IEC 61966-2-1).
 */
function onScreen(light) {
  const shown = 1 - Math.exp(-Math.max(light, 0));
  return shown <= 0.0031308 ? 12.92 * shown : 1.055 * shown ** (1 / 2.4) - 0.055;
}
