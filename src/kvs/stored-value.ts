/**
 * A value that the store keeps, and how one comes into being from the pieces that a client sends: in memory or on disk.
 */

import type { ByteString } from '../base/byte-string.ts';
import { systemReason } from '../base/errors.ts';
import { StoreError } from './protocol.ts';
import type { SpillFile } from './spill-file.ts';
import type { Extent } from './spill-space.ts';

/** A value and where it is. */
export interface StoredValue {
  readonly encoding: ByteString;
  readonly length: number;
  /** Undefined when it is on disk. */
  bytes: Buffer | undefined;
  extents: readonly Extent[];
  references: number;
}

/** A value that comes in pieces. */
export interface Draft {
  /** Adds a piece, which is copied. @returns a promise when more must wait for it. @throws StoreError */
  add(bytes: Uint8Array): Promise<void> | undefined;
  /** The value, when all of it is there. */
  finish(): StoredValue;
  /** Drops what has come. */
  discard(): void;
}

export class MemoryDraft implements Draft {
  private readonly encoding: ByteString;
  private readonly length: number;
  private readonly uncount: () => void;
  private buffer: Buffer = Buffer.alloc(0);
  private filled = 0;

  constructor(encoding: ByteString, length: number, uncount: () => void) {
    this.encoding = encoding;
    this.length = length;
    this.uncount = uncount;
  }

  add(bytes: Uint8Array): undefined {
    const needed = this.filled + bytes.length;
    if (needed > this.buffer.length) {
      // What was announced is not made room for before it comes.
      const larger = Buffer.allocUnsafeSlow(Math.min(this.length, Math.max(needed, 2 * this.buffer.length)));
      this.buffer.copy(larger, 0, 0, this.filled);
      this.buffer = larger;
    }
    this.buffer.set(bytes, this.filled);
    this.filled = needed;
  }

  finish(): StoredValue {
    return { encoding: this.encoding, length: this.length, bytes: this.buffer, extents: [], references: 1 };
  }

  discard(): void {
    this.uncount();
  }
}

export class DiskDraft implements Draft {
  private readonly encoding: ByteString;
  private readonly length: number;
  private readonly spill: SpillFile;
  private readonly extents: Extent[] = [];

  constructor(encoding: ByteString, length: number, spill: SpillFile) {
    this.encoding = encoding;
    this.length = length;
    this.spill = spill;
  }

  async add(bytes: Uint8Array): Promise<void> {
    try {
      await this.spill.write(bytes, this.extents);
    } catch (error) {
      throw diskError('written to', error);
    }
  }

  finish(): StoredValue {
    const { encoding, length, extents } = this;
    return { encoding, length, bytes: undefined, extents, references: 1 };
  }

  discard(): void {
    this.spill.free(this.extents);
  }
}

/** A failed call of the system, as what a client's connection ends with. */
export function diskError(what: 'written to' | 'read from', error: unknown): StoreError {
  return new StoreError('disk', `a value cannot be ${what} the disk (${systemReason(error)})`, error);
}
