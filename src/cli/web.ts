/**
 * `disbatch web PREFIX`: serves the web page of a run that goes on, or of the records of one that is over. A process of its
 * own, on any host that shares the folder of the run's files; `disbatch -w` starts one.
 */

import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve as resolvePath } from 'node:path';
import { DisbatchError, systemReason } from '../base/errors.ts';
import { addressText, type HostPort } from '../base/host-port.ts';
import { shellQuoted } from '../base/terminal-text.ts';
import { writeWhole } from '../base/write-whole.ts';
import { prefixOf, urlFile } from '../contract/run-files.ts';
import type * as WebPart from '../monitor/web/main.ts';
import { findRun } from '../reach/find-run.ts';
import type { Printer } from './printer.ts';
import type { SubCommandText } from './help/option-text.ts';
import { parseAddress } from './options/parse-address.ts';
import { loadPart, type Program } from './program.ts';
import { watchSignals } from './signals.ts';
import { subCommandArguments } from './sub-command-arguments.ts';
import { usage } from './options/usage.ts';

/** For `disbatch -w`: it leaves the address in a file, and ends with the command of the run, whose end closes its input. */
const ofRunOption = 'of-run';

export const webText: SubCommandText = {
  word: 'web',
  summary: 'show a run on a web page, or the records of one that is over',
  usage: ['web PREFIX [--web-address HOST:PORT]'],
  about: [
    'Shows a run of disBatch on a web page, until Ctrl-C: one that goes on, or the records of one that is over. PREFIX is ' +
      'what the names of its files begin with; the name of one of its files will do. The address that it prints opens ' +
      'the page, and whoever has it can stop the run: keep it to yourself.',
  ],
  options: [
    {
      long: 'web-address',
      value: { name: 'HOST:PORT' },
      help: 'where it listens (default: 127.0.0.1:0, only from this machine; port 0 is any)',
    },
  ],
  operands: [{ completes: 'run' }],
};

const withOwnOption: SubCommandText = {
  ...webText,
  options: [...webText.options, { long: ofRunOption, help: '' }],
};

const loopback: HostPort = { host: '127.0.0.1', port: 0 };

/**
 * @param words - what follows `web`
 * @returns the exit status
 * @throws (rejects with) DisbatchError usage, no-run, port-unusable
 */
export async function web(words: readonly string[], program: Program, printer: Printer): Promise<number> {
  const { prefix, address, ofRun } = understand(words);
  // What is wrong is said at once; a run that is over has its records.
  if (!ofRun) findRun(prefix, program.version);
  const { serveWeb } = await loadPart<typeof WebPart>(program, 'web.cjs');
  let leave = (): void => {};
  try {
    await serveWeb({
      ...{ prefix, version: program.version, folder: program.folder, address },
      onListening: (opened) => {
        if (ofRun) leave = leaveUrl(prefix, opened.url);
        void printer.print(`${opened.url}\n`);
        if (!ofRun) for (const line of waysTo(opened.url)) process.stderr.write(`${line}\n`);
      },
      stopped: ofRun ? neverSignalled(program) : signalled(program),
      commandGone: ofRun ? inputEnds() : undefined,
    });
    return 0;
  } finally {
    leave();
  }
}

/** How a page is reached from elsewhere, and what is to be known of it. @param url - of the page */
export function waysTo(url: string): string[] {
  const { hostname: host, port } = new URL(url);
  if (!/^(?:127\.|\[::1\]$|localhost$)/.test(host))
    return ['What is said there is not encrypted: use it only on a network that you trust.'];
  const here = shellQuoted(hostname());
  return [`From another machine: ssh -N -L ${port}:${host}:${port} ${here}, and open the same address there.`];
}

/** @throws DisbatchError usage */
function understand(words: readonly string[]): { prefix: string; address: HostPort; ofRun: boolean } {
  const { values, operands } = subCommandArguments(withOwnOption, words);
  const [given, ...more] = operands;
  if (given === undefined || more.length > 0)
    throw usage('Write it so: disbatch web PREFIX [--web-address HOST:PORT]. See disbatch web --help.');
  return {
    prefix: resolvePath(prefixOf(given)),
    address: parseAddress('--web-address', values['web-address'] as string | undefined) ?? loopback,
    ofRun: values[ofRunOption] === true,
  };
}

/** Writes the file with the address: nobody else can read it, and it is never seen half written. @returns what removes it */
function leaveUrl(prefix: string, url: string): () => void {
  const path = urlFile(prefix);
  try {
    writeWhole(path, `${url}\n`, 0o600);
  } catch (error) {
    throw new DisbatchError(
      'prefix-unusable',
      `The file ${path} cannot be written (${systemReason(error)}). Choose a place that you may write to with -p.`,
      error,
    );
  }
  return () => {
    try {
      if (readFileSync(path, 'utf8') === `${url}\n`) rmSync(path);
    } catch {
      // It has gone with its folder, or with the command of the run.
    }
  };
}

function signalled({ started }: Program): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => resolve();
    watchSignals(started, { end, endAtOnce: end, softStop: () => {} });
  });
}

/** Slurm signals all processes of a job: that is for the run, and the page is to show how it ends. */
function neverSignalled({ started }: Program): Promise<never> {
  watchSignals(started, { end: () => {}, endAtOnce: () => {}, softStop: () => {} });
  return new Promise(() => {});
}

function inputEnds(): Promise<void> {
  return new Promise((resolve) => {
    process.stdin.on('error', () => resolve());
    process.stdin.on('close', () => resolve());
    process.stdin.on('end', () => resolve());
    process.stdin.resume();
  });
}

/** HOST:PORT for the command line of `disbatch web`. */
export function webArguments(prefix: string, address: HostPort): string[] {
  return [webText.word, `--${ofRunOption}`, '--web-address', addressText(address), '--', prefix];
}
