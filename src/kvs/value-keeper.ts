/**
 * Keeps the values of the store: in memory up to a bound, all together, and on disk beyond it.
 *
 *   a client's value:   draft ─► memory, when it fits by its announced length
 *                             ─► disk, as it comes; it is put when all of it is there
 *   a value of our own: memory at once; what is beyond the bound is written to the disk behind it
 *
 * A value has references: one of the queue that it is in, one of each reply that it is sent with. It goes with the last.
 */

import type { ByteString } from '../base/byte-string.ts';
import { Deque } from '../base/deque.ts';
import { StoreError } from './protocol.ts';
import { diskError, DiskDraft, MemoryDraft, type Draft, type StoredValue } from './stored-value.ts';
import { SpillFile } from './spill-file.ts';
import { splitExtents, type Extent } from './spill-space.ts';

/** What a value costs in memory beside its bytes, about, in bytes. */
const overhead = 256;

/** How many bytes of our own values are written at once, at least where there are so many. */
const batchBytes = 256 * 1024;

const noBytes = Buffer.alloc(0);

/** How far, in bytes, our own values may be ahead of the disk before clients are made to wait for it. */
const slack = 1024 * 1024;

export interface KeeperOptions {
  /** Bytes of values in memory. */
  readonly memoryLimit: number;
  /** Where the file for the rest is made. */
  readonly folder: string;
  /** Called when our own values cannot be written to disk, and stay in memory: once until it has worked again. */
  readonly onTrouble: (sentence: string) => void;
}

export class ValueKeeper {
  private readonly options: KeeperOptions;
  private readonly spill: SpillFile;
  /** Our own values that are beyond the bound. */
  private readonly behind = new Deque<StoredValue>();
  private writing: Promise<void> | undefined;
  private failing = false;
  private used = 0;
  private closed = false;

  constructor(options: KeeperOptions) {
    this.options = options;
    this.spill = new SpillFile(options.folder);
  }

  /** Bytes that are counted for values in memory. */
  get memoryUsed(): number {
    return this.used;
  }

  /** Bytes of the file. */
  get diskUsed(): number {
    return this.spill.size;
  }

  /** A promise of room when our own values are far ahead of the disk. */
  room(): Promise<void> | undefined {
    return this.used > this.options.memoryLimit + slack && !this.failing ? this.writing : undefined;
  }

  /** A value that is to come from a client. */
  draft(encoding: ByteString, length: number): Draft {
    if (this.used + length + overhead <= this.options.memoryLimit) {
      this.used += length + overhead;
      return new MemoryDraft(encoding, length, () => (this.used -= length + overhead));
    }
    return new DiskDraft(encoding, length, this.spill);
  }

  /**
   * A value of our own, at once in memory. The bytes are not copied.
   *
   * @param stays - that it is not to be written to the disk, whatever the bound
   * @throws StoreError when the disk does not take what is beyond the bound, and there is twice as much as that
   */
  keep(encoding: ByteString, bytes: Buffer, stays = false): StoredValue {
    const value: StoredValue = { encoding, length: bytes.length, bytes, extents: [], references: 1 };
    const limit = this.options.memoryLimit;
    if (this.failing && !stays && this.used + bytes.length > 2 * limit + slack) {
      throw new StoreError('disk', 'the store is full: what is beyond its memory cannot be written to the disk');
    }
    this.used += bytes.length + overhead;
    if (!stays && this.used > limit) {
      this.behind.push(value);
      this.writing ??= this.writeBehind();
    }
    return value;
  }

  retain(value: StoredValue): void {
    value.references++;
  }

  release(value: StoredValue): void {
    value.references--;
    if (value.references > 0) return;
    if (value.bytes === undefined) this.spill.free(value.extents);
    else this.used -= value.length + overhead;
    // A list of what is to be written may still have the value in it.
    value.bytes = undefined;
    value.extents = [];
  }

  /** The bytes of a value that is held, piece by piece. @throws StoreError when the disk does not give them */
  async *read(value: StoredValue): AsyncGenerator<Buffer> {
    if (value.bytes !== undefined) {
      yield value.bytes;
      return;
    }
    try {
      yield* this.spill.read(value.extents);
    } catch (error) {
      throw diskError('read from', error);
    }
  }

  /** All bytes of a value that is held. @throws StoreError when the disk does not give them */
  async load(value: StoredValue): Promise<Buffer> {
    if (value.bytes !== undefined) return value.bytes;
    const pieces: Buffer[] = [];
    for await (const piece of this.read(value)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async close(): Promise<void> {
    this.closed = true;
    this.behind.clear();
    await this.writing;
    await this.spill.close();
  }

  private async writeBehind(): Promise<void> {
    // The caller must see the promise before the end of it.
    await Promise.resolve();
    while (!this.closed && this.used > this.options.memoryLimit && this.behind.length > 0) {
      const values = this.nextBehind();
      if (await this.moveToDisk(values)) continue;
      for (const value of values) this.behind.push(value);
      break;
    }
    // Once there is room again, what is left may stay in memory.
    if (this.used <= this.options.memoryLimit) this.behind.clear();
    this.writing = undefined;
  }

  /** The next values to write, as many as make one write worth while. */
  private nextBehind(): StoredValue[] {
    const values: StoredValue[] = [];
    let excess = this.used - this.options.memoryLimit;
    for (let bytes = 0; bytes < batchBytes && excess > 0;) {
      const value = this.behind.shift();
      if (value === undefined) break;
      if (value.references === 0) continue;
      values.push(value);
      bytes += value.length;
      excess -= value.length + overhead;
    }
    return values;
  }

  /** @returns whether the disk took them */
  private async moveToDisk(values: readonly StoredValue[]): Promise<boolean> {
    const extents: Extent[] = [];
    try {
      const [first] = values;
      const alone = values.length === 1 ? first?.bytes : undefined;
      await this.spill.write(alone ?? Buffer.concat(values.map(({ bytes }) => bytes ?? noBytes)), extents);
    } catch (error) {
      this.spill.free(extents);
      if (!this.failing && !this.closed) this.options.onTrouble(diskError('written to', error).message);
      this.failing = true;
      return false;
    }
    this.failing = false;
    const lengths = values.map(({ length }) => length);
    for (const [i, part] of splitExtents(extents, lengths).entries()) {
      const value = values[i] as StoredValue;
      if (value.references === 0) {
        // It was taken meanwhile, and its memory has been counted off.
        this.spill.free(part);
      } else {
        value.bytes = undefined;
        value.extents = part;
        this.used -= value.length + overhead;
      }
    }
    return true;
  }
}
