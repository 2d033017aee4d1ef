/** Jobs of a real Slurm that are ended from outside, by people or by their time limit: what is recorded, and what is left. */
import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { startBed, type Bed } from './bed.ts';
import { allDone, SlurmRun } from './slurm-run.ts';

let bed: Bed;

beforeEach(async (ctx) => {
  skipWithout(ctx, 'namespaces', 'slurm');
  bed = await startBed({ nodes: 3, services: ['slurm'], slurm: { cpus: 2 } });
});

const job = ['-N', '3', '-n', '6', '--no-requeue'];

/**
 * Sees that a run that was ended has whole records, none of a task that was ended with it, and nothing left; and that the
 * command it printed does the rest.
 */
async function expectEndedWell(run: SlurmRun, tasks: 'ended' | 'let finish'): Promise<void> {
  const { status, missing, ...rest } = await run.outcome();
  expect({ ...rest, status: 0, missing: [] }).toEqual(allDone);
  expect(status).not.toBe(0);
  expect(missing.length).toBeGreaterThan(0);
  const recorded = run.finalRecords().map(({ taskId }) => String(taskId));
  const done = run.lines('done').map((line) => line.split(' ')[0] as string);
  expect(done).toEqual(expect.arrayContaining(recorded));
  const [begun, finished] = [run.lines('begun').length, done.length];
  expect(begun - finished).toSatisfy((count: number) => (tasks === 'ended' ? count > 0 : count === 0));
  expect(run.said()).toMatch(/^ {10}disbatch -r \S+run_status\.txt .*run\.tasks$/m);

  const again = await SlurmRun.locked(bed, job, ['-r', 'run_status.txt'], run.tasks, 0.1, { name: 'again' });
  expect(await again.outcome()).toEqual(allDone);
  const ran = again.taskRecords().map(({ taskId }) => taskId);
  expect(ran).toEqual(missing);
}

describe('scancel', () => {
  test('leaves a whole status file and nothing of the tasks that it ended; a resume does the rest', async () => {
    const run = await SlurmRun.locked(bed, job, [], 30, 1);
    await run.hasRecords(12);
    await bed.output(['scancel', run.job as string]);
    await expectEndedWell(run, 'ended');
    expect(run.said()).toContain('SIGTERM: ending ');
  });

  test('of the batch script by USR1 lets the running tasks finish', async () => {
    const run = await SlurmRun.locked(bed, job, [], 30, 1);
    await run.hasRecords(12);
    await bed.output(['scancel', '-b', '-s', 'USR1', run.job as string]);
    await expectEndedWell(run, 'let finish');
    expect(run.said()).toContain('Stopping: running tasks may finish, no new ones are started.');
  });

  test('of the steps by USR1 reaches the tasks, whose signal it is, and nothing else', async () => {
    const run = await SlurmRun.locked(bed, job, [], 30, 1);
    await run.hasRecords(12);
    await bed.output(['scancel', '-s', 'USR1', run.job as string]);
    const { failed, ...rest } = await run.outcome();
    expect({ ...rest, failed: [] }).toEqual(allDone);
    expect(new Set(failed.map(({ exitCode }) => exitCode))).toEqual(new Set([-10]));
    expect(failed.length).toBeLessThanOrEqual(6);
    expect(run.driverLog()).not.toContain('runs again');
  });
});

describe('the time limit', () => {
  test('leaves a whole status file, and a resume does the rest', async () => {
    const run = await SlurmRun.locked(bed, [...job, '-t', '30'], [], 210, 1.5);
    await run.hasRecords(9);
    // Slurm looks at time limits every half a minute.
    await bed.output(['scontrol', 'update', `jobid=${run.job}`, 'EndTime=now+1'], { user: 'root' });
    await expectEndedWell(run, 'ended');
    expect(run.said()).toContain('SIGTERM: ending ');
  });

  test('is not reached with --stop-before: tasks finish, and the command that goes on is printed', async () => {
    const run = await SlurmRun.locked(bed, [...job, '-t', '1'], ['--stop-before', '50s'], 110, 1.5);
    await expectEndedWell(run, 'let finish');
    expect(run.said()).toMatch(
      /The allocation ends at .* \(in \d+ s\); no task is started after .* \(--stop-before\)\./,
    );
    expect(run.said()).toMatch(
      /The allocation ends in (4[5-9]|50) s: running tasks may finish, no new ones are started/,
    );
  });
});
