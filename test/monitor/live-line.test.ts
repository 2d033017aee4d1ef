import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LiveLine } from '../../src/monitor/live-line.ts';
import { plain } from '../../src/monitor/progress.ts';
import { snapshotOf } from './snapshots.ts';

/** A terminal of one line that keeps what scrolled out of it. */
class FakeTerminal {
  columns: number | undefined = 60;
  readonly above: string[] = [];
  line = '';
  /** How often, and how far, the cursor went up. */
  readonly up: string[] = [];
  writes = 0;
  private column = 0;

  write(text: string): void {
    this.writes++;
    for (const part of text.match(/\r|\n|\x1b\[J|\x1b\[\d+A|[^\r\n\x1b]+/g) ?? []) {
      if (part === '\r') this.column = 0;
      else if (part === '\x1b[J') this.line = this.line.slice(0, this.column);
      else if (part.startsWith('\x1b')) this.up.push(part);
      else if (part === '\n') {
        this.above.push(this.line);
        this.line = '';
        this.column = 0;
      } else {
        this.line = this.line.slice(0, this.column) + part + this.line.slice(this.column + part.length);
        this.column += part.length;
      }
    }
  }
}

let terminal: FakeTerminal;
let finished: number;
let live: LiveLine;

beforeEach(() => {
  vi.useFakeTimers();
  terminal = new FakeTerminal();
  finished = 0;
  const look = (): ReturnType<typeof snapshotOf> =>
    snapshotOf({ counts: { finished }, total: 100, now: 1000 + finished, running: 2 });
  live = new LiveLine(terminal, plain, look);
});
afterEach(() => {
  live.stop();
  vi.useRealTimers();
});

describe('the live line', () => {
  test('is there at once, and follows the run by itself', () => {
    live.start();
    expect(terminal.line).toMatch(/^ {2}0% 0\/100 done {2}2 running/);
    finished = 50;
    vi.advanceTimersByTime(500);
    expect(terminal.line).toMatch(/^ 50% 50\/100 done/);
    expect(terminal.above).toEqual([]);
  });

  test('leaves nothing of a longer line behind it', () => {
    live.start();
    finished = 50;
    vi.advanceTimersByTime(500);
    const long = terminal.line.length;
    terminal.columns = 20;
    vi.advanceTimersByTime(500);
    expect(terminal.line.length).toBeLessThan(long);
    expect(terminal.line.length).toBeLessThan(20);
    // In a window of 20 columns the long line stood in three rows.
    expect(terminal.up).toEqual([`\x1b[${Math.floor((long - 1) / 20)}A`]);
  });

  test('is drawn a few times a second, however much happens', () => {
    live.start();
    for (let i = 0; i < 1000; i++) {
      finished++;
      vi.advanceTimersByTime(10);
    }
    expect(terminal.writes).toBeGreaterThan(10);
    expect(terminal.writes).toBeLessThan(110);
  });

  test('gives way to what is said, which stays above it', () => {
    live.start();
    live.say('a warning');
    live.say('another');
    vi.advanceTimersByTime(500);
    expect(terminal.above).toEqual(['a warning', 'another']);
    expect(terminal.line).toContain('0/100 done');
  });

  test('is gone when it is stopped, and does not come back', () => {
    live.start();
    finished = 7;
    live.stop();
    expect(terminal.line).toBe('');
    const { writes } = terminal;
    vi.advanceTimersByTime(5000);
    expect(terminal.writes).toBe(writes);
    live.say('the end');
    expect([terminal.above, terminal.line]).toEqual([['the end'], '']);
  });

  test.each([undefined, 0])(
    'is not wider than 80 columns where the terminal does not know its size (%s)',
    (columns) => {
      terminal.columns = columns;
      live.start();
      expect(terminal.line).toContain('0/100 done');
      expect(terminal.line.length).toBeLessThan(80);
    },
  );
});
