/**
 * What the command that gives the tasks prints. In the driver's process.
 *
 *   its outputs ─► log, byte for byte
 *               ├► the user, line by line
 *               └► the end of the error output, for the sentence that tells why it failed
 *
 * Always true: however much it prints, little of it is in memory; what is not said is in the log.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** How much of its error output is kept. */
const tailCharacters = 1000;

/** What is longer is said in pieces. */
const longestLine = 4096;

/** Characters that the user is told within a second at most: who reads them may be slow. */
const saidPerSecond = 64 * 1024;

export class CommandOutput {
  private readonly logPath: string;
  private readonly log: number;
  private readonly tell: (line: string) => void;
  private errorTail = '';
  /** When the second began that is looked at, what was said in it, and how many lines were not said. */
  private secondFrom = 0;
  private said = 0;
  private unsaid = 0;

  /** @param tell - tells the user a line @throws the system's error when the log cannot be made */
  constructor(logPath: string, tell: (line: string) => void) {
    this.logPath = logPath;
    this.tell = tell;
    this.log = openSync(logPath, 'a');
  }

  follow(stream: Readable, isError: boolean): void {
    let line = '';
    const decoder = new StringDecoder('utf8');
    stream.on('error', () => {});
    stream.on('data', (bytes: Buffer) => {
      try {
        writeSync(this.log, bytes);
      } catch {
        // What cannot be kept is said all the same.
      }
      const text = decoder.write(bytes);
      if (isError) this.errorTail = (this.errorTail + text).slice(-tailCharacters);
      const lines = (line + text).split('\n');
      line = lines.pop() ?? '';
      if (line.length > longestLine) {
        lines.push(line);
        line = '';
      }
      for (const each of lines) this.say(each);
    });
    stream.on('close', () => {
      if (line !== '') this.say(line);
    });
  }

  /** Nothing more is to come. */
  close(): void {
    this.sayUnsaid();
    closeSync(this.log);
  }

  /** Where its output is and how its error output ends, as sentences. */
  lastWords(): string {
    const words = this.errorTail.trim().replace(/\s*\n\s*/g, ' / ');
    const said = words === '' ? 'It has printed no error' : `Its error output ends with: ${words}`;
    return `${said}${/[.!?]$/.test(said) ? '' : '.'} All that it printed is in ${this.logPath}.`;
  }

  private say(line: string): void {
    const now = performance.now();
    if (now - this.secondFrom >= 1000) {
      this.sayUnsaid();
      this.secondFrom = now;
      this.said = 0;
    }
    this.said += line.length + 1;
    if (this.said > saidPerSecond) this.unsaid++;
    else this.tell(line);
  }

  private sayUnsaid(): void {
    if (this.unsaid === 0) return;
    const lines = this.unsaid === 1 ? '1 line more is' : `${this.unsaid} lines more are`;
    this.tell(`(${lines} in ${this.logPath})`);
    this.unsaid = 0;
  }
}
