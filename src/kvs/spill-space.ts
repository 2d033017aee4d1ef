/**
 * Which bytes of the spill file are in use. Pure.
 *
 * The file is a row of segments of equal size. Values are written one after the other into the current segment; a segment
 * in which nothing is in use any more is used again. So taking and freeing cost the same whatever there is, and values
 * that are taken in the order in which they came leave no holes. When nothing is in use at all, the file is empty.
 */

/** A stretch of the file. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

export class SpillSpace {
  private readonly segmentBytes: number;
  /** Bytes in use, by segment. */
  private used: number[] = [];
  /** Segments with nothing in use. */
  private spare: number[] = [];
  private current = -1;
  /** Bytes of the current segment that were given out. */
  private filled = 0;
  private total = 0;

  constructor(segmentBytes = 4 * 1024 * 1024) {
    this.segmentBytes = segmentBytes;
  }

  /** Whether nothing is in use. */
  get empty(): boolean {
    return this.total === 0;
  }

  /** Where the file ends, bytes. */
  get end(): number {
    return this.used.length * this.segmentBytes;
  }

  /** Room for so many bytes, or for the first part of them. */
  take(bytes: number): Extent {
    if (this.current < 0 || this.filled === this.segmentBytes) {
      this.current = this.spare.pop() ?? this.used.push(0) - 1;
      this.filled = 0;
    }
    const length = Math.min(bytes, this.segmentBytes - this.filled);
    const offset = this.current * this.segmentBytes + this.filled;
    this.filled += length;
    this.total += length;
    this.used[this.current] = (this.used[this.current] as number) + length;
    return { offset, length };
  }

  /** Gives back what `take` gave, whole or in parts. */
  free({ offset, length }: Extent): void {
    // Neighbours may have been joined, over the end of a segment too.
    for (let at = offset; at < offset + length;) {
      const segment = Math.floor(at / this.segmentBytes);
      const end = Math.min(offset + length, (segment + 1) * this.segmentBytes);
      this.freeIn(segment, end - at);
      at = end;
    }
    if (!this.empty) return;
    [this.used, this.spare, this.current, this.filled] = [[], [], -1, 0];
  }

  private freeIn(segment: number, bytes: number): void {
    const left = (this.used[segment] as number) - bytes;
    this.used[segment] = left;
    this.total -= bytes;
    if (left > 0) return;
    if (segment === this.current) this.filled = 0;
    else this.spare.push(segment);
  }
}

/** Adds an extent to those of a value, joined with the last where it goes on from there. */
export function addExtent(extents: Extent[], extent: Extent): void {
  const last = extents.at(-1);
  if (last === undefined || last.offset + last.length !== extent.offset) extents.push(extent);
  else extents[extents.length - 1] = { offset: last.offset, length: last.length + extent.length };
}

/** Cuts the extents of bytes that were written together into those of each part. The lengths add up to theirs. */
export function splitExtents(extents: readonly Extent[], lengths: readonly number[]): Extent[][] {
  let at = 0;
  let used = 0;
  return lengths.map((length) => {
    const part: Extent[] = [];
    for (let left = length; left > 0;) {
      const extent = extents[at] as Extent;
      const taken = Math.min(left, extent.length - used);
      part.push({ offset: extent.offset + used, length: taken });
      left -= taken;
      used += taken;
      if (used < extent.length) continue;
      at++;
      used = 0;
    }
    return part;
  });
}
