/**
 * Tells the words of engine.sh from all else that arrives on the standard output of what leads to it. Pure.
 *
 * engine.sh begins each with a line break, since what was printed before may have had none at its end; an empty line right
 * before one of its words is therefore dropped. A line of more than 64 KiB is nobody's word and passes in pieces.
 */

/** What engine.sh says: its line is `disbatch-engine: ` and one of these. */
export type EngineWord =
  /** It runs, and all that an engine needs is there. */
  | { readonly type: 'up' }
  /** Why there is no engine. After `up` an end is still to come. */
  | { readonly type: 'problem'; readonly sentence: string }
  /** The engine ended with this exit status, and none of its tasks is left. */
  | { readonly type: 'gone'; readonly status: number }
  /** The engine ended with this exit status, and some of its tasks may be left. */
  | { readonly type: 'left'; readonly status: number };

export interface EngineLinesEvents {
  word(word: EngineWord): void;
  /** Whole lines, or pieces of a very long one, in order. */
  other(bytes: Buffer): void;
}

const begin = Buffer.from('disbatch-engine: ');
const longest = 65_536;

export class EngineLines {
  private readonly events: EngineLinesEvents;
  private pending: Buffer = Buffer.alloc(0);
  private emptyLine = false;
  /** Within a very long line. */
  private inside = false;

  constructor(events: EngineLinesEvents) {
    this.events = events;
  }

  push(chunk: Buffer): void {
    let rest = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.line(rest.subarray(0, end + 1));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > longest) {
      this.pass(rest);
      this.inside = true;
      rest = Buffer.alloc(0);
    }
    this.pending = Buffer.from(rest);
  }

  /** Nothing more comes. */
  end(): void {
    this.pass(this.pending);
    this.pending = Buffer.alloc(0);
  }

  private line(line: Buffer): void {
    const word = this.inside ? undefined : parseWord(line);
    if (word !== undefined) {
      this.emptyLine = false;
      this.events.word(word);
    } else if (line.length === 1 && !this.inside) {
      this.pass(Buffer.alloc(0));
      this.emptyLine = true;
    } else {
      this.pass(line);
    }
    this.inside = false;
  }

  private pass(bytes: Buffer): void {
    const all = this.emptyLine ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes;
    this.emptyLine = false;
    if (all.length > 0) this.events.other(all);
  }
}

function parseWord(line: Buffer): EngineWord | undefined {
  if (!line.subarray(0, begin.length).equals(begin)) return undefined;
  const text = line.toString('utf8', begin.length).trimEnd();
  if (text === 'up') return { type: 'up' };
  const match = /^(problem|gone|left) (.+)$/s.exec(text);
  if (match === null) return undefined;
  const [, type, rest] = match as unknown as [string, 'problem' | 'gone' | 'left', string];
  if (type === 'problem') return { type, sentence: rest };
  return /^\d+$/.test(rest) ? { type, status: Number(rest) } : undefined;
}
