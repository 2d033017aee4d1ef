/**
 * How a file of the run that gets a line for each record begins: whole from its first moment, and never in the place of an
 * earlier one.
 */

import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { DisbatchError, systemReason } from '../base/errors.ts';

/** A new file and what became of one with the same name. */
export interface CreatedLineFile {
  readonly fd: number;
  /** The new name of the file that was there before. */
  readonly keptAs: string | undefined;
}

/**
 * Makes the file. A file of that name is kept under the first free `<name>.N`.
 *
 * @param header - the first line of the file
 * @param fill - writes what is to be in it before it takes the name: the records that a resume carries over. Until they are
 *   all there the earlier file keeps its name, so that a crash at any moment leaves one that is whole.
 */
export function createLineFile(
  path: string,
  header: string | undefined,
  fill: (append: (text: string) => void) => void,
): CreatedLineFile {
  const draft = `${path}.new.${process.pid}`;
  let opened: number | undefined;
  try {
    const fd = openSync(draft, 'w');
    opened = fd;
    let text = header === undefined ? '' : `${header}\n`;
    const flush = (): void => {
      let rest = Buffer.from(text);
      text = '';
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
    };
    fill((line) => {
      text += `${line}\n`;
      if (text.length > 1 << 20) flush();
    });
    flush();
    // Before it takes the place of an earlier file, what was taken over from that one must be on the disk.
    fsyncSync(fd);
    const keptAs = existsSync(path) ? freeName(path) : undefined;
    if (keptAs !== undefined) keepAside(path, keptAs);
    renameSync(draft, path);
    return { fd, keptAs };
  } catch (error) {
    if (opened !== undefined) closeSync(opened);
    rmSync(draft, { force: true });
    // What is not the system's doing is not mended by room on a disk.
    if (error instanceof DisbatchError || !isSystemError(error)) throw error;
    throw new DisbatchError(
      'status-unwritable',
      `The file ${path} cannot be made (${systemReason(error)}). Make room or choose another place with -p.`,
      error,
    );
  }
}

/** Gives a file a second name, so that there is one under the first at every moment; where links cannot be made, moves it. */
function keepAside(path: string, keptAs: string): void {
  try {
    linkSync(path, keptAs);
  } catch {
    renameSync(path, keptAs);
  }
}

function freeName(path: string): string {
  for (let n = 1; ; n++) {
    const name = `${path}.${n}`;
    if (!existsSync(name)) return name;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^E[A-Z0-9]+$/.test(String(error.code));
}
