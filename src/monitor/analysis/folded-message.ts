/**
 * What a failed task said last, and the same with all folded that differs from task to task: so a hundred failures of one
 * cause have one text. Pure.
 */

/** Stands for what was folded, or is not known. */
const gap = '…';

/** A snippet has the first bytes, and of what comes after them the last, as many; `...` parts them. */
const sampleBytes = 40;

/** A snippet has no more; a file that somebody else wrote may. */
const mostCharacters = 500;

/**
 * The words of the last line that is not empty, as they are written. What may be half a word since the line's beginning is
 * not in the snippet is a gap.
 *
 * @param written - bytes that the task wrote
 */
export function wordsOf(snippet: string, written: number): string[] {
  const at = written > sampleBytes ? cutIn(snippet) : -1;
  if (at < 0) return splitWords(lastLine(snippet));
  const tail = snippet.slice(at + 3);
  // Nothing is missing.
  if (written <= 2 * sampleBytes) return splitWords(lastLine(snippet.slice(0, at) + tail));
  const line = lastLine(tail);
  const isWhole = tail.slice(0, tail.lastIndexOf(line)).includes('\n');
  return isWhole ? splitWords(line) : [gap, ...splitWords(line).slice(1)];
}

/** The same words; those folded that hold a number, a path, the name of a file or something in quotes. */
export function foldedWords(words: readonly string[]): string[] {
  return words.map((word) => {
    const { open, core, close } = partsOf(word);
    return isPeculiar(core) ? `${open}${gap}${close}` : word;
  });
}

/** The words that messages have in common, a gap where they differ. There must be as many in each. */
export function inCommon(words: readonly string[], others: readonly string[]): string[] {
  return words.map((word, i) => {
    if (word === others[i]) return word;
    const { open, close } = partsOf(word);
    return `${open}${gap}${close}`;
  });
}

/** Where the `...` is that stands for the middle. */
function cutIn(snippet: string): number {
  let [bytes, at] = [0, 0];
  for (const character of snippet) {
    if (bytes >= sampleBytes) break;
    const code = character.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += character.length;
  }
  // Bytes that are no UTF-8 have become marks, which count as more than they were.
  return snippet.startsWith('...', at) ? at : snippet.indexOf('...');
}

function lastLine(text: string): string {
  return (
    text
      .split(/[\r\n]+/)
      .map((line) => line.trim())
      .findLast((line) => line !== '')
      ?.slice(0, mostCharacters) ?? ''
  );
}

/** Blanks within quotes do not part words. */
function splitWords(line: string): string[] {
  return line.match(/(?:(?<![\p{L}\p{N}])(?:"[^"]*"|'[^']*'|`[^`']*['`])|\S)+/gu) ?? [];
}

/** A word without what it is put in or followed by: `(0x7f):` has the core `0x7f`. */
function partsOf(word: string): { readonly open: string; readonly core: string; readonly close: string } {
  const [, open = '', core = '', close = ''] = /^([([{<]*)(.*?)([)\]}>:;,.!?]*)$/su.exec(word) ?? [];
  return { open, core, close };
}

/** Whether it is likely to be of one task only. */
function isPeculiar(word: string): boolean {
  return /\d|\/|^["'`].*["'`]$|=["'`]|^[\w-]+\.[A-Za-z]{1,5}$/su.test(word);
}
