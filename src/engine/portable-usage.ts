/**
 * What the tasks of the portable launcher use, by looks at their processes in /proc; Linux only.
 *
 *   follow ─► look after 30 ms ─► looks further and further apart, up to 1 s ─► end
 *
 * One look is for all tasks that are followed: it goes through the processes that were not there at the look before, and
 * those that were and belong to a task. The next comes when no more than 1 % of the time goes into looks. The processes of
 * a task are its descendants and those of its session. A task that ended before the first look is not known.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { TaskUsage } from '../contract/messages.ts';
import { readProcessStat, type CpuTimes, type ProcessStat } from './portable-stat.ts';

const firstLookMs = 30;
const lookMostMs = 1000;
/** Looks may take one in so many parts of the time; but for so many milliseconds of processor time, at any moment. */
const costShare = 100;
const costCredit = 20;

interface Followed {
  readonly since: number;
  userCpu: number;
  systemCpu: number;
  /** Bytes: of all its processes at one moment, and of one. */
  together: number;
  largest: number;
}

interface Found extends ProcessStat {
  readonly pid: number;
}

export class UsageWatch {
  private readonly tasks = new Map<number, Followed>();
  private timer: NodeJS.Timeout | undefined;
  private plannedAt = Infinity;
  private looking = false;
  /** Milliseconds of processor time that looks have taken too early, as of the last look. */
  private debt = 0;
  private lastLook = 0;
  private pageBytes: number | undefined;
  /** Processes that belong to no task, and never will. */
  private strangers: ReadonlySet<number> | undefined;

  /** Follows a task from its start on. */
  follow(pid: number): void {
    const since = performance.now();
    this.tasks.set(pid, { since, userCpu: 0, systemCpu: 0, together: 0, largest: 0 });
    this.plan(since + firstLookMs);
  }

  /**
   * Ends that. It has exited.
   *
   * @param cpu - what the kernel said of it at its exit
   */
  end(pid: number, cpu: CpuTimes | undefined): TaskUsage | undefined {
    const task = this.tasks.get(pid);
    this.tasks.delete(pid);
    if (task === undefined || task.largest === 0) return undefined;
    return {
      userCpu: Math.max(task.userCpu, cpu?.userCpu ?? 0),
      systemCpu: Math.max(task.systemCpu, cpu?.systemCpu ?? 0),
      cpuFrom: 'samples',
      peakMemory: Math.max(task.together, task.largest),
      memoryFrom: 'samples',
      largestProcess: task.largest,
    };
  }

  private plan(at: number): void {
    // After a look the next is planned anyway.
    if (this.looking || at >= this.plannedAt) return;
    this.plannedAt = at;
    clearTimeout(this.timer);
    const payOff = this.lastLook + (this.debt - costCredit) * costShare;
    const wait = Math.max(at, payOff) - performance.now();
    this.timer = setTimeout(() => void this.look(), Math.max(1, wait));
    this.timer.unref();
  }

  private async look(): Promise<void> {
    this.looking = true;
    const before = process.cpuUsage();
    const isFirst = this.strangers === undefined;
    const processes = this.newAndOwn();
    this.pageBytes ??= bytesOfAPage();
    const shared: Promise<void>[] = [];
    const owned = new Set<number>();
    for (const [pid, task] of this.tasks) {
      const own = processesOf(pid, processes);
      for (const each of own) owned.add(each.pid);
      if (own.length > 0) this.takeIn(task, own, shared);
    }
    this.strangers = new Set([
      ...(this.strangers ?? []),
      ...processes.flatMap(({ pid }) => (owned.has(pid) ? [] : [pid])),
    ]);
    await Promise.all(shared);
    this.looking = false;
    this.plannedAt = Infinity;
    const now = performance.now();
    const { user, system } = process.cpuUsage(before);
    const paid = (now - this.lastLook) / costShare;
    // The first goes through all that runs here, once.
    const cost = isFirst ? 0 : (user + system) / 1000;
    this.debt = Math.max(0, this.debt - paid) + cost;
    this.lastLook = now;
    if (this.tasks.size === 0) return;
    const youngest = Math.max(...[...this.tasks.values()].map(({ since }) => since));
    this.plan(now + Math.min(lookMostMs, Math.max(firstLookMs, (now - youngest) / 4)));
  }

  /** The processes that may belong to a task. Strangers that are gone are forgotten: their numbers may come again. */
  private newAndOwn(): Found[] {
    const found: Found[] = [];
    const strangers = new Set<number>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (this.strangers?.has(pid) === true) strangers.add(pid);
      else if (pid > 0) {
        const stat = readProcessStat(pid);
        if (stat !== undefined) found.push({ pid, ...stat });
      }
    }
    this.strangers = strangers;
    return found;
  }

  /** @param shared - gets what has to be asked of the kernel at more length */
  private takeIn(task: Followed, own: readonly Found[], shared: Promise<void>[]): void {
    const sum = (of: (process: Found) => number): number => own.reduce((total, process) => total + of(process), 0);
    // What has ended without being waited for is missing from a later sum.
    task.userCpu = Math.max(
      task.userCpu,
      sum(({ userCpu }) => userCpu),
    );
    task.systemCpu = Math.max(
      task.systemCpu,
      sum(({ systemCpu }) => systemCpu),
    );
    const page = this.pageBytes ?? 0;
    const sizes = own.map(({ residentPages }) => residentPages * page);
    task.largest = Math.max(task.largest, ...sizes);
    if (own.length === 1) task.largest = Math.max(task.largest, peakOf(own[0]!.pid));
    // What processes share must not count for each of them; to know it is dear, and the plain sum is never smaller.
    const plain = sum(({ residentPages }) => residentPages) * page;
    if (own.length === 1 || plain <= task.together) return;
    const proportional = own.map(async ({ pid }, i) => proportionalOf(pid, sizes[i]!));
    shared.push(
      Promise.all(proportional).then((all) => {
        task.together = Math.max(
          task.together,
          all.reduce((total, size) => total + size, 0),
        );
      }),
    );
  }
}

/** The processes of a task: those of its session, and the descendants of all these. */
function processesOf(task: number, all: readonly Found[]): Found[] {
  const own = all.filter(({ pid, session }) => pid === task || session === task);
  const known = new Set(own.map(({ pid }) => pid));
  for (let at = 0; at < own.length; at++) {
    for (const process of all) {
      if (process.parent !== own[at]!.pid || known.has(process.pid)) continue;
      known.add(process.pid);
      own.push(process);
    }
  }
  return own;
}

/** Bytes that a process had at most so far; 0 when the kernel does not say. */
function peakOf(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Bytes of a process, those that n processes share counted 1/n; 0 of one that is ending; where the kernel does not say, `otherwise`. */
async function proportionalOf(pid: number, otherwise: number): Promise<number> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'latin1');
    const kib = /^Pss:\s+(\d+)/m.exec(text)?.[1];
    if (kib !== undefined) return 1024 * Number(kib);
  } catch {
    // Another user's, or ending, or the kernel has no such file.
  }
  return (readProcessStat(pid)?.residentPages ?? 0) === 0 ? 0 : otherwise;
}

/** What a page of memory has, from two ways in which the kernel tells this process's size. */
function bytesOfAPage(): number {
  const [, pages] = readFileSync('/proc/self/statm', 'latin1').split(' ');
  const exact =
    (1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1])) / Number(pages);
  return 2 ** Math.round(Math.log2(exact));
}
