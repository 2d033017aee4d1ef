/** The page of a run whose process cannot be started: the run is told, and goes on. */
import { EventEmitter } from 'node:events';
import { beforeEach, expect, test, vi } from 'vitest';
import { startWebOfRun } from '../../src/cli/web-of-run.ts';

const spawn = vi.hoisted(() => vi.fn<() => unknown>());
vi.mock('node:child_process', () => ({ spawn }));

const notices: string[] = [];

beforeEach(() => {
  notices.length = 0;
});

function start(): () => void {
  return startWebOfRun({
    ...{ prefix: '/no such/run', folder: '/no such', address: { host: '127.0.0.1', port: 0 }, isTerminal: true },
    tell: { notice: (text) => notices.push(text), error: (text) => notices.push(text) },
  });
}

const told = (why: string): string =>
  `There is no web page (any more): its process cannot be started (${why}). The run goes on. To have it again: disbatch web '/no such/run'`;

test('where no more files can be opened the run goes on without its page', async () => {
  // Node makes a child without streams then.
  const child = Object.assign(new EventEmitter(), { unref: () => {} });
  spawn.mockReturnValueOnce(child);
  const end = start();
  child.emit('error', new Error('spawn /no such/disbatch EMFILE'));
  child.emit('close', -24, null);
  end();
  expect(notices).toEqual([told('spawn /no such/disbatch EMFILE')]);
});

test('where no more processes can be started the run goes on without its page', () => {
  spawn.mockImplementationOnce(() => {
    throw new Error('spawn ENOMEM');
  });
  start()();
  expect(notices).toEqual([told('spawn ENOMEM')]);
});
