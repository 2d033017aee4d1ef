/**
 * Standard output, for what was asked for. What is said beside it goes to standard error: console.ts.
 */

import { DisbatchError, systemReason } from '../base/errors.ts';
import { helpWidth } from './help/help-text.ts';

/** Where what was asked for goes. */
export interface Printer {
  readonly isTerminal: boolean;
  /** Columns for a text that is wrapped. */
  readonly width: number;
  /** Resolves when it can take more: to false when its reader has left (`| head`), or it cannot be written. */
  print(text: string): Promise<boolean>;
}

export interface StandardOutput extends Printer {
  /** Why not all that was printed is there (a disk that is full), unless its reader has left. */
  failure(): DisbatchError | undefined;
}

/** Standard output; who reads it may leave before the end (`| head`). */
export function standardOutput(): StandardOutput {
  const { stdout } = process;
  let gone = false;
  let lost: NodeJS.ErrnoException | undefined;
  stdout.on('error', () => (gone = true));
  return {
    isTerminal: stdout.isTTY,
    width: helpWidth(stdout.isTTY ? stdout.columns : undefined),
    print: async (text) => {
      if (gone) return false;
      await new Promise<void>((resolve) => {
        stdout.write(text, (error) => {
          lost ??= error ?? undefined;
          resolve();
        });
      });
      return lost === undefined;
    },
    failure: () => {
      if (lost === undefined || lost.code === 'EPIPE') return undefined;
      const sentence = `Standard output cannot be written (${systemReason(lost)}), and not all is there. Make room, or send it elsewhere.`;
      return new DisbatchError('output-unwritable', sentence, lost);
    },
  };
}
