/**
 * Text that is safe and whole on a terminal. Pure.
 *
 * Commands and snippets come from anywhere: an escape in them must not move the cursor, change the title or hide what is
 * there. Control characters, and characters that reorder or hide text, are shown as escapes.
 */

// C0 and C1 controls, DEL, line separators, direction marks and overrides, zero-width characters, lone surrogates.
const unsafe = /[\0-\x1f\x7f-\x9f\u061c\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\p{Cs}]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** The text with everything that a terminal would obey written out. */
export function visible(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.codePointAt(0) as number;
    return short[character] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`);
  });
}

/** The text cut to so many characters, with an ellipsis where something was cut. */
export function clipped(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** Whole numbers with thousands set apart: 1,234,567. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** How many of something: `1 task`, `1,234 tasks`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** A duration: 0.42 s, 12.3 s, 4:05 (minutes), 3:04:05 (hours), 2d 03:04:05. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return clock(seconds);
}

/** A duration as on a clock: 0:07, 4:05, 3:04:05, 2d 03:04:05. */
export function clock(seconds: number): string {
  // The system's clock may have been set back.
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const [days, hours, minutes] = [
    Math.floor(whole / 86400),
    Math.floor(whole / 3600) % 24,
    Math.floor(whole / 60) % 60,
  ];
  const tail = `${two(minutes)}:${two(whole % 60)}`;
  if (days > 0) return `${days}d ${two(hours)}:${tail}`;
  return hours > 0 ? `${hours}:${tail}` : `${minutes}:${two(whole % 60)}`;
}

/** A word as a shell takes it: quoted where it must be. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}
