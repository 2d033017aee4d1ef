/**
 * Writes a file that is never seen half written, nor ever with another mode: it is made aside and renamed into place.
 */

import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/**
 * @param mode - of the file, before the umask
 * @throws the system's error; nothing is left behind then
 */
export function writeWhole(path: string, text: string, mode: number): void {
  const draft = `${path}.${process.pid}.new`;
  try {
    rmSync(draft, { force: true });
    const fd = openSync(draft, 'wx', mode);
    try {
      for (let bytes = Buffer.from(text); bytes.length > 0;) bytes = bytes.subarray(writeSync(fd, bytes));
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
