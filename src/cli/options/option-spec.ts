/**
 * What there is to say of an option: what it takes, where it counts, how it is told of. Pure data.
 */

import type { Completes, OptionText } from '../help/option-text.ts';

/** What an option takes, and how it is checked. */
export type OptionValue =
  | { readonly name: string; readonly kind: 'text'; readonly completes?: Completes }
  /** HOST:PORT. With `optional`, the option may stand alone. */
  | { readonly name: string; readonly kind: 'address'; readonly optional: boolean }
  /** May be empty. */
  | { readonly name: string; readonly kind: 'command'; readonly completes?: Completes }
  | { readonly name: string; readonly kind: 'variable names' }
  /** `90`, `90s`, `5m`, `1h30m`, `2d`: in seconds. */
  | { readonly name: string; readonly kind: 'duration' }
  | { readonly name: string; readonly kind: 'number above 0' }
  | { readonly name: string; readonly kind: 'whole number above 0' }
  | { readonly name: string; readonly kind: 'whole number' }
  | { readonly name: string; readonly kind: 'choice'; readonly choices: readonly string[] };

export interface OptionSpec extends OptionText {
  readonly value?: OptionValue;
  /** Part of the original: its abbreviations keep their meaning when new options come. */
  readonly original: boolean;
  readonly group: string;
  /** Also an option of contexts that are added to a run (`PREFIX_dbUtil.sh`), with this help there. */
  readonly context?: string;
  /** One of the usual options, with this help in the short form: at most 46 characters. */
  readonly brief?: string;
}

/** Whether an option with a value may stand alone. */
export function isOptional({ value }: OptionSpec): boolean {
  return value?.kind === 'address' && value.optional;
}
