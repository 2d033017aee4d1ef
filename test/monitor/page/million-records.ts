/**
 * A status file of a million records.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/** A million records; one in a thousand failed, one took long, the last has a text of choice in all its texts. */
export async function writeMillion(path: string, hostile: string): Promise<void> {
  // Written out, since the program's own way is thorough, and takes ten times as long.
  const line = (i: number): string => {
    const [exitCode, elapsed, begin] = [i % 1000 === 500 ? 1 : 0, i === 777_777 ? 99 : 0.5, 1_794_690_840 + i * 0.01];
    const place = `${exitCode === 0 ? ' ' : 'R'}   \t${i}\t${i + 1}\t-1\tnode${i % 16}\t100\t${exitCode}`;
    return `${place}\t${elapsed}\t${begin}\t${begin + elapsed}\t0\t''\t0\t''\twork ${i}\n`;
  };
  const said = `${hostile.length}\t'${hostile}'`;
  const last = ` OE \t999999\t1000000\t-1\t<b>node</b>\t100\t0\t0.5\t1794700840.0\t1794700840.5\t${said}\t${said}\techo ${hostile}\n`;
  const file = createWriteStream(path);
  for (let from = 0; from < 1_000_000; from += 50_000) {
    let lines = '';
    for (let i = from; i < from + 50_000; i++) lines += i < 999_999 ? line(i) : last;
    if (!file.write(lines)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
