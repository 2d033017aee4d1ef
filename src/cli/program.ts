/**
 * The program that a command is part of, as each sub-command is told of it.
 */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StartedWith } from '../base/started-with.ts';

export interface Program {
  /** Where it is installed. */
  readonly folder: string;
  readonly version: string;
  /** What Node changes at its start, as it was before. */
  readonly started: StartedWith;
  readonly env: NodeJS.ProcessEnv;
}

/** Loads a part of the program that is a bundle of its own: most commands do without it. */
export async function loadPart<Part>({ folder }: Pick<Program, 'folder'>, bundle: string): Promise<Part> {
  return (await import(pathToFileURL(join(folder, bundle)).href)) as Part;
}
