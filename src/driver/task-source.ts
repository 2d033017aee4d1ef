/**
 * Where the bytes of the task stream come from: a file, or standard input. Runs in the driver's process.
 *
 * A regular file is looked through before anything runs, and read again for the run. Small ones stay in memory between, so
 * that nothing done to the file in the meantime matters; of large ones it is checked that they are still the same.
 */

import { createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { asBytes, type ByteString } from '../base/byte-string.ts';
import { DisbatchError, systemReason } from '../base/errors.ts';

/** Files up to this size are kept in memory. */
const keptBytes = 16 * 1024 * 1024;

const chunkBytes = 256 * 1024;

/** A source of task lines. */
export interface TaskSource {
  /** As the user named it, for messages. */
  readonly shownName: string;
  /** `DISBATCH_NAMETASKS` and the beginning of file names. */
  readonly taskName: string;
  /** Whether it can be looked through first: a second call of chunks() reads the same again. */
  readonly repeatable: boolean;
  /** Each piece is a message of whole lines, which share a line number: see linesOfMessage. */
  readonly ofMessages: boolean;
  /** The bytes in pieces. Synchronous where they are at hand, so that a file costs no turn of the event loop a piece. */
  chunks(): Iterator<ByteString> | AsyncIterator<ByteString>;
}

/**
 * Opens a task file; `-` is standard input. Source of the names: the original.
 *
 * @throws DisbatchError task-file-unreadable
 */
export function openTaskSource(path: string, stdin: NodeJS.ReadableStream): TaskSource {
  if (path === '-') return streamSource('standard input', 'stdin', stdin);
  let fd: number;
  try {
    if (statSync(path).isDirectory()) throw new Error('it is a folder');
    fd = openSync(path, 'r');
  } catch (error) {
    throw new DisbatchError(
      'task-file-unreadable',
      `The task file ${path} cannot be read: ${systemReason(error)}. Name a file with one command a line, or - for standard input.`,
      error,
    );
  }
  if (fstatSync(fd).isFile()) return fileSource(path, fd);
  return pipeSource(path, fd);
}

function fileSource(path: string, fd: number): TaskSource {
  const before = fstatSync(fd, { bigint: true });
  const kept = before.size <= keptBytes ? readWhole(path, fd) : undefined;
  function* chunks(): Generator<ByteString> {
    if (kept !== undefined) {
      for (let at = 0; at < kept.length; at += chunkBytes) yield latin1(kept.subarray(at, at + chunkBytes));
      return;
    }
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (let at = 0; ;) {
      const bytes = readAt(path, fd, buffer, at);
      const now = fstatSync(fd, { bigint: true });
      if (now.mtimeNs !== before.mtimeNs || now.size !== before.size) {
        throw new DisbatchError(
          'task-file-changed',
          `The task file ${path} was changed while it was being run, so what comes next in it cannot be trusted. ` +
            'Resume with a file whose tasks so far are the same.',
        );
      }
      if (bytes === 0) return;
      yield latin1(buffer.subarray(0, bytes));
      at += bytes;
    }
  }
  return { shownName: path, taskName: basename(path), repeatable: true, ofMessages: false, chunks };
}

/**
 * Tasks from a program, a message at a time.
 *
 * @param messages - called once, when the run begins; its `return` ends the stream from outside
 */
export function messageSource(
  shownName: string,
  taskName: string,
  messages: () => AsyncIterator<ByteString>,
): TaskSource {
  return { shownName, taskName, repeatable: false, ofMessages: true, chunks: messages };
}

/** A named pipe or device: read once, as it comes. */
function pipeSource(path: string, fd: number): TaskSource {
  return streamSource(path, basename(path), createReadStream(path, { fd, highWaterMark: chunkBytes }));
}

function streamSource(shownName: string, taskName: string, stream: NodeJS.ReadableStream): TaskSource {
  async function* chunks(): AsyncGenerator<ByteString> {
    try {
      for await (const chunk of stream) yield latin1(chunk as Buffer);
    } catch (error) {
      throw new DisbatchError(
        'task-file-unreadable',
        `Reading tasks from ${shownName} failed: ${systemReason(error)}. Resume to run what was not read.`,
        error,
      );
    }
  }
  return { shownName, taskName, repeatable: false, ofMessages: false, chunks };
}

function readWhole(path: string, fd: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const bytes = readAt(path, fd, buffer, at);
    if (bytes === 0) return Buffer.concat(parts);
    parts.push(buffer.subarray(0, bytes));
    at += bytes;
  }
}

function readAt(path: string, fd: number, buffer: Buffer, position: number): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, position);
  } catch (error) {
    throw new DisbatchError(
      'task-file-unreadable',
      `Reading the task file ${path} failed: ${systemReason(error)}. Resume when it can be read again.`,
      error,
    );
  }
}

function latin1(buffer: Buffer): ByteString {
  return asBytes(buffer.toString('latin1'));
}
