/**
 * A log file in the original's format: `2026-01-31 12:00:00,123 INFO     Driver         : text`.
 *
 * Lines are collected and written once per turn of the event loop. A log that cannot be written must never harm the run:
 * the first failure is remembered, and the log goes quiet.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { logLevels, type LogLevel } from './log-level.ts';

export class Log {
  /** Why the log went quiet, if it did. */
  failure: Error | undefined;
  private readonly path: string;
  private readonly threshold: number;
  private fd: number | undefined;
  private waiting = '';
  private scheduled = false;

  /** Opens (and empties) the file. A file that cannot be opened is an Error of the system: the caller decides. */
  constructor(path: string, level: LogLevel) {
    this.path = path;
    this.threshold = logLevels.indexOf(level);
    this.fd = openSync(this.path, 'w');
  }

  /** A logger whose lines carry a name. */
  named(name: string): Logger {
    return (level, text) => this.write(name, level, text);
  }

  /** Writes what waits, and closes. */
  close(): void {
    this.flush();
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private write(name: string, level: LogLevel, text: string): void {
    if (this.fd === undefined || logLevels.indexOf(level) > this.threshold) return;
    this.waiting += `${timestamp(new Date())} ${level.padEnd(8)} ${name.padEnd(15)}: ${text}\n`;
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    if (this.fd === undefined || this.waiting === '') return;
    try {
      writeSync(this.fd, this.waiting);
    } catch (error) {
      this.failure = error as Error;
      closeSync(this.fd);
      this.fd = undefined;
    }
    this.waiting = '';
  }
}

/** Writes one line to a log. */
export type Logger = (level: LogLevel, text: string) => void;

function timestamp(date: Date): string {
  const pad = (value: number, places = 2): string => String(value).padStart(places, '0');
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
  return `${day} ${time},${pad(date.getMilliseconds(), 3)}`;
}
