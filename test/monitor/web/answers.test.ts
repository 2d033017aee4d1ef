/** What the web server answers: of a run that is over, and of one that goes on (a driver that runs nothing). */
import { rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bytesOfText } from '../../../src/base/byte-string.ts';
import { detailsFile, keyFile, runFiles } from '../../../src/contract/run-files.ts';
import type {
  EnginesAnswer,
  RunAnswer,
  SeriesAnswer,
  TaskRow,
  TasksAnswer,
  TimelineAnswer,
  TimesAnswer,
} from '../../../src/monitor/web/answers.ts';
import { FakeDriver, overviewOf, version } from '../../reach/fake-driver.ts';
import { testFolder, until } from '../../support/run-disbatch.ts';
import { statusText, t0 } from '../analysis/tables.ts';
import { addRecords, overRun, Serving } from './serving.ts';

const some = [
  { node: 'a', start: 0, elapsed: 1, outputBytes: 3, outputSnippet: 'hi\n' },
  {
    node: 'b',
    start: 0,
    elapsed: 2,
    exitCode: 3,
    errorBytes: 5,
    errorSnippet: 'oh no',
    command: bytesOfText('<b>é\x1b'),
  },
  { kind: 'barrier', start: 2, elapsed: 0 },
  { kind: 'skipped', start: -50, elapsed: 5 },
  { node: 'a', start: 2, elapsed: 2, exitCode: -9 },
] as const;

async function liveRun(): Promise<{ readonly driver: FakeDriver; readonly serving: Serving; readonly prefix: string }> {
  const prefix = join(testFolder(), 'run');
  const driver = await FakeDriver.start(prefix);
  const serving = await Serving.start(prefix);
  await untilRun(serving, ({ link }) => link === 'live');
  return { driver, serving, prefix };
}

async function untilRun(serving: Serving, holds: (run: RunAnswer) => boolean): Promise<RunAnswer> {
  for (const end = Date.now() + 20_000; ;) {
    const run = await serving.json<RunAnswer>('run');
    if (holds(run)) return run;
    if (Date.now() > end) throw new Error(`waited in vain; the run is ${JSON.stringify(run)}`);
  }
}

