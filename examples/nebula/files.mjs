/**
 * The files through which the tasks hand on their work: plain numbers without any header, in the folder out/.
 *
 * A file gets its name only when it is whole: a task that is killed half-way leaves nothing that looks finished.
 */

import { closeSync, openSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';

const twoDigits = (number) => String(number).padStart(2, '0');

export const stripFile = (strip) => `out/map/${twoDigits(strip)}.u8`;
export const pieceFile = (exposure) => `out/pieces/${twoDigits(exposure)}.u16`;
export const bandFile = (band) => `out/bands/${twoDigits(band)}.rgb`;
export const pictureFile = 'out/nebula.png';

/** Writes an array of numbers, in this machine's byte order. */
export function save(path, numbers) {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, numbers);
  renameSync(unfinished, path);
}

/** Reads a whole file of bytes. */
export function load(path) {
  return readFileSync(path);
}

/** Reads the rows `from` to below `to` of a file of 16-bit numbers, `width` in a row. */
export function loadRows(path, width, from, to) {
  const numbers = new Uint16Array((to - from) * width);
  const file = openSync(path, 'r');
  try {
    const bytes = readSync(file, numbers, 0, numbers.byteLength, from * width * numbers.BYTES_PER_ELEMENT);
    if (bytes !== numbers.byteLength) throw new Error(`${path} is too short; run the exposure again`);
  } finally {
    closeSync(file);
  }
  return numbers;
}
