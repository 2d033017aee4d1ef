/**
 * All that a report tells, as data: what --json prints, and what text and page are made of. Types only.
 *
 * docs/report.md has it field by field. Times are seconds, times of day since 1970; null is what there is not.
 */

import type { Phase } from '../analysis/best-time.ts';
import type { Course } from '../analysis/course.ts';
import type { FailureGroup } from '../analysis/failure-groups.ts';
import type { Bucket, NodeTimes } from '../analysis/times.ts';

export interface ReportData {
  /** Of this program. */
  readonly version: string;
  /** When the report was made. */
  readonly made: number;
  readonly tasks: TaskCounts;
  readonly time: {
    /** The first start and the last finish. */
    readonly start: number | null;
    readonly finish: number | null;
    /** Of all runs together, without the time between them. */
    readonly elapsed: number;
    /** The time of all tasks that ran together, those that ran again since too. */
    readonly taskSeconds: number;
    /** Tasks a second, on the whole. */
    readonly rate: number | null;
  };
  readonly slots: SlotFigures;
  /** The largest groups first. */
  readonly failures: readonly ReportedFailures[];
  readonly failureGroups: number;
  readonly nodes: readonly ReportedNode[];
  readonly times: {
    readonly buckets: readonly Bucket[];
    readonly median: number | null;
    readonly p95: number | null;
    readonly longest: number | null;
  };
  readonly longest: readonly ReportedTask[];
  /** null: no details file is beside a status file. */
  readonly memory: MemoryFigures | null;
  /** In the order of their first starts. */
  readonly runs: readonly ReportedRun[];
  /** Sentences on what is peculiar about the files. */
  readonly notes: readonly string[];
}

export interface TaskCounts {
  /** That have a record which counts. */
  readonly total: number;
  readonly good: number;
  readonly failed: number;
  /** Lost with what ran them, and given up: exit code -100; among the failed. */
  readonly lost: number;
  /** By these runs. */
  readonly run: number;
  /** From an earlier run whose status file was not given; with failures among them. */
  readonly takenOver: number;
  readonly takenOverFailed: number;
  /** Records of tasks that ran again since: they do not count. */
  readonly ranAgain: number;
  readonly late: number;
  readonly perEngine: number;
  readonly perEngineFailed: number;
  readonly barriers: number;
}

export interface SlotFigures {
  /** The most tasks that ran at one moment. */
  readonly most: number;
  /** Task time as a share of slots × elapsed. */
  readonly busy: number | null;
  /** Slot time in which nothing ran, in seconds. */
  readonly idle: { readonly tails: number; readonly barriers: number; readonly other: number };
  /** No schedule with these slots is shorter. */
  readonly best: number;
  readonly phases: number;
  /** The phases at whose ends most slot time was idle, the worst first. */
  readonly worstPhases: readonly (Phase & { readonly run: number })[];
}

export interface ReportedFailures extends Omit<FailureGroup, 'pid'> {
  /** How they ended, in words. */
  readonly how: string;
}

export interface ReportedNode extends NodeTimes {
  /** The most of its tasks that ran at one moment, and how busy these slots were while the run went on. */
  readonly slots: number;
  readonly busy: number | null;
}

export interface ReportedTask {
  readonly taskId: number;
  readonly lineNumber: number;
  readonly repeatIndex: number;
  readonly node: string;
  readonly exitCode: number;
  readonly failed: boolean;
  readonly elapsed: number;
  readonly start: number;
  readonly command: string;
}

/** Peaks of memory, in bytes. */
export interface MemoryFigures {
  /** How many tasks it is known of. */
  readonly tasks: number;
  readonly median: number;
  readonly p95: number;
  readonly most: number;
  /** The largest first. */
  readonly largest: readonly ReportedMemory[];
}

export interface ReportedMemory {
  readonly taskId: number;
  readonly lineNumber: number;
  readonly node: string;
  readonly failed: boolean;
  readonly bytes: number;
  readonly command: string;
}

/** A run, by its status file. */
export interface ReportedRun {
  readonly statusFile: string;
  readonly records: number;
  /** Lines that are no records, and the number of the first of them. */
  readonly foreignLines: number;
  readonly firstForeignLine: number | null;
  /** Its last line is not whole. */
  readonly torn: boolean;
  /** Its key file is there: it goes on, or was killed. */
  readonly goesOn: boolean;
  readonly start: number | null;
  readonly finish: number | null;
  readonly elapsed: number;
  /** That it ran itself, with failures among them. */
  readonly tasks: number;
  readonly failed: number;
  readonly taskSeconds: number;
  readonly slots: number;
  readonly best: number;
  readonly course: Course;
}
