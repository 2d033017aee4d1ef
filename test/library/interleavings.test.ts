/**
 * Any interleaving of what a program can do with a run leaves each submitted task in exactly one final state, which is that
 * of the status file, and nothing behind. With real tasks.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecords, testFolder } from '../support/run-disbatch.ts';
import { anyEnd, anyStep, Program } from './any-program.ts';
import { children, DisBatcher, fateOf, openFiles, resources, untilAsBefore } from './built-library.ts';

describe('any interleaving of submit, result, syncTasks, iteration, stop, abort, end and done', () => {
  test(
    'leaves each task in one final state, that of the status file, and nothing behind',
    { timeout: 180_000 },
    async () => {
      const anySteps = fc.array(anyStep, { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(fc.boolean(), anySteps, anyEnd, async (perEngine, steps, how) => {
          const [folder, controller] = [testFolder(), new AbortController()];
          const [before, childrenBefore] = [resources(), children()];
          const prefix = join(folder, 'T');
          const run = await DisBatcher.start({ sshNode: 'localhost:2', prefix, signal: controller.signal });
          const program = new Program(run, controller);
          if (perEngine) await run.submit('#DISBATCH PERENGINE START true\n#DISBATCH PERENGINE STOP true');
          const waitedFor: Promise<unknown>[] = [];
          for (const step of steps) {
            const pending = program.take(step);
            if (pending === undefined) continue;
            waitedFor.push(pending);
            if ('wait' in step && step.wait) await pending;
          }
          await program.finish(how);
          await Promise.all(waitedFor);
          const summary = await run.done();

          const records = readRecords(`${prefix}_status.txt`).filter(({ kind }) => kind === 'task');
          const ends = new Map(records.map(({ taskId, exitCode }) => [taskId, exitCode]));
          expect(ends.size).toBe(records.length);
          for (const id of program.given) expect(await fateOf(run, id)).toBe(ends.get(id) ?? 'not-run');
          expect([...ends.keys()].filter((id) => !program.given.includes(id))).toEqual([]);
          for (const iterated of [...program.iterated, program.iterate(false)]) {
            expect(await iterated).toEqual(records.map(({ taskId }) => taskId));
          }
          const [submitted, finished] = [program.given.length, records.length];
          const failed = records.filter(({ exitCode }) => exitCode !== 0).length;
          expect(summary).toMatchObject({ submitted, finished, failed, skipped: 0, notRun: submitted - finished });
          if (summary.why === 'done') expect(summary.notRun).toBe(0);

          await untilAsBefore(before);
          expect(children()).toEqual(childrenBefore);
          expect(openFiles(folder)).toEqual([]);
          expect(readdirSync(folder).filter((name) => /_(key\.json|kvsinfo\.txt)$|\.new/.test(name))).toEqual([]);
        }),
        { numRuns: 40 },
      );
    },
  );
});
