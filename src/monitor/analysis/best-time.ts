/**
 * The best time that a run could have had with its slots, and where the time of its slots went. Pure.
 *
 * Barriers part the tasks into phases, in the order of the records. No schedule of a phase is shorter than its longest task,
 * nor than its task time shared out evenly over all slots: the greater of the two is its bound, and their sum that of the
 * run. It is a bound, not a schedule: there may be none that is as short.
 *
 *   slots × elapsed = task time + tails + barriers + other
 */

import type { RecordTable } from '../records/record-table.ts';

/** What ran between two barriers. Times in seconds, those of day since 1970. */
export interface Phase {
  readonly tasks: number;
  readonly taskSeconds: number;
  readonly longest: number;
  readonly start: number;
  readonly finish: number;
  readonly best: number;
  /** Slot time that was idle at its end: nothing was left to be started, and its last tasks still ran. */
  readonly tail: number;
  /** The line of the barrier that it ends with; null: the end of the run. */
  readonly barrierLine: number | null;
}

export interface BestTime {
  readonly best: number;
  /** Those without tasks are left out. */
  readonly phases: readonly Phase[];
  /** Idle slot time, in seconds. */
  readonly idle: {
    /** At the ends of phases. */
    readonly tails: number;
    /** Between the end of a phase and the first start of the next. */
    readonly barriers: number;
    /** Between a task and the next, and while slots were not there yet or any more. */
    readonly other: number;
  };
}

interface Sums {
  tasks: number;
  taskSeconds: number;
  longest: number;
  start: number;
  lastStart: number;
  finish: number;
  /** How long its tasks ran after its last start, together. */
  ranAfter: number;
  barrierLine: number | null;
}

/** @param slots - how many the run had */
export function bestTime(table: RecordTable, slots: number): BestTime {
  const sums = sumsOf(table);
  const phases = sums.map((phase) => phaseOf(phase, slots));
  const [first, last] = [phases[0], phases.at(-1)];
  if (first === undefined || last === undefined) return { best: 0, phases, idle: { tails: 0, barriers: 0, other: 0 } };
  let [best, tails, barriers, taskSeconds, finish] = [0, 0, 0, 0, -Infinity];
  for (const phase of phases) {
    best += phase.best;
    tails += phase.tail;
    taskSeconds += phase.taskSeconds;
    if (finish > 0) barriers += slots * Math.max(0, phase.start - finish);
    finish = Math.max(finish, phase.finish);
  }
  const all = slots * (finish - first.start);
  return { best, phases, idle: { tails, barriers, other: Math.max(0, all - taskSeconds - tails - barriers) } };
}

function sumsOf(table: RecordTable): Sums[] {
  const sums: Sums[] = [];
  let current: Sums | undefined;
  const eachOfPhase = (visit: (index: number) => void, isOver: (barrierLine: number) => void): void => {
    for (let index = 0; index < table.length; index++) {
      if (table.isOwnTask(index)) visit(index);
      else if (table.kind(index) === 'barrier' || table.kind(index) === 'check-barrier')
        isOver(table.lineNumber(index));
    }
  };
  eachOfPhase(
    (index) => {
      if (current === undefined) sums.push((current = noSums()));
      current.tasks++;
      current.taskSeconds += table.elapsed(index);
      current.longest = Math.max(current.longest, table.elapsed(index));
      current.start = Math.min(current.start, table.start(index));
      current.lastStart = Math.max(current.lastStart, table.start(index));
      current.finish = Math.max(current.finish, table.finish(index));
    },
    (barrierLine) => {
      if (current !== undefined) current.barrierLine = barrierLine;
      current = undefined;
    },
  );
  let [number, any] = [0, false];
  eachOfPhase(
    (index) => {
      any = true;
      const phase = sums[number] as Sums;
      phase.ranAfter += Math.max(0, table.finish(index) - Math.max(table.start(index), phase.lastStart));
    },
    () => {
      if (any) number++;
      any = false;
    },
  );
  return sums;
}

function noSums(): Sums {
  return {
    tasks: 0,
    taskSeconds: 0,
    longest: 0,
    start: Infinity,
    lastStart: 0,
    finish: 0,
    ranAfter: 0,
    barrierLine: null,
  };
}

function phaseOf(sums: Sums, slots: number): Phase {
  const { tasks, taskSeconds, longest, start, lastStart, finish, ranAfter, barrierLine } = sums;
  // Sums of rounded times may be a little above what there was.
  const best = Math.min(finish - start, Math.max(longest, taskSeconds / slots));
  const tail = Math.max(0, slots * (finish - lastStart) - ranAfter);
  return { tasks, taskSeconds, longest, start, finish, best, tail, barrierLine };
}
