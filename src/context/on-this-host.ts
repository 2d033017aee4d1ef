/**
 * An engine as a process of its own on this very host. Runs where the context does.
 */

import type { Transport } from './context.ts';
import { engineWords } from './engine-command.ts';

/** Without anything between: engine.sh is started as it is. */
export function onThisHost(): Transport {
  const lastWords = (text: string): string | undefined => text.trim().split('\n').at(-1) || undefined;
  return {
    name: '/bin/sh',
    launcherPerSlot: false,
    slotsOwnResources: false,
    command: async (_node, engine) => ({ words: engineWords(engine), env: {}, limitMs: undefined }),
    readFailure: ({ how, errors }) => ({
      failure: 'final',
      reason: `engine.sh ended with ${how} before anything was started: ${lastWords(errors) ?? 'it said nothing'}`,
    }),
    lastWords,
  };
}
