/**
 * Looks for a text in the commands and snippets of a status file, whatever its case. In the process of the web server.
 *
 * The file is read piece by piece; where the search stopped it goes on, when the file has grown or somebody wants it again.
 * A number finds the task of that id too, and `#7` that alone. Always true: matches stand in the order of the file.
 */

import type { StatusFollower } from '../records/status-follower.ts';
import { Column } from '../records/column.ts';
import type { RecordTable } from '../records/record-table.ts';
import { bytesOfText } from '../../base/byte-string.ts';

const [tab, newline] = ['\t', '\n'];

export class TextSearch {
  /** Indices of records. */
  readonly matches = new Column(Uint32Array);
  private readonly follower: StatusFollower;
  /** undefined: only the id counts. */
  private readonly needle: string | undefined;
  private readonly taskId: number | undefined;
  /** Up to where the file has been looked through, in bytes and in records. */
  private upTo = 0;
  private taken = 0;
  private wanted = 0;
  private going: Promise<void> | undefined;

  constructor(follower: StatusFollower, text: string) {
    this.follower = follower;
    const [, mark, id] = /^(#?)(\d+)$/.exec(text.trim()) ?? [];
    this.taskId = id === undefined ? undefined : Number(id);
    this.needle = mark === '#' ? undefined : bytesOfText(text).toLowerCase();
  }

  /** Everything has been looked through that is in the table. */
  get isDone(): boolean {
    return this.taken >= this.follower.table.length;
  }

  /**
   * Goes on to the end of what is there, for so long at most. The search rests when nobody waits for it.
   *
   * @param signal - whoever wants it has gone
   */
  async goOn(signal: AbortSignal, patienceMs: number): Promise<void> {
    this.wanted++;
    let leave = (): void => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    signal.addEventListener('abort', leave);
    // Not AbortSignal.timeout within AbortSignal.any: Node 20 collects it as garbage before its time, and it never comes.
    const late = setTimeout(leave, patienceMs);
    try {
      this.going ??= this.search().finally(() => (this.going = undefined));
      await Promise.race([this.going, left]);
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', leave);
      this.wanted--;
    }
  }

  private async search(): Promise<void> {
    const { table } = this.follower;
    if (this.isDone) return;
    for await (const { bytes, at } of this.follower.pieces(this.upTo)) {
      this.upTo = at + bytes.length;
      const next = placeOf(table, this.upTo, this.taken);
      for (const index of this.matchesIn(bytes, at, next)) this.matches.push(index);
      this.taken = next;
      if (this.wanted === 0) return;
    }
  }

  private matchesIn(bytes: Buffer, at: number, next: number): readonly number[] {
    const { table } = this.follower;
    const found = this.needle === undefined ? [] : linesWith(bytes.toString('latin1').toLowerCase(), this.needle);
    let least = this.taken;
    const matches = found.flatMap((line) => {
      least = placeOf(table, at + line, least);
      // A line that is no record is passed over.
      return least < next && table.at(least) === at + line ? [least] : [];
    });
    if (this.taskId === undefined) return matches;
    const all = new Set(matches);
    for (let index = this.taken; index < next; index++) if (table.taskId(index) === this.taskId) all.add(index);
    return [...all].sort((a, b) => a - b);
  }
}

/** The first record from `least` on whose line begins at this place of the file, or after it. */
function placeOf(table: RecordTable, at: number, least: number): number {
  let [low, high] = [least, table.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table.at(middle) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the lines begin that have the needle in a snippet or in their command. */
export function linesWith(text: string, needle: string): number[] {
  const lines: number[] = [];
  for (let from = 0; ;) {
    const hit = text.indexOf(needle, from);
    if (hit < 0) return lines;
    const begin = text.lastIndexOf(newline, hit - 1) + 1;
    const found = text.indexOf(newline, hit);
    const end = found < 0 ? text.length : found;
    if (isWithin(text, begin, end, hit, needle)) lines.push(begin);
    from = end + 1;
  }
}

/** Whether the needle is in the 12th, 14th or 15th field of a line; its first place is known. */
function isWithin(text: string, begin: number, end: number, hit: number, needle: string): boolean {
  const fields: number[] = [begin];
  for (let field = 1; field < 15; field++) {
    const at = text.indexOf(tab, fields[field - 1]);
    if (at < 0 || at >= end) return false;
    fields.push(at + 1);
  }
  for (const [field, next] of [
    [11, 12],
    [13, 14],
    [14, 15],
  ] as const) {
    const [from, to] = [fields[field] as number, fields[next] ?? end + 1];
    if (hit >= to) continue;
    const at = text.indexOf(needle, Math.max(hit, from));
    if (at >= 0 && at + needle.length < to) return true;
  }
  return false;
}
