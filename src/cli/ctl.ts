/**
 * `disbatch ctl PREFIX …`: looks at a run that is going on, and stops parts of it softly. A process of its own on any host
 * that shares the folder of the run's files.
 *
 *   key file ─► connection to the driver ─► hello ─► question ─► answer
 */

import { DisbatchError } from '../base/errors.ts';
import type { Connection } from '../channel/connection.ts';
import type { FromControl, ToControl } from '../contract/messages.ts';
import { prefixOf } from '../contract/run-files.ts';
import type { RunInfo } from '../contract/run-info.ts';
import { decodeToControl, encodeMessage, type Message } from '../contract/wire.ts';
import { overviewLines } from '../monitor/overview-lines.ts';
import type { Printer } from './printer.ts';
import { findRun, reachRun } from '../reach/find-run.ts';
import type { SubCommandText } from './help/option-text.ts';
import type { Program } from './program.ts';

export const ctlText: SubCommandText = {
  word: 'ctl',
  summary: 'look at a run, stop parts of it, wait for its end',
  usage: [
    'ctl PREFIX status [--json]',
    'ctl PREFIX stop engine RANK',
    'ctl PREFIX stop context LABEL',
    'ctl PREFIX stop run',
    'ctl PREFIX wait',
  ],
  about: [
    'Looks at a run of disBatch that is going on, and stops parts of it softly: they get no more tasks, and leave when ' +
      'those that they have are done. PREFIX is what the names of its files begin with; the name of one of its files ' +
      'will do. wait ends with the run, and with its exit status.',
  ],
  options: [{ long: 'json', help: 'with status: as JSON' }],
  operands: [
    { completes: 'running run' },
    { choices: ['status', 'stop', 'wait'] },
    { choices: ['engine', 'context', 'run'], after: 'stop' },
  ],
};

interface Wanted {
  readonly prefix: string;
  readonly message: FromControl;
  readonly json: boolean;
}

/**
 * @param words - what follows `ctl`
 * @returns the exit status
 * @throws (rejects with) DisbatchError for whatever keeps it from the run
 */
export async function ctl(words: readonly string[], { version }: Program, printer: Printer): Promise<number> {
  const { prefix, message, json } = understand(words);
  const info = findRun(prefix, version);
  if (info === undefined) {
    if (message.type === 'wait') {
      process.stderr.write('disbatch: The run is over. Its status file tells what became of it.\n');
      return 0;
    }
    throw new DisbatchError('no-run', `The run ${prefix} is over. Its status file tells what became of it.`);
  }
  const answer = await askRun(info, message, version);
  switch (answer.type) {
    case 'overview':
      await printer.print(
        json ? `${JSON.stringify(answer.overview, undefined, 2)}\n` : `${overviewLines(answer.overview).join('\n')}\n`,
      );
      return 0;
    case 'answer':
      if (answer.problem === undefined) return 0;
      throw new DisbatchError(
        'no-run',
        `That cannot be stopped: ${answer.problem}. See: disbatch ctl ${prefix} status`,
      );
    case 'over':
      await printer.print(`${overviewLines(answer.overview)[0] ?? ''}\n`);
      return answer.exitStatus;
    case 'running':
      throw new Error('the run answers what was not asked');
  }
}

/** @throws DisbatchError usage */
function understand(words: readonly string[]): Wanted {
  const json = words.includes('--json');
  const [given = '', what, ...rest] = words.filter((word) => word !== '--json');
  const prefix = prefixOf(given);
  const message = messageOf(what, rest);
  if (message === undefined || (json && message.type !== 'status')) {
    const said = words.slice(1).join(' ');
    throw new DisbatchError(
      'usage',
      said === ''
        ? `What about the run ${given}? Write one of: status, stop engine RANK, stop context LABEL, stop run, wait.`
        : `"${said}" is none of: status [--json], stop engine RANK, stop context LABEL, stop run, wait. See disbatch ctl --help.`,
    );
  }
  return { prefix, message, json };
}

function messageOf(what: string | undefined, rest: readonly string[]): FromControl | undefined {
  const [kind, name] = rest;
  if (what === 'status' && rest.length === 0) return { type: 'status' };
  if (what === 'wait' && rest.length === 0) return { type: 'wait' };
  if (what !== 'stop') return undefined;
  if (kind === 'run' && rest.length === 1) return { type: 'stop-run' };
  if (name === undefined || rest.length !== 2) return undefined;
  if (kind === 'engine' && /^\d+$/.test(name)) return { type: 'stop-engine', rank: Number(name) };
  return kind === 'context' ? { type: 'stop-context', label: name } : undefined;
}

async function askRun(info: RunInfo, message: FromControl, version: string): Promise<ToControl> {
  const connection: Connection = await reachRun(info);
  const send = (each: Message): void => connection.send(Buffer.from(encodeMessage(each)));
  return new Promise((resolve, reject) => {
    const fail = (sentence: string): void => reject(new DisbatchError('no-run', sentence));
    connection.listen({
      message: (payload) => {
        const answer = decodeToControl(payload.toString());
        if (answer.type === 'refused') fail(`The run does not answer: ${answer.why}.`);
        else resolve(answer);
        connection.end();
      },
      close: (problem) => fail(`The connection to the run is gone (${problem ?? 'it hung up'}).`),
    });
    send({ type: 'control', version });
    send(message);
  });
}
