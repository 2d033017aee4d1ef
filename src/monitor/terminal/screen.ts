/**
 * The terminal while the monitor has it: the alternate screen, keys, sizes, suspension. In the process of the monitor.
 *
 * Always true: a row is written only when it is another than the one that is there; whatever ends the process, the
 * terminal is given back as it was.
 */

import { StringDecoder } from 'node:string_decoder';
import { KeyReader, type Key } from './keys.ts';
import type { Size } from './layout.ts';
import type { Line } from './line.ts';
import { painted, type Painting } from './paint.ts';

/** The other screen, without cursor and without wrapping at the right edge; and back. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J';
const leave = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** How long a lone Escape waits for what it may be the beginning of. */
const escapeMs = 60;

export interface ScreenEvents {
  readonly key: (key: Key) => void;
  /** All has to be drawn anew: another size, or back from a suspension. */
  readonly changed: () => void;
  /** The terminal is gone. */
  readonly gone: () => void;
}

export class Screen {
  private readonly input: NodeJS.ReadStream;
  private readonly output: NodeJS.WriteStream;
  private readonly painting: Painting;
  private readonly events: ScreenEvents;
  private readonly reader = new KeyReader();
  private readonly decoder = new StringDecoder('utf8');
  private escape: NodeJS.Timeout | undefined;
  private shown: string[] = [];
  private isOpen = false;
  private waits = false;

  constructor(input: NodeJS.ReadStream, output: NodeJS.WriteStream, painting: Painting, events: ScreenEvents) {
    this.input = input;
    this.output = output;
    this.painting = painting;
    this.events = events;
  }

  get size(): Size {
    return { columns: this.output.columns || 80, rows: this.output.rows || 24 };
  }

  open(): void {
    this.output.on('error', this.events.gone);
    this.output.on('resize', this.redraw);
    this.input.on('data', this.onData);
    this.input.on('end', this.events.gone);
    this.input.on('error', this.events.gone);
    process.on('SIGCONT', this.take);
    process.on('SIGTSTP', this.suspend);
    process.on('exit', this.give);
    // Before what went wrong is printed.
    process.on('uncaughtExceptionMonitor', this.give);
    this.take();
  }

  close(): void {
    this.give();
    clearTimeout(this.escape);
    this.output.off('resize', this.redraw);
    this.input.off('data', this.onData);
    this.input.off('end', this.events.gone);
    process.off('SIGCONT', this.take);
    process.off('SIGTSTP', this.suspend);
    process.off('exit', this.give);
    process.off('uncaughtExceptionMonitor', this.give);
    this.input.pause();
  }

  /** Draws what has changed. A terminal that is not done with the last draw gets the newest when it is. */
  draw(lines: readonly Line[]): void {
    if (!this.isOpen || this.waits) return;
    const { columns } = this.size;
    let out = '';
    for (const [i, line] of lines.entries()) {
      const row = painted(line, columns, this.painting);
      if (row === this.shown[i]) continue;
      this.shown[i] = row;
      out += `\x1b[${i + 1};1H${row}`;
    }
    if (out === '' || this.output.write(out)) return;
    this.waits = true;
    this.output.once('drain', () => {
      this.waits = false;
      this.events.changed();
    });
  }

  /** Everything is drawn anew. */
  readonly redraw = (): void => {
    if (!this.isOpen) return;
    this.shown = [];
    this.output.write('\x1b[2J');
    this.events.changed();
  };

  /** Gives the terminal back to the shell until that lets the process go on. */
  readonly suspend = (): void => {
    this.give();
    process.kill(process.pid, 'SIGSTOP');
  };

  /** Also after a stop that came from elsewhere: the shell had the terminal meanwhile. */
  private readonly take = (): void => {
    this.isOpen = true;
    this.input.setRawMode(false);
    this.input.setRawMode(true);
    this.input.resume();
    this.output.write(enter);
    this.shown = [];
    this.events.changed();
  };

  private readonly give = (): void => {
    if (!this.isOpen) return;
    this.isOpen = false;
    try {
      this.output.write(leave);
      this.input.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
  };

  private readonly onData = (chunk: Buffer): void => {
    clearTimeout(this.escape);
    for (const key of this.reader.push(this.decoder.write(chunk))) this.events.key(key);
    if (this.reader.isWaiting) {
      this.escape = setTimeout(() => {
        for (const key of this.reader.rest()) this.events.key(key);
      }, escapeMs);
    }
  };
}
