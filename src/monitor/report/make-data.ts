/**
 * Puts a report together: the figures of the tables, and of single lines that are read for it. In the process of the command.
 */

import { counted } from '../../base/terminal-text.ts';
import { lenientTextOfBytes } from '../../base/byte-string.ts';
import { parseStatusLine } from '../../task/status-line.ts';
import { lostExitCode, type StatusRecord } from '../../task/status-record.ts';
import { bestTime, type BestTime } from '../analysis/best-time.ts';
import { course } from '../analysis/course.ts';
import { FailureGroups, type FailureGroup } from '../analysis/failure-groups.ts';
import { longestTasks } from '../analysis/longest.ts';
import { OwnTasks, type Part } from '../analysis/own-tasks.ts';
import { slotsUsed, type SlotsUsed } from '../analysis/slots-used.ts';
import { timesOf } from '../analysis/times.ts';
import { whichCount } from '../analysis/which-count.ts';
import { ending } from '../summary.ts';
import { LineReader } from './line-reader.ts';
import { MemoryReader } from './memory.ts';
import type {
  ReportData,
  ReportedFailures,
  ReportedNode,
  ReportedRun,
  ReportedTask,
  TaskCounts,
} from './report-data.ts';
import type { StatusFile } from './status-files.ts';

export interface DataOptions {
  readonly version: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** How many longest tasks, groups of failures and phases there are at most. */
  readonly top: number;
}

/** How many lines of failed tasks are read; the others are counted by their exit code. */
const mostRead = 100_000;

/** Few tasks are seen better in fewer stretches. */
const stretchesFor = (tasks: number): number => Math.min(120, Math.max(30, Math.ceil(tasks / 4)));

/** A run with what was made out about it. */
interface Run {
  readonly file: StatusFile;
  readonly part: Part;
  readonly tasks: OwnTasks;
  readonly used: SlotsUsed;
  readonly best: BestTime;
  readonly elapsed: number;
}

export function makeData(files: readonly StatusFile[], options: DataOptions): ReportData {
  // Within one file no task has two records that count.
  const { counts, otherLines } =
    files.length > 1 ? whichCount(files.map(({ follower }) => follower.table)) : { counts: [], otherLines: 0 };
  const runs = files.map((file, number) => runOf(file, counts[number]));
  const ownTasks = new OwnTasks(runs.map(({ part }) => part));
  const { buckets, median, p95, longest, nodes } = timesOf(ownTasks);
  const tasks = countTasks(runs);
  const time = timeOf(runs);
  const failures = failuresOf(runs);
  const memory = new MemoryReader(options.top);
  for (const { file } of runs) memory.takeBeside(file.follower.path);
  return {
    ...{ version: options.version, made: options.now, tasks, time },
    slots: slotFigures(runs, time, options.top),
    failures: failures.groups(options.top).map(reportedFailures),
    failureGroups: failures.size,
    nodes: nodes.map((node) => ({ ...node, ...useOf(node.node, runs) })),
    times: { buckets, median, p95, longest },
    longest: readLongest(ownTasks, runs, options.top),
    memory: memory.figures(),
    runs: runs.map(reportedRun),
    notes: [...notesOn(runs, otherLines), ...memory.notes],
  };
}

function runOf(file: StatusFile, meant: Uint8Array | undefined): Run {
  const { table } = file.follower;
  const tasks = new OwnTasks([{ table }]);
  const used = slotsUsed(tasks);
  const { firstStart, lastFinish } = table.tallies;
  const elapsed = firstStart === undefined || lastFinish === undefined ? 0 : lastFinish - firstStart;
  return { file, part: { table, meant }, tasks, used, best: bestTime(table, used.most), elapsed };
}

function countTasks(runs: readonly Run[]): TaskCounts {
  const counts = { run: 0, failed: 0, lost: 0, takenOver: 0, takenOverFailed: 0, ranAgain: 0 };
  const sums = { late: 0, perEngine: 0, perEngineFailed: 0, barriers: 0 };
  for (const { table, meant } of runs.map(({ part }) => part)) {
    for (const name of ['late', 'perEngine', 'perEngineFailed', 'barriers'] as const) sums[name] += table.tallies[name];
    for (let index = 0; index < table.length; index++) {
      const isOwn = table.isOwnTask(index);
      if (!isOwn && table.kind(index) !== 'skipped') continue;
      if (meant !== undefined && meant[index] === 0) {
        if (isOwn) counts.ranAgain++;
        continue;
      }
      if (isOwn) counts.run++;
      else counts.takenOver++;
      if (!table.hasFailed(index)) continue;
      counts.failed++;
      if (!isOwn) counts.takenOverFailed++;
      if (table.exitCode(index) === lostExitCode) counts.lost++;
    }
  }
  const total = counts.run + counts.takenOver;
  return { total, good: total - counts.failed, ...counts, ...sums };
}

function timeOf(runs: readonly Run[]): ReportData['time'] {
  const tallies = runs.map(({ file }) => file.follower.table.tallies);
  const starts = tallies.flatMap(({ firstStart }) => firstStart ?? []);
  const finishes = tallies.flatMap(({ lastFinish }) => lastFinish ?? []);
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  const [elapsed, finished] = [sum(runs.map((run) => run.elapsed)), sum(tallies.map((each) => each.finished))];
  return {
    start: starts.length === 0 ? null : Math.min(...starts),
    finish: finishes.length === 0 ? null : Math.max(...finishes),
    ...{ elapsed, taskSeconds: sum(tallies.map((each) => each.taskSeconds)) },
    rate: finished > 0 && elapsed > 0 ? finished / elapsed : null,
  };
}

