/**
 * The few words of the man macros that the man page needs. Pure.
 */

/** Text as roff shows it, whatever is in it. */
export function roff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/'/g, '\\(aq')
    .replace(/`/g, '\\(ga')
    .replace(/~/g, '\\(ti')
    .replace(/\^/g, '\\(ha')
    .replace(/"/g, '\\(dq')
    .replace(/^\./gm, '\\&.');
}

export function bold(text: string): string {
  return `\\fB${roff(text)}\\fR`;
}

export function italic(text: string): string {
  return `\\fI${roff(text)}\\fR`;
}

export function section(heading: string): string {
  return `.SH ${roff(heading)}\n`;
}

export function subsection(heading: string): string {
  return `.SS ${roff(heading)}\n`;
}

export function paragraph(text: string): string {
  return `.PP\n${roff(text)}\n`;
}

/** @param term - in roff already, as `bold` makes it */
export function item(term: string, text: string): string {
  return `.TP\n${term}\n${roff(text)}\n`;
}

/** Lines that stand as they are. */
export function example(lines: readonly string[]): string {
  return `.PP\n.nf\n.RS\n${lines.map((line) => `${roff(line)}\n`).join('')}.RE\n.fi\n`;
}
