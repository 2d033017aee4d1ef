/**
 * What `disbatch kvs` writes: values as the bytes that they are, everything else as text that a terminal may be shown.
 */

import { lenientTextOfBytes, ofArray } from '../../base/byte-string.ts';
import { systemReason } from '../../base/errors.ts';
import { visible } from '../../base/terminal-text.ts';

/** Writes bytes to standard output. @returns why that failed; a reader that has left (`| head`) is no failure */
export async function written(...parts: readonly Uint8Array[]): Promise<string | undefined> {
  for (const part of parts) {
    const error = await new Promise<Error | null | undefined>((resolve) => {
      process.stdout.write(part, resolve);
    });
    if (error) return (error as NodeJS.ErrnoException).code === 'EPIPE' ? undefined : systemReason(error);
  }
  return undefined;
}

/** Bytes of a key or a value, as they may be shown. */
export function shownBytes(bytes: Uint8Array): string {
  return visible(lenientTextOfBytes(ofArray(bytes)));
}

export function tell(sentence: string): void {
  process.stderr.write(`disbatch: ${sentence}\n`);
}

/** A value that a terminal does not obey: on a line of its own, its own lines and tabs as they are. */
export function onTerminal(value: Buffer): string {
  const text = lenientTextOfBytes(ofArray(value)).replace(/[^\n\t]+/g, visible);
  return text.endsWith('\n') ? text : `${text}\n`;
}