function slotFigures(runs: readonly Run[], time: ReportData['time'], top: number): ReportData['slots'] {
  const idle = { tails: 0, barriers: 0, other: 0 };
  let [best, most, slotSeconds, phases] = [0, 0, 0, 0];
  for (const run of runs) {
    for (const name of ['tails', 'barriers', 'other'] as const) idle[name] += run.best.idle[name];
    best += run.best.best;
    most = Math.max(most, run.used.most);
    slotSeconds += run.used.most * run.elapsed;
    phases += run.best.phases.length;
  }
  const worstPhases = runs
    .flatMap((run, number) => run.best.phases.map((phase) => ({ ...phase, run: number })))
    .toSorted((a, b) => b.tail - a.tail)
    .slice(0, top);
  return { most, busy: shareOf(time.taskSeconds, slotSeconds), idle, best, phases, worstPhases };
}

/** Sums of rounded times may be a little more than there was. */
function shareOf(taskSeconds: number, slotSeconds: number): number | null {
  return slotSeconds > 0 ? Math.min(1, taskSeconds / slotSeconds) : null;
}

/** How many slots of a node were used, and how much. */
function useOf(node: string, runs: readonly Run[]): Pick<ReportedNode, 'slots' | 'busy'> {
  let [slots, slotSeconds, taskSeconds] = [0, 0, 0];
  for (const { tasks, used, elapsed } of runs) {
    const number = tasks.find(node);
    if (number === undefined) continue;
    const own = used.byNode[number] as number;
    slots = Math.max(slots, own);
    slotSeconds += own * elapsed;
    taskSeconds += tasks.seconds[number] as number;
  }
  return { slots, busy: shareOf(taskSeconds, slotSeconds) };
}

/** Goes through the failures that count. */
function failuresOf(runs: readonly Run[]): FailureGroups {
  const groups = new FailureGroups();
  let read = 0;
  for (const { file, part } of runs) {
    const { table, meant } = part;
    const reader = new LineReader(file.follower.path);
    for (let index = 0; index < table.length; index++) {
      const kind = table.kind(index);
      if (!table.hasFailed(index) || kind === 'late') continue;
      if (kind !== 'per-engine' && meant !== undefined && meant[index] === 0) continue;
      const record = read++ < mostRead ? recordAt(reader, table.at(index)) : undefined;
      if (record !== undefined) groups.add(record);
      else {
        const node = table.nodes[table.node(index)] as string;
        const [taskId, lineNumber, exitCode] = [table.taskId(index), table.lineNumber(index), table.exitCode(index)];
        groups.addUnread({ kind, taskId, lineNumber, exitCode, node });
      }
    }
    reader.close();
  }
  return groups;
}

function recordAt(reader: LineReader, at: number): StatusRecord | undefined {
  const line = reader.lineAt(at);
  const record = line === undefined ? undefined : parseStatusLine(line);
  return record === undefined || record.kind === 'unreadable' ? undefined : record;
}

function reportedFailures({ pid, ...group }: FailureGroup): ReportedFailures {
  const how = ending({ exitCode: group.exitCode, pid });
  return { ...group, how: group.kind === 'per-engine' ? `per-engine task, ${how}` : how };
}

function readLongest(tasks: OwnTasks, runs: readonly Run[], top: number): ReportedTask[] {
  return longestTasks(tasks, top).map(({ part, index }) => {
    const { file } = runs[part] as Run;
    const { table, path } = file.follower;
    const reader = new LineReader(path);
    const record = recordAt(reader, table.at(index));
    reader.close();
    return {
      ...{ taskId: table.taskId(index), lineNumber: table.lineNumber(index), repeatIndex: record?.repeatIndex ?? -1 },
      ...{ node: table.nodes[table.node(index)] as string, exitCode: table.exitCode(index) },
      ...{ failed: table.hasFailed(index), elapsed: table.elapsed(index), start: table.start(index) },
      command: record === undefined ? '' : lenientTextOfBytes(record.command),
    };
  });
}

function reportedRun({ file, tasks, used, best, elapsed }: Run): ReportedRun {
  const { path, table, foreignLines, firstForeignLine } = file.follower;
  const { finished, failed, taskSeconds, firstStart, lastFinish } = table.tallies;
  return {
    ...{ statusFile: path, records: table.length, foreignLines, firstForeignLine: firstForeignLine ?? null },
    ...{ torn: file.torn, goesOn: file.goesOn, start: firstStart ?? null, finish: lastFinish ?? null, elapsed },
    ...{ tasks: finished, failed, taskSeconds, slots: used.most, best: best.best },
    course: course(tasks, stretchesFor(tasks.count)),
  };
}

function notesOn(runs: readonly Run[], otherLines: number): string[] {
  const notes: string[] = [];
  for (const { file } of runs) {
    const { path, foreignLines, firstForeignLine } = file.follower;
    if (file.goesOn) notes.push(`${path}: so far. The run goes on, or was killed: its key file is there.`);
    if (file.torn)
      notes.push(
        file.goesOn
          ? `${path}: its last line is not whole yet and does not count.`
          : `${path}: its last line was cut off by a crash and does not count.`,
      );
    if (foreignLines === 1) notes.push(`${path}:${firstForeignLine}: this line is no record and does not count.`);
    if (foreignLines > 1)
      notes.push(
        `${path}: ${foreignLines} lines are no records and do not count; the first is line ${firstForeignLine}.`,
      );
  }
  if (otherLines > 0)
    notes.push(
      `${counted(otherLines, 'record')} of a task that has another line number in an earlier record. ` +
        'Are these files of one task file? A report on several is of a run and those that resumed it.',
    );
  return notes;
}
