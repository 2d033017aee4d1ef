/**
 * Signals to the command. The first INT, TERM or HUP ends the tasks in order; a second INT or TERM does not wait; USR1 and
 * USR2 let the running tasks finish. A signal that was ignored when the command was started (nohup) stays ignored.
 */

import { constants } from 'node:os';
import type { StartedWith } from '../base/started-with.ts';

export interface SignalActions {
  end(signal: NodeJS.Signals): void;
  endAtOnce(signal: NodeJS.Signals): void;
  softStop(): void;
}

/** Installs the handlers. @returns what takes them away again */
export function watchSignals(started: StartedWith, actions: SignalActions): () => void {
  let ended = false;
  const installed: [NodeJS.Signals, () => void][] = [];
  const on = (signal: NodeJS.Signals, handler: () => void): void => {
    const act = started.ignored.includes(constants.signals[signal]) ? () => {} : handler;
    process.on(signal, act);
    installed.push([signal, act]);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    on(signal, () => {
      if (!ended) {
        ended = true;
        actions.end(signal);
      } else if (signal !== 'SIGHUP') {
        actions.endAtOnce(signal);
      }
    });
  }
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) on(signal, () => actions.softStop());
  return () => {
    for (const [signal, handler] of installed) process.off(signal, handler);
  };
}
