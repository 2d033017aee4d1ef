/**
 * The command: understands its words, runs, and is the only place that ends the process.
 */

import { existsSync } from 'node:fs';
import { shellQuoted, visible } from '../base/terminal-text.ts';
import { DisbatchError } from '../base/errors.ts';
import { takeStartedWith } from '../base/started-with.ts';
import { openTaskSource, type TaskSource } from '../driver/task-source.ts';
import { prepare } from '../run/prepare.ts';
import type { Surroundings } from '../run/surroundings.ts';
import { addContext, contextWord } from './add-context.ts';
import { watchTerminal } from './lost-terminal.ts';
import { parseArguments } from './options/arguments.ts';
import { Console } from './console.ts';
import { printDryRun } from './dry-run.ts';
import { standardOutput } from './printer.ts';
import { fullHelp, shortHelp, subCommandHelp } from './help/help-text.ts';
import { optionTable } from './options/options.ts';
import type { Program } from './program.ts';
import { run } from './run.ts';
import { asksForHelp, findSubCommand } from './find-sub-command.ts';
import { subCommands } from './sub-commands.ts';

declare const DISBATCH_VERSION: string;
declare const __dirname: string;

const printer = standardOutput();
const letGoOfTerminal = watchTerminal();

async function main(): Promise<number> {
  const started = takeStartedWith(process.env);
  const words = process.argv.slice(2);
  const program: Program = { folder: __dirname, version: DISBATCH_VERSION, started, env: process.env };
  if (words[0] === contextWord) return addContext(words.slice(1), program, printer);
  const command = findSubCommand(subCommands, words, existsSync);
  if (command !== undefined) {
    const rest = words.slice(1);
    if (!asksForHelp(rest)) return command.run(rest, program, printer);
    await printer.print(subCommandHelp(command, printer.width));
    return 0;
  }
  const parsed = parseArguments(words, process.env);
  switch (parsed.kind) {
    case 'help':
      await printer.print((parsed.all ? fullHelp : shortHelp)(optionTable, subCommands, printer.width));
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

function leave(status: number): never {
  letGoOfTerminal();
  process.exit(status);
}

process.on('uncaughtException', (error) => leave(onFailure(error)));
main().then(
  (status) => {
    const failure = printer.failure();
    leave(failure === undefined ? status : Math.max(status, onFailure(failure)));
  },
  (error: unknown) => leave(onFailure(error)),
);
