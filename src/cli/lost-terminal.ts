/**
 * Lets the command end in order when its terminal has gone (a window that was closed, a connection that broke).
 *
 * Node gives terminals the settings back that they had at its start, and aborts, with a core file, where that fails: always
 * when the terminal has gone. It leaves alone what is closed. Source: ResetStdio in Node's src/node.cc.
 */

import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** To be called at the start. @returns what is to be called right before the process exits */
export function watchTerminal(): () => void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  return () => {
    for (const fd of terminals) {
      if (isatty(fd)) continue;
      try {
        closeSync(fd);
      } catch {
        // It is closed already.
      }
    }
  };
}
