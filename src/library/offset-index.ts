/**
 * Where the record of each finished task begins in the file of records. Pure, in the process of the program.
 *
 * Always true: it takes eight bytes for each task id up to the highest that has been noted, in blocks, and nothing else.
 */

/** Task ids in a block. */
const blockIds = 8192;

/** What stands for a number that belongs to a barrier. Places are kept one higher, so that 0 is nothing. */
const barrierMark = -1;

export class OffsetIndex {
  private readonly blocks: Float64Array[] = [];

  /** @param at - in bytes, from the beginning of the file */
  note(taskId: number, at: number): void {
    this.set(taskId, at + 1);
  }

  /** Notes that the number is not of a task. */
  noteBarrier(id: number): void {
    this.set(id, barrierMark);
  }

  /** Where the record of the task begins; undefined while there is none. */
  placeOf(taskId: number): number | undefined {
    const value = this.get(taskId);
    return value > 0 ? value - 1 : undefined;
  }

  isBarrier(id: number): boolean {
    return this.get(id) === barrierMark;
  }

  private get(id: number): number {
    return this.blocks[Math.floor(id / blockIds)]?.[id % blockIds] ?? 0;
  }

  private set(id: number, value: number): void {
    const number = Math.floor(id / blockIds);
    // An array with gaps would be kept as a table of its keys.
    while (this.blocks.length <= number) this.blocks.push(new Float64Array(0));
    let block = this.blocks[number] as Float64Array;
    if (block.length === 0) this.blocks[number] = block = new Float64Array(blockIds);
    block[id % blockIds] = value;
  }
}
