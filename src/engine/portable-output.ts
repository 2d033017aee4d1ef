/**
 * One output of a task of the portable launcher: reads its pipe, counts and samples what comes, and has it kept in a file
 * when one is wanted.
 *
 * Always true: while a piece is on its way to the file the pipe is not read; what is counted is in the file, unless that has
 * an error; from the moment on when it is closed, what still comes is read and dropped.
 */

import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { OutputSample } from '../contract/messages.ts';
import { OutputSampler } from './output-sample.ts';
import { fileChunk, ResultFile } from './portable-file.ts';

/** Every read of what is not kept goes through this one buffer: what comes is counted and sampled before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(128 * 1024);

/** The most that a pipe can hold that a user has enlarged. Source: pipe-max-size of Linux. */
const pipeMost = 1024 * 1024;

export class TaskOutput {
  private readonly sampler = new OutputSampler();
  private readonly file: ResultFile | undefined;
  private readonly changed: () => void;
  private socket: Socket | undefined;
  private fd: number | undefined;
  private stage: 'open' | 'closing' | 'settled' = 'open';
  private atEnd = false;
  private isGivenUp = false;

  /**
   * @param path - of its file, or empty
   * @param changed - called when the pipe is at its end, and when it is settled: all has come, and what is kept is in the file
   */
  constructor(path: string, changed: () => void) {
    this.file = path === '' ? undefined : new ResultFile(path);
    this.changed = changed;
  }

  /** Whether the pipe is at its end. */
  get hasEnded(): boolean {
    return this.atEnd;
  }

  get isSettled(): boolean {
    return this.stage === 'settled';
  }

  readPipe(fd: number): void {
    this.fd = fd;
    const buffer = this.file === undefined ? readBuffer : Buffer.allocUnsafeSlow(fileChunk);
    // Within the call, so that a pause holds before the next read.
    const callback = (length: number): boolean => this.take(buffer.subarray(0, length));
    const options = { fd, readable: true, writable: false, onread: { buffer, callback } };
    this.watchEnd(new Socket(options));
  }

  readSocket(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      if (!this.take(chunk)) socket.pause();
    });
    this.watchEnd(socket);
  }

  sample(): OutputSample {
    return { ...this.sampler.sample(), fileError: this.file?.error ?? 0 };
  }

  /** What still holds the pipe is a background process: takes what is in it, and no more. */
  cut(): void {
    if (this.stage !== 'open') return;
    if (this.file !== undefined && this.file.error === 0) this.takeWhatIsThere();
    this.close();
  }

  /** Waits no more for its file. */
  giveUp(error: number): void {
    if (this.stage === 'settled' || this.file === undefined) return;
    this.isGivenUp = true;
    this.file.giveUp(error);
    this.socket?.resume();
    if (this.stage === 'closing') this.settle();
  }

  /** @returns whether more may be read at once; the bytes may be overwritten then */
  private take(chunk: Buffer): boolean {
    if (this.stage !== 'open') return true;
    this.sampler.add(chunk);
    const { file } = this;
    if (file === undefined || file.error !== 0) return true;
    // It is the only one on its way, so it need not be copied: nothing is read into it before it is written.
    void file.write(chunk).then(() => this.socket?.resume());
    return false;
  }

  private takeWhatIsThere(): void {
    if (this.fd === undefined || this.atEnd) return;
    for (let taken = 0; taken < pipeMost;) {
      const rest = Buffer.allocUnsafeSlow(fileChunk);
      let length: number;
      try {
        length = readSync(this.fd, rest);
      } catch {
        return; // Nothing is in it at the moment.
      }
      if (length === 0) return;
      this.take(rest.subarray(0, length));
      taken += length;
    }
  }

  private watchEnd(socket: Socket): void {
    this.socket = socket;
    const ended = (): void => {
      if (this.atEnd) return;
      this.atEnd = true;
      if (this.stage === 'open') this.close();
      if (this.stage !== 'settled') this.changed();
    };
    socket.on('end', ended);
    // A read error, too, is the end of what can be read.
    socket.on('error', () => socket.destroy());
    socket.on('close', ended);
  }

  /** Nothing more counts. */
  private close(): void {
    this.stage = 'closing';
    if (this.file === undefined || this.isGivenUp) this.settle();
    else void this.file.finish().then(() => this.settle());
  }

  private settle(): void {
    if (this.stage === 'settled') return;
    this.stage = 'settled';
    this.socket?.resume();
    this.changed();
  }
}
