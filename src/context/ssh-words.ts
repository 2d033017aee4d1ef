/**
 * What ssh says when it fails: which of its lines is the reason, and whether another try may help. Pure.
 *
 * Source of the texts: OpenSSH, which has them in English in every locale.
 */

import { visible } from '../base/terminal-text.ts';
import type { StartFailure } from './start-queue.ts';

/** Lines that come with a success too, or tell nothing. */
const noise = [
  /^\s*$/,
  /^debug[123]: /,
  /^warning: /i,
  /^\*\* /,
  /^@+$/,
  /^pseudo-terminal /i,
  /^X11 forwarding request failed/,
  /^bind(\[|: )/i,
  /^channel_setup_fwd_listener/,
  /^killed by signal/i,
];

/** Lines that only follow from another one: the end of a connection through a jump host that failed. */
const consequences = [/UNKNOWN port 65535/, /^stdio forwarding failed/, /^kex_exchange_identification: /];

/** Whole beginnings, since a host may greet with any words of its own. */
const final = [
  /^(\S+@\S+: )?permission denied/i,
  /^host key verification failed/i,
  /^ssh: could not resolve hostname (?!.*temporary failure)/i,
  /^channel \d+: open failed: .*(not known|not resolve|administratively prohibited)/i,
  /^received disconnect from .*(too many authentication failures|no supported authentication)/i,
  /^unable to negotiate with /i,
  /bad configuration option|^bad owner or permissions|^command-line\b|^unknown option|^usage: ssh/i,
  /^cannot execute command-line and remote command/i,
];

const dropped = [
  /connection closed by/i,
  /connection reset/i,
  /^kex_exchange_identification|^ssh_exchange_identification/i,
  /not allowed at this time|exceeded maxstartups/i,
  /timed out during banner exchange/i,
];

/** Why a start failed. */
export interface SshFailure {
  readonly failure: StartFailure;
  /** One line that can be shown; undefined when ssh gave no reason. */
  readonly reason: string | undefined;
}

/** Reads what ssh printed on its standard error before it ended with status 255. */
export function readFailure(words: string): SshFailure {
  const lines = meaningfulLines(words);
  const causes = lines.filter((line) => !matches(line, consequences));
  const told = causes.length > 0 ? causes : lines;
  const verdicts = told.map(failureOf);
  // One line that settles it is enough; what follows from it looks like a drop.
  const decisive = verdicts.lastIndexOf('final');
  if (decisive >= 0) return { failure: 'final', reason: polished(told[decisive] as string) };
  const last = told.at(-1);
  return { failure: verdicts.at(-1) ?? 'unreachable', reason: last === undefined ? undefined : polished(last) };
}

/** The last line that tells something, as it can be shown. */
export function lastWords(words: string): string | undefined {
  const last = meaningfulLines(words).at(-1);
  return last === undefined ? undefined : polished(last);
}

function meaningfulLines(words: string): string[] {
  return words
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => !matches(line, noise));
}

function failureOf(line: string): StartFailure {
  if (matches(line, final)) return 'final';
  return matches(line, dropped) ? 'dropped' : 'unreachable';
}

/** Without the name of the program, and without the user and host that the caller names anyway. */
function polished(line: string): string {
  const text = line.replace(/^ssh: /, '').replace(/^\S+@\S+: (?=Permission denied)/, '');
  return visible(text).replace(/\.$/, '').slice(0, 300);
}

function matches(line: string, patterns: readonly RegExp[]): boolean {
  return patterns.some((pattern) => pattern.test(line));
}
