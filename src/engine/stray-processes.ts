/**
 * Finds the processes of a task by what its environment says, where the system shows it (/proc): for when the launcher that
 * started them is dead, and with it the knowledge of who they are. Runs in the engine's process.
 *
 * It finds also what has left the task's process group, and what started so shortly before the launcher's death that
 * nobody was told. A zombie has no environment any more and is not found.
 */

import { readdirSync, readFileSync } from 'node:fs';

/** What the environment of a task's processes holds, and no other's. */
export interface TaskMark {
  readonly jobId: string;
  readonly engineRank: number;
  readonly taskId: number;
  readonly slot: number;
}

/** PIDs of all processes that carry one of the marks; none where the system does not show environments. */
export function findStrays(marks: readonly TaskMark[]): number[] {
  const wanted = marks.map((mark) =>
    [
      `DISBATCH_JOBID=${mark.jobId}`,
      `DISBATCH_ENGINE_RANK=${mark.engineRank}`,
      `DISBATCH_TASKID=${mark.taskId}`,
      `DISBATCH_CYLINDER_RANK=${mark.slot}`,
    ].map((variable) => `\0${variable}\0`),
  );
  return processIds().filter((pid) => {
    const environment = `\0${environmentOf(pid)}`;
    return wanted.some((variables) => variables.every((variable) => environment.includes(variable)));
  });
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
