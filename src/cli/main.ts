/**
 * The command: understands its words, runs, and is the only place that ends the process.
 */

import { shellQuoted, visible } from '../base/terminal-text.ts';
import { DisbatchError } from '../base/errors.ts';
import { takeStartedWith } from '../base/started-with.ts';
import { openTaskSource, type TaskSource } from '../driver/task-source.ts';
import { prepare } from '../run/prepare.ts';
import type { Surroundings } from '../run/surroundings.ts';
import { addContext, contextWord } from './add-context.ts';
import { parseArguments } from './arguments.ts';
import { kvs, kvsWord } from './kvs.ts';
import { ctl, ctlWord } from './ctl.ts';
import { Console } from './console.ts';
import { printDryRun, type Printer } from './dry-run.ts';
import { run } from './run.ts';

declare const DISBATCH_VERSION: string;
declare const __dirname: string;

async function main(): Promise<number> {
  const started = takeStartedWith(process.env);
  const words = process.argv.slice(2);
  const printer = standardOutput();
  if (words[0] === contextWord)
    return addContext(
      words.slice(1),
      { folder: __dirname, version: DISBATCH_VERSION, openFiles: started.nofile },
      printer,
    );
  if (words[0] === ctlWord && words.length > 1) return ctl(words.slice(1), DISBATCH_VERSION, printer);
  if (words[0] === kvsWord && words.length > 1) return kvs(words.slice(1), { env: process.env, started }, printer);
  const parsed = parseArguments(words, process.env);
  switch (parsed.kind) {
    case 'help':
      await printer.print(parsed.text);
      return 0;
    case 'version':
      await printer.print(`${DISBATCH_VERSION}\n`);
      return 0;
    case 'run': {
      const given = parsed.arguments;
      const say = new Console(process.stderr, process.env, given.quiet);
      const around: Surroundings = {
        invocation: `command line: ${words.map(shellQuoted).join(' ')}`,
        env: process.env,
        started,
        folder: __dirname,
        tell: say,
        version: DISBATCH_VERSION,
      };
      const openSource = (): TaskSource => openTaskSource(given.taskFile ?? '-', process.stdin);
      if (!given.dryRun) return run(given, openSource, around, say, printer);
      const prepared = prepare(given.options, openSource, around);
      await printDryRun(prepared.newFeeder({ skipsWritten: false, warn: true }), prepared.plan, printer);
      return 0;
    }
  }
}

/** Standard output; who reads it may leave before the end (`| head`). */
function standardOutput(): Printer {
  const { stdout } = process;
  let gone = false;
  stdout.on('error', () => (gone = true));
  return {
    isTerminal: stdout.isTTY,
    print: async (text) => {
      if (gone) return false;
      if (!stdout.write(text)) {
        await new Promise<void>((resolve) => {
          stdout.once('drain', resolve);
          stdout.once('error', () => resolve());
        });
      }
      return !gone;
    },
  };
}

function onFailure(error: unknown): number {
  if (error instanceof DisbatchError) {
    process.stderr.write(`disbatch: ${error.message.split('\n').map(visible).join('\n')}\n`);
    return error.exitStatus;
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  process.stderr.write(`disbatch: this is a bug in disBatch, please report it: ${visible(text)}\n`);
  if (process.env['DISBATCH_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return 1;
}

process.on('uncaughtException', (error) => process.exit(onFailure(error)));
main().then(
  (status) => process.exit(status),
  (error: unknown) => process.exit(onFailure(error)),
);
