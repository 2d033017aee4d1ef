/**
 * The terminal monitor: its entry, loaded by the command (`disbatch mon`). Puts together what is known of the run, what the
 * user chooses, and the screen.
 */

import { constants } from 'node:os';
import { frame, pageOf, recordsOnScreen, runningWanted, settled, type Look } from './frame.ts';
import type { Key } from './keys.ts';
import { Screen } from './screen.ts';
import { firstState, type Stop } from './state.ts';
import { press } from './update.ts';
import { TerminalWatch } from './watch.ts';

export interface MonitorOptions {
  /** Absolute. */
  readonly prefix: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
}

/** For what changes by itself: how long something has been. */
const tickMs = 1000;

/** How long news wait for other news. Keys wait for nothing. */
const gatherMs = 120;
/** At the beginning news is shown as it comes: there is nothing else to look at. */
const hurryMs = 1000;

/**
 * Shows the run until the user leaves.
 *
 * @returns the exit status: 0, or 128 and the number of a signal
 */
export function showMonitor({ prefix, version, env }: MonitorOptions): Promise<number> {
  const unicode = isUtf8(env);
  const colour = (env['NO_COLOR'] ?? '') === '';
  return new Promise((resolve) => {
    let state = firstState;
    const startedAt = performance.now();
    let gathering: NodeJS.Timeout | undefined;
    let scheduled: NodeJS.Immediate | undefined;
    let over = false;

    const draw = (): void => {
      if (over) return;
      const look: Look = { ...screen.size, unicode };
      const { sight } = watch;
      state = settled(state, sight, look);
      screen.draw(frame(state, sight, look));
      watch.show(runningWanted(state, sight, look), recordsOnScreen(state, sight, look));
    };
    const drawSoon = (): void => {
      scheduled ??= setImmediate(() => {
        scheduled = undefined;
        draw();
      });
    };
    // Overview, running tasks and records come one after the other: one draw for all.
    const drawWhenAllIsThere = (): void => {
      gathering ??= setTimeout(
        () => {
          gathering = undefined;
          drawSoon();
        },
        performance.now() < startedAt + hurryMs ? 10 : gatherMs,
      );
    };
    const end = (status: number): void => {
      if (over) return;
      over = true;
      clearInterval(ticking);
      clearTimeout(gathering);
      clearImmediate(scheduled);
      for (const [signal, handler] of handlers) process.off(signal, handler);
      screen.close();
      void watch.close().finally(() => resolve(status));
    };
    const onKey = (key: Key): void => {
      if (over) return;
      const { sight } = watch;
      const update = press(state, key, sight, pageOf(state, sight, { ...screen.size, unicode }));
      ({ state } = update);
      const { wish } = update;
      if (wish?.kind === 'quit') end(0);
      else if (wish?.kind === 'suspend') screen.suspend();
      else if (wish?.kind === 'redraw') screen.redraw();
      else if (wish?.kind === 'stop') void stop(wish.stop, wish.done);
      drawSoon();
    };
    const stop = async (what: Stop, done: string): Promise<void> => {
      const problem = await watch.stop(what);
      const text = problem === undefined ? done : `That cannot be stopped: ${problem}`;
      state = { ...state, message: { text, bad: problem !== undefined } };
      drawSoon();
    };
    const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(
      (signal) => [signal, () => end(128 + constants.signals[signal])] as const,
    );
    for (const [signal, handler] of handlers) process.on(signal, handler);

    const screen = new Screen(
      process.stdin,
      process.stdout,
      { colour, unicode },
      {
        key: onKey,
        changed: drawSoon,
        gone: () => end(128 + constants.signals.SIGHUP),
      },
    );
    const watch = new TerminalWatch({ prefix, version, onChange: drawWhenAllIsThere });
    const ticking = setInterval(drawWhenAllIsThere, tickMs);
    screen.open();
  });
}

/** Whether the locale has more than ASCII. */
function isUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return /utf-?8/i.test(locale ?? '');
}
