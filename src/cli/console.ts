/**
 * What the command says to the person in front of it. Standard error only: standard output belongs to what was asked for.
 */

import { visible } from '../base/terminal-text.ts';
import { coloured, plain, type Paint } from '../monitor/progress.ts';
import { LiveLine } from '../monitor/live-line.ts';
import type { RunSnapshot } from '../contract/snapshot.ts';

export class Console {
  readonly paint: Paint;
  private readonly stream: NodeJS.WriteStream;
  private readonly quiet: boolean;
  private readonly env: NodeJS.ProcessEnv;
  private live: LiveLine | undefined;

  constructor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv, quiet: boolean) {
    this.stream = stream;
    this.env = env;
    this.quiet = quiet;
    // A terminal that has gone must not take the run with it.
    stream.on('error', () => {});
    const colours = stream.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
    this.paint = colours ? coloured : plain;
  }

  get width(): number {
    return this.stream.isTTY ? this.stream.columns : 120;
  }

  /** What is said is for who sits there. */
  get isTerminal(): boolean {
    return this.stream.isTTY;
  }

  /** Shows the live line from now on, where there is a terminal. */
  startLive(look: () => RunSnapshot): void {
    if (this.quiet || !this.stream.isTTY || this.env['TERM'] === 'dumb') return;
    this.live = new LiveLine(this.stream, this.paint, look);
    this.live.start();
  }

  stopLive(): void {
    this.live?.stop();
    this.live = undefined;
  }

  /** Something good to know. */
  notice(text: string): void {
    if (!this.quiet) this.say(visible(text));
  }

  /** Lines that are made for a terminal, colours and all. */
  show(lines: readonly string[]): void {
    if (!this.quiet) this.say(lines.join('\n'));
  }

  /** Something that went wrong: said even when quiet. */
  error(text: string): void {
    this.say(visible(text));
  }

  private say(text: string): void {
    if (this.live !== undefined) this.live.say(text);
    else this.stream.write(`${text}\n`);
  }
}
