/**
 * A real terminal: tmux on a socket of its own, with one window in which a command runs.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './run-disbatch.ts';

export class Terminal {
  private readonly socket: string;

  /** Starts a shell in a window of this size. The test's end ends it. */
  constructor(cwd: string, columns: number, rows: number, env: Readonly<Record<string, string>> = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'disbatch-tmux-'));
    this.socket = join(folder, 'socket');
    const variables = Object.entries({ TERM: 'screen-256color', PS1: '$ ', ...env }).flatMap(([name, value]) => [
      '-e',
      `${name}=${value}`,
    ]);
    this.tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(columns),
      '-y',
      String(rows),
      '-c',
      cwd,
      ...variables,
      'bash --norc --noprofile',
    );
    onTestFinished(() => {
      this.tmux('kill-server');
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Types text and Enter. */
  type(text: string): void {
    this.tmux('send-keys', '-l', text);
    this.key('Enter');
  }

  /** Presses a key by tmux's name for it: `C-c`. */
  key(name: string): void {
    this.tmux('send-keys', name);
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** What is on the screen; with colours as escapes when asked. */
  screen(colours = false): string {
    return this.tmux('capture-pane', '-p', '-J', ...(colours ? ['-e'] : []));
  }

  async shows(what: string | RegExp, seconds = 20): Promise<string> {
    await until(
      `the screen shows ${what}`,
      () => (typeof what === 'string' ? this.screen().includes(what) : what.test(this.screen())),
      seconds,
    );
    return this.screen();
  }

  private tmux(...args: string[]): string {
    return execFileSync('tmux', ['-S', this.socket, ...args], {
      encoding: 'utf8',
      // Colours are for the test to decide, whatever the tests themselves are to look like.
      env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }
}
