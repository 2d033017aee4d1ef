/**
 * The run as metrics for Prometheus. Pure. Source of the form: "Text-based format", version 0.0.4, of Prometheus.
 */

import type { EngineOverview, EngineSight } from '../../contract/overview.ts';
import { jobId } from '../../contract/run-files.ts';
import { figuresOf, overviewThatCounts, type RunFacts } from './run-answer.ts';

export interface MetricsFacts extends RunFacts {
  readonly engines: readonly EngineOverview[];
}

type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

const stages: readonly EngineSight[] = [
  ...(['launching', 'starting', 'working', 'draining', 'stopping', 'ending', 'leaving', 'lost', 'gone'] as const),
];

export function metrics(facts: MetricsFacts): string {
  const { tallies, engines } = facts;
  const figures = figuresOf(facts);
  const overview = overviewThatCounts(facts);
  const run = jobId(facts.prefix);
  const lines: string[] = [];
  const tell = (name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): void => {
    if (samples.length === 0) return;
    lines.push(`# HELP disbatch_${name} ${help}`, `# TYPE disbatch_${name} ${type}`);
    for (const { labels, value } of samples)
      lines.push(`disbatch_${name}${labelled({ run, ...labels })} ${numbered(value)}`);
  };
  const one = (value: number | null): Sample[] => (value === null ? [] : [{ value }]);
  const byEngine = (value: (engine: EngineOverview) => number): Sample[] =>
    engines.map((engine) => ({ labels: engineLabels(engine), value: value(engine) }));

  tell('info', 'gauge', 'Version and task file of the run; always 1.', [
    { labels: { version: facts.version, task_file: facts.overview?.taskName ?? '' }, value: 1 },
  ]);
  tell(
    'up',
    'gauge',
    '1 while the run can be reached, 0 when it cannot or is over.',
    one(facts.link.kind === 'live' ? 1 : 0),
  );
  tell('over', 'gauge', '1 when the run is over.', one(facts.link.kind === 'over' ? 1 : 0));
  if (facts.link.kind === 'over')
    tell('exit_status', 'gauge', 'Exit status of the run.', one(facts.link.exitStatus ?? null));
  tell('start_time_seconds', 'gauge', 'When the run began, in seconds since 1970.', one(figures.start));
  tell('tasks_expected', 'gauge', 'Tasks of the whole run, as far as they are known.', one(figures.total));
  tell('tasks_finished_total', 'counter', 'Tasks that have ended, with those that failed.', one(figures.finished));
  tell('tasks_failed_total', 'counter', 'Tasks that have failed.', one(figures.failed));
  tell('tasks_skipped_total', 'counter', 'Tasks that were taken over from an earlier run.', one(figures.skipped));
  tell('tasks_late_total', 'counter', 'Reports of lost tasks that came too late.', one(tallies.late));
  tell('per_engine_tasks_failed_total', 'counter', 'Per-engine tasks that have failed.', one(figures.perEngineFailed));
  tell('task_seconds_total', 'counter', 'Time that the tasks took which have ended.', one(figures.taskSeconds));
  tell('tasks_running', 'gauge', 'Tasks that run now.', one(figures.running));
  tell('tasks_lost', 'gauge', 'Tasks that were lost with their engine and are to run again.', one(figures.lost));
  tell('barriers_total', 'counter', 'Barriers that are settled.', one(figures.barriers));
  tell('slots', 'gauge', 'Slots of the engines that work.', one(figures.slots));
  tell('tasks_per_second', 'gauge', 'Tasks a second over the last half minute.', one(figures.rate));
  if (overview !== undefined) {
    const counts = new Map<EngineSight, number>();
    for (const { stage } of overview.engines) counts.set(stage, (counts.get(stage) ?? 0) + 1);
    const inStages = stages.map((stage) => ({ labels: { stage }, value: counts.get(stage) ?? 0 }));
    tell('engines', 'gauge', 'Engines by their stage.', inStages);
  }
  tell(
    'engine_tasks_finished_total',
    'counter',
    'Tasks of the engine that have ended.',
    byEngine(({ finished }) => finished),
  );
  tell(
    'engine_tasks_failed_total',
    'counter',
    'Tasks of the engine that have failed.',
    byEngine(({ failed }) => failed),
  );
  tell(
    'engine_tasks_running',
    'gauge',
    'Tasks that the engine runs now.',
    byEngine(({ running }) => running),
  );
  tell(
    'engine_slots',
    'gauge',
    'Slots of the engine.',
    byEngine(({ slots }) => slots),
  );
  tell(
    'engine_last_heard_seconds',
    'gauge',
    'How long ago the engine was heard of.',
    byEngine(({ last }) => Math.max(0, (overview?.now ?? facts.now) - last)),
  );
  return `${lines.join('\n')}\n`;
}

function engineLabels({ rank, hostname, node }: EngineOverview): Labels {
  return { engine: rank, node: hostname === '' ? node : hostname };
}

function labelled(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numbered(value: number): string {
  return Number.isFinite(value) ? String(value) : 'NaN';
}
