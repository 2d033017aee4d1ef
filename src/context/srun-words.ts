/**
 * What srun says when it fails before an engine is up: which of its lines is the reason, and whether another try may help.
 * Pure.
 *
 * srun's exit status proves nothing (it is 0 when its node is lost), so its words are all there is. Source of the texts:
 * Slurm 22.05, which has them in English in every locale.
 */

import { visible } from '../base/terminal-text.ts';
import type { StartFailure } from './start-queue.ts';

/** Lines that come with a success too, or tell nothing. */
const noise = [
  /^$/,
  /^cluster configuration lacks support for cpu binding/i,
  /^job \d+ (queued and waiting|has been (queued|allocated))/i,
  /^Step created for /i,
  /\bmpi\/\w+: init: |can not load PMIx library|^Couldn't load specified plugin name for mpi\//i,
  /^MPI: (Cannot create context|Unable to load any plugin)/i,
  /^Try "srun --help"/i,
  /^lua: |^debug\d?: /,
];

/** Lines that only follow from another one, or tell of a wait. They are the reason where nothing else is said. */
const consequences = [
  /step creation (still |temporarily )?disabled, retrying/i,
  /^\*\*\* (STEP|JOB) \S+ (ON .*)?CANCELLED/i,
  /^Check SLURM_JOB_ID environment variable/i,
  /^Cancelled pending (job )?step/i,
  /Job\/step already completing or completed$/i,
  /^(Job step aborted|Force Terminated|Terminating )/i,
  /^Application launch failed: /i,
  /^\S+: tasks? [\d,-]+: /,
];

/** The node did not take the start: nothing of it runs there. */
const unreachable = [/^Task launch for .* failed on node .*(connect|communication|timed out|unable to contact)/i];

/** The controller has too much to do, or is being started anew. */
const dropped = [
  /unable to contact slurm controller/i,
  /socket timed out/i,
  /connection refused/i,
  /zero bytes were transmitted/i,
  /temporarily unable to accept/i,
];

/** Why a start through srun failed. */
export interface SrunFailure {
  readonly failure: StartFailure;
  /** One line that can be shown; undefined when srun gave no reason. */
  readonly reason: string | undefined;
}

/** Reads what srun printed on its standard error. The last line that tells something counts. */
export function readSrunFailure(words: string): SrunFailure {
  const lines = words
    .split(/[\r\n]+/)
    .map(withoutSpeaker)
    .filter((line) => !matches(line, noise));
  const causes = lines.filter((line) => !matches(line, consequences));
  const told = (causes.length > 0 ? causes : lines).at(-1);
  if (told === undefined) return { failure: 'final', reason: undefined };
  return { failure: failureOf(told), reason: visible(told).replace(/\.$/, '').slice(0, 300) };
}

function failureOf(line: string): StartFailure {
  if (matches(line, unreachable)) return 'unreachable';
  return matches(line, dropped) ? 'dropped' : 'final';
}

/** The line without the names of those who say it: the caller says that this is srun, and on which node. */
function withoutSpeaker(line: string): string {
  return line
    .trim()
    .replace(/^(srun|slurmstepd(-\S+?)?): /, '')
    .replace(/^(error|fatal|warning): */, '')
    .trim();
}

function matches(line: string, patterns: readonly RegExp[]): boolean {
  return patterns.some((pattern) => pattern.test(line));
}
