/**
 * A column of numbers that grows. Pure.
 */

type Numbers = Float64Array | Uint32Array | Int16Array | Uint8Array;

export class Column {
  private readonly kind: new (length: number) => Numbers;
  private readonly firstLength: number;
  private numbers: Numbers;
  private used = 0;

  /** @param firstLength - for how many numbers there is room at first */
  constructor(kind: new (length: number) => Numbers, firstLength = 1024) {
    this.kind = kind;
    this.firstLength = firstLength;
    this.numbers = new kind(firstLength);
  }

  get length(): number {
    return this.used;
  }

  push(value: number): void {
    if (this.used === this.numbers.length) {
      // By half: doubling would leave gigabytes unused with many millions.
      const longer = new this.kind(this.used + Math.ceil(this.used / 2));
      longer.set(this.numbers);
      this.numbers = longer;
    }
    this.numbers[this.used++] = value;
  }

  /** Puts a number before the one at this index; those from there on move up. */
  insert(index: number, value: number): void {
    this.push(0);
    this.numbers.copyWithin(index + 1, index, this.used - 1);
    this.numbers[index] = value;
  }

  /** The number at an index below `length`. */
  at(index: number): number {
    return this.numbers[index] as number;
  }

  set(index: number, value: number): void {
    this.numbers[index] = value;
  }

  clear(): void {
    this.numbers = new this.kind(this.firstLength);
    this.used = 0;
  }
}
