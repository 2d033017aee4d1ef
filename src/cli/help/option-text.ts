/**
 * What is told of an option or a sub-command: help, man page and completion are made from these. Pure data.
 */

/** What a shell can complete a word to, beside words of a list. */
export type Completes = 'file' | 'folder' | 'hosts' | 'status file' | 'run' | 'running run' | 'command';

export interface ValueText {
  readonly name: string;
  readonly choices?: readonly string[];
  readonly completes?: Completes;
  /** The option may stand alone. */
  readonly optional?: boolean;
}

export interface OptionText {
  readonly long: string;
  readonly short?: string;
  readonly value?: ValueText;
  readonly repeats?: boolean;
  readonly help: string;
}

/** A word after a sub-command that is no option. */
export interface Operand {
  readonly choices?: readonly string[];
  readonly completes?: Completes;
  /** It is there only behind this word. */
  readonly after?: string;
  /** More of the same may follow. */
  readonly repeats?: boolean;
}

export interface SubCommandText {
  /** The first word of the command line. A task file of this name is `./WORD`. */
  readonly word: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** What follows `disbatch`, a line for each form. */
  readonly usage: readonly string[];
  /** Paragraphs. */
  readonly about: readonly string[];
  /** What can be the word after it, where that says what is to be done: name and help. */
  readonly verbs?: readonly (readonly [name: string, help: string])[];
  readonly options: readonly OptionText[];
  /** By position; words of an optional or repeated kind at the end. */
  readonly operands: readonly Operand[];
  /** It means something without further words; others are then taken for a task file. */
  readonly standsAlone?: boolean;
}

/** All that a shell can complete. */
export interface Words {
  readonly options: readonly OptionText[];
  readonly commands: readonly SubCommandText[];
}

/** The option's names and the name of its value: `-c, --cpusPerTask N`. */
export function optionForms({ long, short, value }: OptionText): string {
  const wanted = value === undefined ? '' : value.optional === true ? ` [${value.name}]` : ` ${value.name}`;
  return `${short === undefined ? '' : `-${short}, `}--${long}${wanted}`;
}
