/** Metrics for Prometheus, read as it reads them. */
import { expect, test } from 'vitest';
import { metrics, type MetricsFacts } from '../../../src/monitor/web/metrics.ts';
import type { EngineOverview } from '../../../src/contract/overview.ts';
import { overviewOf } from '../../reach/fake-driver.ts';
import { tableOf, t0 } from '../analysis/tables.ts';
import { overRun, Serving } from './serving.ts';

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Reads the text form, version 0.0.4. @throws Error for what is none */
function parse(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Family>();
  let help: RegExpExecArray | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      help = /.*/.exec(rest);
      if (families.has(name)) throw new Error(`${name} comes twice`);
    } else if (kind === 'TYPE') {
      if (help === null || !['counter', 'gauge'].includes(rest)) throw new Error(`no type: ${line}`);
      families.set(name, { help: help[0], type: rest, samples: [] });
    } else {
      const [, sample = '', labels = '', value = ''] =
        /^([a-zA-Z_:][\w:]*)\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (\S+)$/.exec(line) ?? [];
      const family = families.get(sample);
      if (family === undefined || !Number.isFinite(Number(value))) throw new Error(`no sample: ${line}`);
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, each]) => [
        key,
        (each as string).replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character)),
      ]);
      family.samples.push({ labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) });
    }
  }
  return families;
}

const engine = overviewOf().engines[0] as EngineOverview;

function factsOf(given: Partial<MetricsFacts> = {}): MetricsFacts {
  const overview = given.overview ?? overviewOf();
  return {
    ...{ version: '4.0.0', prefix: '/x/run', host: 'head', now: 1010, link: { kind: 'live' }, overview, records: 0 },
    ...{ tallies: tableOf([]).tallies, rate: 2.5, foreignLines: 0, statusFile: '/x/run_status.txt' },
    ...{ detailsFile: undefined, resultsFolder: undefined, fileProblem: undefined, engines: overview.engines },
    ...given,
  };
}

const value = (families: Map<string, Family>, name: string): number | undefined =>
  families.get(`disbatch_${name}`)?.samples[0]?.value;

test('every metric has a help, a type and samples, by the rules of names', () => {
  const families = parse(metrics(factsOf()));
  expect(families.size).toBeGreaterThan(15);
  for (const [name, { help, type, samples }] of families) {
    expect(name).toMatch(/^disbatch_[a-z_]+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(help).toMatch(/\.$/);
    expect(samples.length).toBeGreaterThan(0);
    for (const { labels } of samples) expect(labels['run']).toBe('run');
  }
});

test('of a run that goes on the figures are those of the driver', () => {
  const engines = [engine, { ...engine, rank: 1, hostname: '', node: 'n2', stage: 'lost', last: 1000.5 }] as const;
  const overview = overviewOf({ engines, barriers: 3, tasks: { finished: 7, skipped: 2, lost: 1 } });
  const families = parse(metrics(factsOf({ overview })));
  const of = (name: string) => value(families, name);
  expect([of('up'), of('over'), of('exit_status')]).toEqual([1, 0, undefined]);
  expect([of('tasks_expected'), of('tasks_finished_total'), of('tasks_failed_total')]).toEqual([10, 7, 1]);
  expect([of('tasks_skipped_total'), of('tasks_lost'), of('tasks_running'), of('slots')]).toEqual([2, 1, 1, 2]);
  expect([of('start_time_seconds'), of('task_seconds_total'), of('barriers_total')]).toEqual([1000, 5, 3]);
  expect(of('tasks_per_second')).toBe(2.5);
  const stages = families.get('disbatch_engines')?.samples.filter((sample) => sample.value > 0);
  expect(stages?.map(({ labels }) => labels['stage'])).toEqual(['working', 'lost']);
  expect(families.get('disbatch_engine_last_heard_seconds')?.samples).toEqual([
    { labels: { run: 'run', engine: '0', node: 'n1' }, value: 1 },
    { labels: { run: 'run', engine: '1', node: 'n2' }, value: 9.5 },
  ]);
});

test('whatever names hold, it stays within the labels', () => {
  const odd = 'a"b\\c\nd{}=,é#';
  const overview = overviewOf({ taskName: odd, engines: [{ ...engine, hostname: odd }] });
  const families = parse(metrics(factsOf({ overview, prefix: `/x/${odd}` })));
  expect(families.get('disbatch_info')?.samples[0]?.labels).toEqual({ run: odd, version: '4.0.0', task_file: odd });
  expect(families.get('disbatch_engine_slots')?.samples[0]?.labels['node']).toBe(odd);
});

test('a run that cannot be reached is not up, and keeps what was known; one that is over has its exit status', () => {
  const away = parse(metrics(factsOf({ link: { kind: 'away', problem: 'gone', since: 1 } })));
  expect([value(away, 'up'), value(away, 'over'), value(away, 'tasks_finished_total')]).toEqual([0, 0, 2]);
  const overview = overviewOf({ phase: 'over' });
  const over = parse(metrics(factsOf({ link: { kind: 'over', exitStatus: 1 }, overview })));
  expect([value(over, 'up'), value(over, 'over'), value(over, 'exit_status')]).toEqual([0, 1, 1]);
});

test('the server has them under its secret, of a run that is over too', async () => {
  const serving = await Serving.start(overRun([{ exitCode: 1, elapsed: 2 }, { elapsed: 1 }]));
  await serving.hasRead(2);
  const { headers, text } = await serving.ask('metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const families = parse(text);
  expect([value(families, 'tasks_finished_total'), value(families, 'tasks_failed_total')]).toEqual([2, 1]);
  expect([value(families, 'start_time_seconds'), value(families, 'task_seconds_total')]).toEqual([t0, 3]);
  expect((await serving.ask('/metrics')).status).toBe(404);
});
