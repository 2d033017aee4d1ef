/** The command that gives the tasks as a process: what is heard of it, and that nothing of it is left. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { TaskCommand, type TaskCommandParts } from '../../src/programs/task-command.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';

interface Started {
  readonly command: TaskCommand;
  readonly folder: string;
  readonly said: string[];
  readonly log: () => Buffer;
}

function start(command: string, given: Partial<TaskCommandParts> = {}): Started {
  const folder = testFolder();
  const said: string[] = [];
  const logPath = join(folder, 'log');
  const started = new TaskCommand({
    ...{ command: `cd ${folder}; ${command}`, env: process.env, address: '127.0.0.1:4000', openFiles: undefined },
    ...{ logPath, say: (line) => said.push(line) },
    ...given,
  });
  onTestFinished(() => started.stop(0));
  return { command: started, folder, said, log: () => readFileSync(logPath) };
}

/** The PIDs that a command has written to files of these names, when they are there. */
async function pidsIn(folder: string, ...names: readonly string[]): Promise<number[]> {
  const read = (name: string): number => Number(existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : 0);
  await until('all have started', () => names.every((name) => read(name) > 0));
  return names.map(read);
}

describe('the command', () => {
  test('finds the store by its environment', async () => {
    const { command, said } = start('echo $KVSSTCP_HOST $KVSSTCP_PORT $DISBATCH_KVSSTCP_HOST');
    expect(await command.ended).toEqual({ status: 0, how: 'ended with exit status 0' });
    expect(said).toEqual(['127.0.0.1 4000 127.0.0.1:4000']);
  });

  test('has the limit on open files that disBatch was started with', async () => {
    const { command, said } = start('ulimit -Sn', { openFiles: 77 });
    await command.ended;
    expect(said).toEqual(['77']);
  });

  test.each([
    ['exit 3', { status: 3, how: 'ended with exit status 3' }],
    ['kill -TERM $BASHPID', { status: 143, how: 'was ended by SIGTERM' }],
    ['no-such-command', { status: 127, how: 'ended with exit status 127' }],
  ])('%s is told as it ended', async (script, end) => {
    expect(await start(script).command.ended).toEqual(end);
  });

  test('is not waited for where something that it has left behind holds its outputs', async () => {
    const { command, folder } = start('sleep 1000 & echo $! >pid; echo said');
    expect((await command.ended).status).toBe(0);
    const [left] = (await pidsIn(folder, 'pid')) as [number];
    await command.stop(0);
    expect(lives(left)).toBe(true);
    process.kill(left, 'SIGKILL');
  });
});

describe('what it prints', () => {
  test('is said line by line, and logged byte for byte', async () => {
    const { command, said, log } = start(
      `printf 'one\\ntw'; sleep 0.1; printf 'o\\n\\303'; sleep 0.1; printf '\\251 \\377'`,
    );
    await command.ended;
    expect(said).toEqual(['one', 'two', 'é \ufffd']);
    expect(log().toString('latin1')).toBe('one\ntwo\n\xc3\xa9 \xff');
  });

  test('is cited by the end of its error output', async () => {
    const words = async (script: string): Promise<string> => {
      const { command, folder } = start(script);
      await command.ended;
      return command.lastWords().replace(` All that it printed is in ${join(folder, 'log')}.`, ' LOG');
    };
    expect(await words('echo output')).toBe('It has printed no error. LOG');
    expect(await words(`echo output; printf 'a\\n  b!\\n\\n' >&2`)).toBe('Its error output ends with: a / b! LOG');
    const long = await words('seq 1 100000 >&2');
    expect(long).toMatch(/ \/ 99999 \/ 100000\. LOG$/);
    expect(long.length).toBeLessThan(1500);
  });

  test('is said no faster than 64 KiB a second, how much is left out is said, and the log has all', async () => {
    const { command, said, log, folder } = start('seq 1 1000000');
    await command.ended;
    const left = said.flatMap((line) => {
      const match = /^\((\d+) lines? more (?:is|are) in (.*)\)$/.exec(line);
      return match === null ? [] : [[Number(match[1]), match[2]] as const];
    });
    expect(left.length).toBeGreaterThan(0);
    for (const [, path] of left) expect(path).toBe(join(folder, 'log'));
    const unsaid = left.reduce((sum, [count]) => sum + count, 0);
    expect(said.length - left.length + unsaid).toBe(1_000_000);
    expect(log().length).toBe(6_888_896);
  });

  test('without a line end for ever is said in pieces, not kept in memory', async () => {
    const { command, said, log } = start('for i in 1 2 3 4 5; do printf "%5000d" $i; sleep 0.05; done');
    await command.ended;
    expect(said.length).toBeGreaterThan(1);
    expect(said.join('').length).toBe(25_000);
    expect(log().length).toBe(25_000);
  });
});

describe('to stop it', () => {
  test('ends it and all that it has started', async () => {
    const { command, folder } = start(
      'sleep 1000 & echo $! >a; (sleep 1000 & echo $! >b; wait) & echo $BASHPID >c; wait',
    );
    const pids = await pidsIn(folder, 'a', 'b', 'c');
    await command.stop(60_000);
    expect(pids.map(lives)).toEqual([false, false, false]);
    expect((await command.ended).how).toBe('was ended by SIGTERM');
  });

  test('kills what does not heed it, also when the command itself does', async () => {
    const deaf = `bash -c 'trap "" TERM; echo $$ >deaf; while :; do sleep 0.1; done'`;
    for (const script of [
      `${deaf} & echo $BASHPID >own; wait`,
      `trap '' TERM; echo $BASHPID >own; ${deaf}; sleep 1000`,
    ]) {
      const { command, folder } = start(script);
      const pids = await pidsIn(folder, 'own', 'deaf');
      await command.stop(300);
      await until('they are gone', () => !pids.some(lives));
      expect((await command.ended).status).toBeGreaterThan(128);
    }
  });

  test('gives it time to tidy up', async () => {
    const { command, folder } = start(
      `trap 'sleep 0.3; touch tidy; exit 0' TERM; echo $BASHPID >own; sleep 1000 & wait`,
    );
    await pidsIn(folder, 'own');
    await command.stop(60_000);
    expect(existsSync(join(folder, 'tidy'))).toBe(true);
  });

  test('does nothing when it has been let go', async () => {
    const { command, folder } = start('echo $BASHPID >own; exec sleep 1000');
    const [own] = (await pidsIn(folder, 'own')) as [number];
    expect(await command.wait(10)).toBe(false);
    command.letGo();
    await command.stop(0);
    expect(lives(own)).toBe(true);
    process.kill(own, 'SIGKILL');
    expect(await command.wait(10_000)).toBe(true);
  });
});
