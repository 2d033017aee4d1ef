/**
 * Finds the processes of a task by what its environment says, where the system shows it (/proc): for when the launcher that
 * started them is dead, and with it the knowledge of who they are. Runs in the engine's process.
 *
 * It finds also what has left the task's process group, and what started so shortly before the launcher's death that
 * nobody was told. A zombie has no environment any more and is not found.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Variables with their values that the environment of the wanted processes holds, all of them. */
export type Mark = Readonly<Record<string, string>>;

/** What marks a task in one slot of an engine. */
export function taskMark(runId: string, engineRank: number, taskId: number, slot: number): Mark {
  return {
    ...engineMark(runId, engineRank),
    DISBATCH_TASKID: String(taskId),
    DISBATCH_CYLINDER_RANK: String(slot),
  };
}

/** What marks all tasks of an engine. */
export function engineMark(runId: string, engineRank: number): Mark {
  return { DISBATCH_RUN_ID: runId, DISBATCH_ENGINE_RANK: String(engineRank) };
}

/** PIDs of all processes that carry one of the marks; none where the system does not show environments. */
export function findStrays(marks: readonly Mark[]): number[] {
  const wanted = marks.map((mark) => Object.entries(mark).map(([name, value]) => `\0${name}=${value}\0`));
  return processIds().filter((pid) => {
    const environment = `\0${environmentOf(pid)}`;
    return wanted.some((variables) => variables.every((variable) => environment.includes(variable)));
  });
}

/**
 * Kills all processes that carry one of the marks, until none is left.
 *
 * @param alsoKill - called before each look, for those who are known otherwise
 * @returns those whose end could not be seen in time
 */
export async function killStrays(
  marks: readonly Mark[],
  patienceMs: number,
  alsoKill = (): void => {},
): Promise<number[]> {
  const end = performance.now() + patienceMs;
  for (;;) {
    alsoKill();
    const strays = marks.length === 0 ? [] : findStrays(marks);
    for (const pid of strays) signalProcess(pid, 'SIGKILL');
    if (strays.length === 0 || performance.now() > end) return strays;
    await delay(5);
  }
}

/** Signals a process, or with a negative number its group. One that is gone needs no signal. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {}
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    // Another user's, or gone.
    return '';
  }
}
