/**
 * The file for values that do not fit into memory. It is made at the first of them, for its user alone, and has no name
 * from then on: whatever ends the process, nothing of it stays. It is cut to nothing when nothing is in use.
 */

import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { addExtent, SpillSpace, type Extent } from './spill-space.ts';

/** Bytes that are read at once. */
const readBytes = 64 * 1024;

export class SpillFile {
  private readonly folder: string;
  private readonly space: SpillSpace;
  private opening: Promise<FileHandle> | undefined;
  private cutting: Promise<void> | undefined;
  private closed = false;

  constructor(folder: string, segmentBytes?: number) {
    this.folder = folder;
    this.space = new SpillSpace(segmentBytes);
  }

  /** How long the file may be, bytes. */
  get size(): number {
    return this.space.end;
  }

  /**
   * Adds bytes to those of a value.
   *
   * @throws the system's error; the extents are what is to be freed then
   */
  async write(bytes: Uint8Array, extents: Extent[]): Promise<void> {
    const file = await this.file();
    for (let rest = bytes; rest.length > 0;) {
      while (this.cutting !== undefined) await this.cutting;
      const extent = this.space.take(rest.length);
      addExtent(extents, extent);
      await writeAll(file, rest.subarray(0, extent.length), extent.offset);
      rest = rest.subarray(extent.length);
    }
  }

  /** The bytes of a value, piece by piece. @throws the system's error */
  async *read(extents: readonly Extent[]): AsyncGenerator<Buffer> {
    const file = await this.file();
    for (const { offset, length } of extents) {
      for (let at = 0; at < length;) {
        const buffer = Buffer.allocUnsafe(Math.min(readBytes, length - at));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + at);
        if (bytesRead === 0) throw new Error('the file is shorter than what was written to it');
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    }
  }

  /** Gives the room of a value back. */
  free(extents: readonly Extent[]): void {
    const wasEmpty = this.space.empty;
    for (const extent of extents) this.space.free(extent);
    if (wasEmpty || !this.space.empty || this.closed) return;
    this.cutting ??= this.cut();
  }

  async close(): Promise<void> {
    this.closed = true;
    const opening = this.opening;
    this.opening = undefined;
    await this.cutting;
    await opening?.then(
      (file) => file.close(),
      () => {},
    );
  }

  /** Empties the file. Whatever is written next waits for it; a file that cannot be cut is written over. */
  private async cut(): Promise<void> {
    try {
      await (await this.opening)?.truncate(0);
    } catch {
      // Room that is not given back does no harm.
    }
    this.cutting = undefined;
  }

  private file(): Promise<FileHandle> {
    if (this.closed) return Promise.reject(new Error('the store is closed'));
    this.opening ??= this.create().catch((error: unknown) => {
      // The next value may find the folder mended.
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  private async create(): Promise<FileHandle> {
    const path = join(this.folder, `.store-${process.pid}-${randomUUID()}`);
    const file = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}
