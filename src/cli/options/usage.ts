/**
 * What is wrong with a command line, as an error. Pure.
 */

import { DisbatchError } from '../../base/errors.ts';

/** @param sentence - what is wrong and what to do */
export function usage(sentence: string): DisbatchError {
  return new DisbatchError('usage', sentence);
}
