/**
 * The one live line on a terminal. Runs in the process of the command; draws a few times a second, never on the path of a
 * task. Always true: after clear() the cursor is at the start of an empty line.
 */

import type { RunSnapshot } from '../contract/snapshot.ts';
import { progressLine, RateMeter, type Paint } from './progress.ts';

const redrawMs = 200;

/** A terminal, as far as the line needs one. */
export interface Terminal {
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export class LiveLine {
  private readonly terminal: Terminal;
  private readonly paint: Paint;
  private readonly look: () => RunSnapshot;
  private readonly meter = new RateMeter();
  private timer: NodeJS.Timeout | undefined;
  /** How wide the line on the screen is; 0 when there is none. */
  private shownWidth = 0;

  constructor(terminal: Terminal, paint: Paint, look: () => RunSnapshot) {
    this.terminal = terminal;
    this.paint = paint;
    this.look = look;
  }

  start(): void {
    this.draw();
    this.timer = setInterval(() => this.draw(), redrawMs);
    this.timer.unref();
  }

  /** Prints a line of text above the live line. */
  say(text: string): void {
    this.clear();
    this.terminal.write(`${text}\n`);
  }

  stop(): void {
    clearInterval(this.timer);
    this.clear();
  }

  private clear(): void {
    if (this.shownWidth > 0) this.terminal.write(this.home());
    this.shownWidth = 0;
  }

  private draw(): void {
    const snapshot = this.look();
    this.meter.note(snapshot.now, snapshot.counts.finished);
    const line = progressLine(snapshot, this.meter.rate(), this.columns, this.paint);
    this.terminal.write(`${this.home()}${line}`);
    this.shownWidth = plainWidth(line);
  }

  /** To where the line begins, with all of it erased: in a window made narrower, a terminal has wrapped it into rows. */
  private home(): string {
    const rowsAbove = Math.floor(Math.max(0, this.shownWidth - 1) / this.columns);
    return `${rowsAbove > 0 ? `\x1b[${rowsAbove}A` : ''}\r\x1b[J`;
  }

  private get columns(): number {
    return this.terminal.columns || 80;
  }
}

/** Columns of a line, its colours left out. */
function plainWidth(line: string): number {
  return line.replace(/\x1b\[\d*m/g, '').length;
}
