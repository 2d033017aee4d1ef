/**
 * Step 4, the print: puts the bands together, mirrors them, and writes the picture.
 */

import { bandFile, load, pictureFile, save } from './files.mjs';
import { encodePng } from './png.mjs';
import { bands, halfHeight, height, width } from './scene.mjs';

/** Prints the picture. */
export function print() {
  const half = Buffer.concat(Array.from({ length: bands }, (_, band) => load(bandFile(band))));
  const stride = 3 * width;
  if (half.length !== halfHeight * stride)
    throw new Error('the bands do not add up to half a picture; develop them again');
  const pixels = Buffer.alloc(2 * half.length);
  for (let row = 0; row < halfHeight; row++) {
    const source = half.subarray(row * stride, (row + 1) * stride);
    pixels.set(source, (halfHeight + row) * stride);
    pixels.set(source, (halfHeight - 1 - row) * stride);
  }
  const png = encodePng(width, height, pixels);
  save(pictureFile, png);
  return `${pictureFile}: ${width} x ${height} pixels, ${(png.length / 1e6).toFixed(1)} MB`;
}
