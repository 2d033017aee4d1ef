/**
 * Questions to the server, and what comes back. Addresses are relative: the page lies under the secret itself.
 */

import type { Done, Refused, StopWanted, StorePut } from '../../web/answers.ts';

/** The server answered that it cannot, with a sentence for the user. */
export class NotAnswered extends Error {}

/** @throws (rejects with) NotAnswered; a TypeError when the server cannot be reached; an AbortError */
export async function ask<Answer>(path: string, abort?: AbortSignal): Promise<Answer> {
  const response = await fetch(path, { cache: 'no-store', ...(abort === undefined ? {} : { signal: abort }) });
  if (!response.ok) throw new NotAnswered(await problemOf(response));
  return (await response.json()) as Answer;
}

/** Has something done. @returns why not, if it was not */
export async function tell(path: 'stop' | 'store', what: StopWanted | StorePut): Promise<string | null> {
  try {
    const body = JSON.stringify(what);
    const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (!response.ok) return await problemOf(response);
    return ((await response.json()) as Done).problem;
  } catch {
    return 'The server of this page cannot be reached.';
  }
}

async function problemOf(response: Response): Promise<string> {
  try {
    return ((await response.json()) as Refused).problem;
  } catch {
    return `The server answers with ${response.status}.`;
  }
}
