/**
 * The files of the page, from where the program is installed. They are read once: a new build under a server that runs
 * changes nothing.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** By their path; '' is the page. */
export type PageFiles = Readonly<Record<string, { readonly type: string; readonly bytes: Buffer }>>;

export function readPageFiles(folder: string): PageFiles {
  const file = (name: string, type: string) => ({ type, bytes: readFileSync(join(folder, name)) });
  return {
    '': file('page.html', 'text/html'),
    'page.js': file('page.js', 'text/javascript'),
    'page.css': file('page.css', 'text/css'),
  };
}
