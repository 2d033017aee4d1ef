/**
 * `-w`: the web page of a run, served by a process of its own that the command starts. In the process of the driver, which
 * does nothing for it but to start it.
 *
 * Always true: whatever becomes of that process, the run goes on; and that process ends when the command has gone, since
 * its input closes then. It has a session of its own: a Ctrl-C at the terminal is for the run.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemReason } from '../base/errors.ts';
import type { HostPort } from '../base/host-port.ts';
import { clipped, shellQuoted, visible } from '../base/terminal-text.ts';
import { urlFile } from '../contract/run-files.ts';
import type { Teller } from '../run/surroundings.ts';
import { waysTo, webArguments } from './web.ts';

/** As much as a sentence of its may have, in characters. */
const mostSaid = 500;

export interface WebOfRunParts {
  readonly prefix: string;
  readonly address: HostPort;
  /** Where the program is installed. */
  readonly folder: string;
  readonly tell: Teller;
  /** Whether what is told is for the eyes of who started the run alone; else the address is in its file only. */
  readonly isTerminal: boolean;
}

/** Starts it. @returns what is to be called when the run is over */
export function startWebOfRun(parts: WebOfRunParts): () => void {
  const { prefix, tell } = parts;
  const path = urlFile(prefix);
  let over = false;
  let said = '';
  const lost = (why: string): void => {
    if (over) return;
    over = true;
    rmSync(path, { force: true });
    tell.notice(
      `There is no web page (any more): ${why} The run goes on. To have it again: disbatch web ${shellQuoted(prefix)}`,
    );
  };
  let child: ChildProcess;
  try {
    child = spawn(join(parts.folder, 'disbatch'), webArguments(prefix, parts.address), {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  } catch (error) {
    lost(notStarted(error));
    return () => {};
  }
  // Where no more files can be opened there are no streams, and the error comes in a moment.
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    // A process that has gone takes no end of input.
    stream?.on('error', () => {});
    (stream as { unref?: () => void } | null | undefined)?.unref?.();
  }
  child.unref();
  let printed = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const had = printed.includes('\n');
    printed += chunk.toString();
    if (had || over || !printed.includes('\n')) return;
    const url = printed.slice(0, printed.indexOf('\n'));
    const where = parts.isTerminal ? url : `its address is in ${path}, which only you can read`;
    tell.notice(`Web page: ${where}`);
    for (const line of waysTo(url)) tell.notice(line);
  });
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-mostSaid)));
  child.once('error', (error) => lost(notStarted(error)));
  child.once('close', (status, signal) => {
    const words = clipped(visible(said.trim().replace(/^disbatch: /, '')), mostSaid);
    lost(words === '' ? `its process has ended (${signal ?? `exit status ${status}`}).` : words);
  });
  return () => {
    over = true;
    child.stdin?.end();
    rmSync(path, { force: true });
  };
}

function notStarted(error: unknown): string {
  return `its process cannot be started (${systemReason(error)}).`;
}
