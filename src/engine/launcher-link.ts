/**
 * One launcher seen from its engine, whichever way it is reached: what an engine may ask of it, and its frames.
 *
 *   hello ─► (started, ended | failed)* ─► exit
 *
 * Frames that are sent within one turn of the event loop go out as one write. After `exit` nothing more is reported.
 */

import type { Writable } from 'node:stream';
import { decodeFromLauncher, encodeToLauncher, FrameReader } from './launcher-frames.ts';
import { type FromLauncher, type ToLauncher } from './launcher-protocol.ts';

/** What an engine may do with a launcher. */
export interface LauncherLink {
  send(message: ToLauncher): void;
  /** Ends the launcher at once; its tasks die with it where the system can do that. */
  kill(): void;
  /** When nothing of it is left in this process; undefined: it has no process here. */
  readonly closed?: Promise<void>;
}

export interface LauncherEvents {
  message(message: FromLauncher): void;
  /** It is gone. `problem` says why, unless it left as it was told to. */
  exit(problem: string | undefined): void;
}

/** The frames to and from one launcher. */
export class LauncherFrames {
  private readonly output: Writable | null;
  private readonly events: LauncherEvents;
  private readonly onGarbage: () => void;
  private readonly reader = new FrameReader();
  private corked = false;
  private leaving = false;
  private over = false;
  private problem: string | undefined;

  /**
   * @param output - where frames to the launcher go; null when it could not even be started
   * @param onGarbage - is to end the launcher: it has sent something that is no frame
   */
  constructor(output: Writable | null, events: LauncherEvents, onGarbage: () => void) {
    this.output = output;
    this.events = events;
    this.onGarbage = onGarbage;
  }

  /** Whether the launcher was told to leave: then its end is no problem. */
  get toldToLeave(): boolean {
    return this.leaving;
  }

  /** Whether `exit` was reported. */
  get ended(): boolean {
    return this.over;
  }

  send(message: ToLauncher): void {
    const { output } = this;
    if (output === null || this.over) return;
    if (message.type === 'leave') this.leaving = true;
    if (!this.corked) {
      this.corked = true;
      output.cork();
      setImmediate(() => {
        this.corked = false;
        output.uncork();
      });
    }
    output.write(encodeToLauncher(message));
  }

  /** Takes what came from the launcher. */
  read(chunk: Buffer): void {
    try {
      for (const frame of this.reader.read(chunk)) {
        if (this.over) return;
        this.events.message(decodeFromLauncher(frame));
      }
    } catch (error) {
      this.problem ??= `the launcher sent garbage: ${(error as Error).message}`;
      this.onGarbage();
    }
  }

  /** Reports `exit`, the first time. Garbage that came before is the better reason. */
  end(problem: string | undefined): void {
    if (this.over) return;
    this.over = true;
    this.events.exit(problem === undefined ? undefined : (this.problem ?? problem));
  }
}
