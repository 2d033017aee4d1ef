/** The command of --notify, really started. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCommand } from '../../src/notify/run-command.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';

const never = new AbortController().signal;
const run = (command: string, input = '{}\n', signal = never, openFiles?: number): Promise<void> =>
  runCommand({ command, env: { ...process.env, GIVEN: 'value' }, openFiles }, input, signal);

test('it gets the news on its standard input, and the environment of the run', async () => {
  const folder = testFolder();
  const input = `{"long":"${'ü'.repeat(100_000)}"}\n`;
  await run(`cat > ${folder}/news; echo "$GIVEN" > ${folder}/given`, input);
  expect(readFileSync(join(folder, 'news'), 'utf8')).toBe(input);
  expect(readFileSync(join(folder, 'given'), 'utf8')).toBe('value\n');
});

test('it has a session of its own, no terminal, and the limit on open files that the run was started with', async () => {
  const folder = testFolder();
  await run(
    `cut -d' ' -f6 /proc/$$/stat > ${folder}/session; echo $$ > ${folder}/pid; ulimit -Sn > ${folder}/limit`,
    '',
    never,
    77,
  );
  const [session, pid, limit] = ['session', 'pid', 'limit'].map((name) =>
    readFileSync(join(folder, name), 'utf8').trim(),
  );
  expect(session).toBe(pid);
  expect(limit).toBe('77');
});

test('it need not read, and may say what it likes', async () => {
  await expect(run('exec <&-; echo much; echo more >&2', 'x'.repeat(1_000_000))).resolves.toBeUndefined();
});

describe('it has failed', () => {
  test.each([
    ['exit 3', 'ended with exit status 3'],
    ['echo one >&2; echo two >&2; exit 1', 'ended with exit status 1: one / two'],
    ['kill -TERM $$', 'was killed by SIGTERM'],
    ['no-such-command-here', /^ended with exit status 127: .*no-such-command-here: command not found$/],
  ])('with %j', async (command, reason) => {
    await expect(run(command)).rejects.toThrow(reason);
  });

  test('when it does not end: it is killed with what it has started', async () => {
    const folder = testFolder();
    const giveUp = new AbortController();
    const ran = run(`sleep 1000 & echo $! > ${folder}/child; echo $$ > ${folder}/pid; wait`, '', giveUp.signal);
    ran.catch(() => {});
    const file = join(folder, 'pid');
    await until('it runs', () => existsSync(file) && readFileSync(file, 'utf8') !== '');
    giveUp.abort(new Error('too long'));
    await expect(ran).rejects.toThrow(/^too long$/);
    const pids = ['pid', 'child'].map((name) => Number(readFileSync(join(folder, name), 'utf8')));
    await until('nobody is left', () => !pids.some(lives));
  });
});

test('it is over when it has ended, though something that it has left behind holds its outputs', async () => {
  const folder = testFolder();
  const go = join(folder, 'go');
  await run(`(until [ -e ${go} ]; do sleep 0.05; done; : > ${folder}/left) & echo said >&2`);
  expect(existsSync(join(folder, 'left'))).toBe(false);
  writeFileSync(go, '');
  await until('what it left behind has gone on', () => existsSync(join(folder, 'left')));
});

test('one that is given up before it began is not started', async () => {
  const folder = testFolder();
  await expect(run(`: > ${folder}/made`, '', AbortSignal.abort(new Error('over')))).rejects.toThrow(/^over$/);
  expect(existsSync(join(folder, 'made'))).toBe(false);
});