test('of a run that is over the records tell', async () => {
  const prefix = overRun(some);
  writeFileSync(detailsFile(prefix), '');
  const serving = await Serving.start(prefix);
  await serving.hasRead(5);
  expect(await serving.json<RunAnswer>('run')).toEqual({
    ...{ version, taskName: 'run', prefix, host: hostname(), now: expect.closeTo(Date.now() / 1000, -2) as number },
    ...{ link: 'records', problem: null, awaySince: null, exitStatus: null, phase: null, end: null, barrier: null },
    ...{ streamEnded: true, contexts: 0, engines: 0, records: 5, foreignLines: 0 },
    ...{ statusFile: runFiles(prefix).status, detailsFile: detailsFile(prefix), resultsFolder: null },
    figures: {
      ...{ total: null, done: 4, finished: 3, failed: 2, skipped: 1, skippedFailed: 0, perEngineFailed: 0, running: 0 },
      ...{ lost: 0, barriers: 1, slots: 0, start: t0, elapsed: 4, rate: 0.75, toGo: null, taskSeconds: 5 },
    },
  });
  expect(await serving.json<EnginesAnswer>('engines')).toMatchObject({ contexts: [], engines: [] });
  expect(await serving.json('running')).toMatchObject({ total: 0, tasks: [] });
  expect(await serving.json<SeriesAnswer>('series')).toEqual({
    ...{ from: t0 + 1, width: 1, finished: [1, 1, 0, 1], failed: [0, 1, 0, 1] },
  });
  const times = await serving.json<TimesAnswer>('times');
  expect(times).toMatchObject({ tasks: 3, median: 2, longest: 2 });
  expect(times.nodes.map(({ node, tasks }) => [node, tasks])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
  expect(await serving.json<TimelineAnswer>('timeline')).toEqual({
    ...{ begin: t0, end: t0 + 4, laneCount: 2, from: t0, to: t0 + 4, firstLane: 0, truncated: false },
    lanes: [
      { node: 'a', lane: 0 },
      { node: 'b', lane: 0 },
    ],
    spans: [...[0, 0, 1, 0, 0], ...[0, 2, 4, 1, 4], ...[1, 0, 2, 1, 1]],
  });
  expect((await serving.ask('stop', { method: 'POST' })).status).toBe(403);
  expect(JSON.parse((await serving.post('stop', { what: 'run' })).text)).toEqual({ problem: 'The run is over.' });
  expect((await serving.ask('store')).status).toBe(503);
});

test('tasks come page by page, each with all that its line tells', async () => {
  const serving = await Serving.start(overRun(some));
  await serving.hasRead(5);
  const first = statusText(some.slice(0, 1)).length;
  expect(await serving.json<TasksAnswer>('tasks?state=failed&sort=elapsed&order=desc&from=1&count=1')).toEqual({
    ...{ total: 2, searching: false, from: 1 },
    rows: [
      {
        ...{ index: 1, kind: 'task', failed: true, taskId: 1, lineNumber: 2, repeatIndex: -1, node: 'b', pid: 7 },
        ...{
          exitCode: 3,
          how: 'exit code 3',
          elapsed: 2,
          start: t0,
          finish: t0 + 2,
          outputBytes: 0,
          outputSnippet: '',
        },
        ...{ outputCut: false, errorBytes: 5, errorSnippet: 'oh no', errorCut: false, command: '<b>é\x1b', at: first },
        ...{ outputFile: null, errorFile: null },
      },
    ],
  });
  expect((await serving.json<TasksAnswer>('tasks')).rows.map(({ how }) => how)).toEqual([
    ...['all went well', 'exit code 3', 'all went well', 'all went well', 'killed by signal 9'],
  ]);
  expect((await serving.json<TasksAnswer>('tasks?text=OH%20NO')).rows.map(({ taskId }) => taskId)).toEqual([1]);
  expect((await serving.json<TaskRow>('task?index=4')).exitCode).toBe(-9);
  expect((await serving.ask('task?index=5')).status).toBe(404);
});

test.each([
  ...['tasks?state=bad', 'tasks?sort=x', 'tasks?order=up', 'tasks?from=-1', 'tasks?count=1.5', 'tasks?from=x'],
  ...[
    `tasks?text=${'x'.repeat(2000)}`,
    'timeline?from=2&to=1',
    'timeline?pixels=Infinity',
    'running?engine=x',
    'task?index=-1',
  ],
])('a question that makes no sense is refused with a sentence: %s', async (path) => {
  const { serving } = await liveRun();
  const { status, text } = await serving.ask(path);
  expect([status, JSON.parse(text)]).toEqual([400, { problem: expect.stringMatching(/\.$/) as string }]);
});

test('of a run that goes on the driver tells, and what runs is asked of it', async () => {
  const { driver, serving, prefix } = await liveRun();
  driver.overview = overviewOf({
    ...{ start: t0, now: t0 + 20, barrier: { taskId: 4, lineNumber: 9, since: t0 + 5 } },
    tasks: { finished: 5, taskSeconds: 50 },
  });
  addRecords(prefix, some);
  const run = await untilRun(serving, ({ records, barrier }) => records === 5 && barrier !== null);
  expect(run).toMatchObject({
    ...{ link: 'live', taskName: 'Tasks', phase: 'running', barrier: { lineNumber: 9, since: t0 + 5 } },
    ...{ contexts: 1, engines: 1 },
    figures: { total: 10, done: 5, finished: 5, failed: 1, running: 1, slots: 2, start: t0, elapsed: 20 },
  });
  expect(run.figures.toGo).toBeGreaterThan(0);
  expect((await serving.json<EnginesAnswer>('engines')).engines).toEqual(driver.overview.engines);
  expect((await serving.json<TimelineAnswer>('timeline')).end).toBe(t0 + 20);
  const task = {
    engine: 0,
    slot: 1,
    kind: 'task',
    taskId: 4,
    lineNumber: 5,
    repeatIndex: -1,
    since: 1,
    command: '<x>',
  } as const;
  driver.running = { now: 1000, total: 1, tasks: [task] };
  expect(await serving.json('running?limit=7&engine=0')).toEqual(driver.running);
  expect(driver.asked.findLast(({ type }) => type === 'running')).toEqual({ type: 'running', engines: [0], limit: 7 });
  await serving.json('running?limit=99999999');
  expect(driver.asked.findLast(({ type }) => type === 'running')).toMatchObject({ engines: undefined, limit: 10_000 });
});

test('many pages that look at what runs ask the run seldom', async () => {
  const { driver, serving } = await liveRun();
  await Promise.all(Array.from({ length: 20 }, () => serving.json('running?limit=5')));
  // On a machine that is very busy they may come more than a second apart.
  expect(driver.asked.filter(({ type }) => type === 'running').length).toBeLessThan(5);
});

test('a soft stop goes to the driver, and why it cannot be comes back', async () => {
  const { driver, serving } = await liveRun();
  const stop = async (wanted: object) => JSON.parse((await serving.post('stop', wanted)).text) as unknown;
  expect(await stop({ what: 'engine', rank: 3 })).toEqual({ problem: null });
  expect(await stop({ what: 'context', label: 'SSH0' })).toEqual({ problem: null });
  expect(await stop({ what: 'run' })).toEqual({ problem: null });
  expect(driver.asked.filter(({ type }) => type.startsWith('stop'))).toEqual([
    { type: 'stop-engine', rank: 3 },
    { type: 'stop-context', label: 'SSH0' },
    { type: 'stop-run' },
  ]);
  driver.problem = 'there is no engine 9';
  expect(await stop({ what: 'engine', rank: 9 })).toEqual({ problem: 'That cannot be stopped: there is no engine 9.' });
  for (const wrong of [{}, { what: 'engine' }, { what: 'engine', rank: 1.5 }, { what: 'context', label: 7 }, [], 'run'])
    expect((await serving.post('stop', wrong)).status).toBe(400);
});

test('a run that cannot be reached is away since then; its records are still there, and it is found again', async () => {
  const { driver, serving, prefix } = await liveRun();
  addRecords(prefix, some);
  driver.close();
  const away = await untilRun(serving, ({ link, records }) => link === 'away' && records === 5);
  expect(away.problem).toMatch(/gone|cannot be reached/);
  expect(away.awaySince).toBeCloseTo(Date.now() / 1000, -2);
  expect(away.figures).toMatchObject({ total: 10, toGo: null });
  const refused = await serving.ask('running');
  expect([refused.status, JSON.parse(refused.text)]).toEqual([503, { problem: expect.any(String) as string }]);
  expect((await serving.post('stop', { what: 'run' })).status).toBe(503);
  expect((await serving.json<TasksAnswer>('tasks')).total).toBe(5);
  await FakeDriver.start(prefix);
  await untilRun(serving, ({ link }) => link === 'live');
});

test('of a run whose end was missed the records tell how far it came', async () => {
  const { driver, serving, prefix } = await liveRun();
  addRecords(prefix, some);
  rmSync(keyFile(prefix));
  driver.close();
  const run = await untilRun(serving, ({ link, records }) => link === 'over' && records === 5);
  expect(run).toMatchObject({ exitStatus: null, phase: null, figures: { total: null, finished: 3, running: 0 } });
});

test('outputs are where --results has put them', async () => {
  const { driver, prefix } = await liveRun();
  driver.leaveKey({ results: '/kept' });
  addRecords(prefix, [
    { ...some[0], taskId: 7 },
    { ...some[1], taskId: 501 },
    { ...some[3], outputBytes: 1 },
  ]);
  const serving = await Serving.start(prefix);
  await untilRun(serving, ({ link, records }) => link === 'live' && records === 3);
  const { rows } = await serving.json<TasksAnswer>('tasks');
  expect(rows.map(({ outputFile, errorFile }) => [outputFile, errorFile])).toEqual([
    ['/kept/0/0/7.out', null],
    [null, '/kept/0/500/501.err'],
    [null, null],
  ]);
});

test('a status file that is replaced is read anew, and one that goes is told of', async () => {
  const prefix = overRun(some);
  const serving = await Serving.start(prefix);
  await serving.hasRead(5);
  await serving.json('tasks?state=failed');
  writeFileSync(runFiles(prefix).status, statusText([{ exitCode: 1, start: 100 }]));
  await untilRun(serving, ({ records }) => records === 1);
  expect((await serving.json<TasksAnswer>('tasks?state=failed')).total).toBe(1);
  expect((await serving.json<TimelineAnswer>('timeline')).spans).toEqual([0, 0, 1, 1, 0]);
  expect((await serving.json<SeriesAnswer>('series')).failed).toEqual([1]);
  rmSync(runFiles(prefix).status);
  const { problem } = await untilRun(serving, (run) => run.problem !== null);
  expect(problem).toContain('cannot be read');
  writeFileSync(runFiles(prefix).status, statusText(some));
  await untilRun(serving, (run) => run.records === 5 && run.problem === null);
});

test('pages are told at once, whenever something changes, and of the end', async () => {
  const { driver, serving, prefix } = await liveRun();
  const events = await serving.events();
  expect(events.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(events.text).toMatch(/^retry: 1000\n\ndata: \{/);
  expect(events.answers[0]).toMatchObject({ link: 'live', records: 0 });
  addRecords(prefix, some);
  await until('it is told of the records', () => events.answers.at(-1)?.records === 5);
  driver.end(1);
  await until('it is told of the end', () => events.answers.at(-1)?.link === 'over');
  expect(events.answers.at(-1)).toMatchObject({ exitStatus: 1, phase: 'over' });
});

test('when the command of the run has gone, open pages are told the last and the server ends', async () => {
  const { driver, serving, prefix } = await liveRun();
  const events = await serving.events();
  driver.end(0);
  addRecords(prefix, some);
  serving.endCommand();
  await serving.ended;
  await until('the stream has ended', () => events.isOver);
  expect(events.answers.at(-1)).toMatchObject({ link: 'over', exitStatus: 0, records: 5 });
});

test('without open pages the server ends at once when the command of the run has gone', async () => {
  const { serving } = await liveRun();
  const begun = performance.now();
  serving.endCommand();
  await serving.ended;
  expect(performance.now() - begun).toBeLessThan(3000);
});
