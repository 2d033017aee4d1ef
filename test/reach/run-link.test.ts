/** A link to a run, for who looks at it for long. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keyFile, runFiles } from '../../src/contract/run-files.ts';
import { RunLink, type LinkTimes } from '../../src/reach/run-link.ts';
import { testFolder, until } from '../support/run-disbatch.ts';
import { FakeDriver, overviewOf, version } from './fake-driver.ts';

const quick: Partial<LinkTimes> = { lookMs: 10, firstPauseMs: 10, longestPauseMs: 40 };

interface Linked {
  readonly link: RunLink;
  /** The kinds of states, as they changed. */
  readonly kinds: string[];
}

function linkTo(prefix: string, times: Partial<LinkTimes> = quick): Linked {
  const kinds: string[] = [];
  const link: RunLink = new RunLink({
    ...{ prefix, version, times },
    onChange: () => {
      if (link.state.kind !== kinds.at(-1)) kinds.push(link.state.kind);
    },
  });
  onTestFinished(() => link.close());
  return { link, kinds };
}

const prefixIn = (): string => join(testFolder(), 'run');

const isLive = ({ link }: Linked) => until('it is live', () => link.state.kind === 'live');

test('it hears how the run goes, again and again', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix);
  expect(linked.link.state).toEqual({ kind: 'connecting' });
  await isLive(linked);
  expect(linked.link.overview).toEqual(overviewOf());
  driver.overview = overviewOf({ now: 1011, tasks: { finished: 3 } });
  await until('the news is there', () => linked.link.overview?.tasks.finished === 3);
  expect(linked.kinds).toEqual(['live']);
});

test('what runs, and what is to stop, is asked and answered in order', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix);
  await isLive(linked);
  const task = {
    engine: 0,
    slot: 1,
    kind: 'task',
    taskId: 4,
    lineNumber: 5,
    repeatIndex: -1,
    since: 1,
    command: 'x',
  } as const;
  driver.running = { now: 1000, total: 1, tasks: [task] };
  const { link } = linked;
  const answers = await Promise.all([
    link.stop({ type: 'stop-run' }),
    link.running([0], 7),
    link.stop({ type: 'stop-engine', rank: 3 }),
  ]);
  expect(answers).toEqual([undefined, driver.running, undefined]);
  driver.problem = 'there is no engine 9';
  expect(await link.stop({ type: 'stop-engine', rank: 9 })).toBe('there is no engine 9');
  expect(driver.asked.filter(({ type }) => type !== 'status')).toEqual([
    { type: 'wait' },
    { type: 'stop-run' },
    { type: 'running', engines: [0], limit: 7 },
    { type: 'stop-engine', rank: 3 },
    { type: 'stop-engine', rank: 9 },
  ]);
});

test('it is told of the end and how the run ended', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix);
  await isLive(linked);
  driver.end(1);
  await until('it is over', () => linked.link.state.kind === 'over');
  expect(linked.link.state).toEqual({ kind: 'over', exitStatus: 1 });
  expect(linked.link.overview?.phase).toBe('over');
  await expect(linked.link.stop({ type: 'stop-run' })).rejects.toThrow('it is over');
});

test('a connection that was cut is made anew, and questions that were under way fail', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix);
  await isLive(linked);
  driver.isSilent = true;
  const question = linked.link.stop({ type: 'stop-run' });
  await until('it was asked', () => driver.asked.some(({ type }) => type === 'stop-run'));
  driver.cut();
  await expect(question).rejects.toMatchObject({ code: 'no-run' });
  driver.isSilent = false;
  await until('it is live again', () => linked.kinds.join(' ') === 'live away live');
  expect(await linked.link.stop({ type: 'stop-run' })).toBeUndefined();
});

test('a driver that was killed is away since then, and is found again when it is back', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix);
  await isLive(linked);
  const before = Date.now() / 1000;
  driver.close();
  await until('it was tried again', () => {
    const { state } = linked.link;
    return state.kind === 'away' && /cannot be reached/.test(state.problem);
  });
  const { state } = linked.link;
  if (state.kind !== 'away') throw new Error(state.kind);
  expect(state.problem).toContain('If it was killed, resume it');
  expect(state.since).toBeGreaterThanOrEqual(before - 0.01);
  expect(state.since).toBeLessThanOrEqual(Date.now() / 1000);
  await expect(linked.link.running(undefined, 1)).rejects.toMatchObject({ code: 'no-run' });
  await FakeDriver.start(prefix);
  await isLive(linked);
});

test('a driver that goes silent is away since it was asked in vain, long before the longest patience ends', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix, { ...quick, leastAnswerMs: 60 });
  await isLive(linked);
  driver.isSilent = true;
  await until('it is away', () => linked.link.state.kind === 'away');
  const { state } = linked.link;
  if (state.kind !== 'away') throw new Error(state.kind);
  expect(state.problem).toMatch(/^The run does not answer \(no answer for \d+ s\)\.$/);
  expect(Date.now() / 1000 - state.since).toBeGreaterThanOrEqual(0.055);
  driver.isSilent = false;
  await isLive(linked);
});

test('a driver that answers nothing for long is away', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  driver.isSilent = true;
  const linked = linkTo(prefix, { ...quick, answerMs: 50 });
  await until('it is away', () => linked.link.state.kind === 'away');
  expect(linked.link.state).toMatchObject({ problem: 'The run does not answer (no answer for 0 s).' });
  driver.isSilent = false;
  await isLive(linked);
  expect(linked.kinds.slice(-2)).toEqual(['away', 'live']);
});

test('a run that is over is over, when its end was missed and when it was over before', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix);
  await isLive(linked);
  rmSync(keyFile(prefix));
  driver.close();
  await until('it is over', () => linked.link.state.kind === 'over');
  expect(linked.link.state).toEqual({ kind: 'over', exitStatus: undefined });
  const later = linkTo(prefix);
  await until('it is over', () => later.link.state.kind === 'over');
  expect(later.kinds).toEqual(['over']);
  expect(later.link.overview).toBeUndefined();
});

test('a run of another version, and a key file that is none, are said', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  driver.leaveKey({ version: '3.9' });
  const problemOf = async (): Promise<string> => {
    const { link } = linkTo(prefix);
    await until('it is away', () => link.state.kind === 'away');
    return link.state.kind === 'away' ? link.state.problem : '';
  };
  expect(await problemOf()).toContain('disBatch 3.9');
  writeFileSync(keyFile(prefix), '{}');
  expect(await problemOf()).toContain('cannot be used');
  rmSync(keyFile(prefix));
  rmSync(runFiles(prefix).status);
  expect(await problemOf()).toContain('There is no run');
});

test('a link that is closed asks nothing more, and tells nothing more', async () => {
  const prefix = prefixIn();
  const driver = await FakeDriver.start(prefix);
  const linked = linkTo(prefix);
  await isLive(linked);
  linked.link.close();
  await until('it has hung up', () => driver.connections.size === 0);
  expect(linked.kinds).toEqual(['live']);
  const never = linkTo(prefix);
  never.link.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(never.link.state.kind).toBe('connecting');
});
