import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noBytes } from '../../src/base/byte-string.ts';
import type { RunnableTask } from '../../src/contract/messages.ts';
import { outputFiles } from '../../src/contract/result-files.ts';

const folder = '/scratch/results';

function task(taskId: number): RunnableTask {
  return { kind: 'task', taskId, lineNumber: 1, repeatIndex: -1, command: noBytes };
}

function perEngine(moment: 'start' | 'stop', taskId: number): RunnableTask {
  return { kind: 'per-engine', moment, taskId, lineNumber: 1, command: noBytes };
}

const anyTask: fc.Arbitrary<readonly [RunnableTask, number]> = fc.oneof(
  fc.tuple(fc.nat({ max: 499_000_000 }).map(task), fc.constant(0)),
  fc.tuple(
    fc.tuple(fc.constantFrom('start' as const, 'stop' as const), fc.nat({ max: 2000 })).map((of) => perEngine(...of)),
    fc.nat({ max: 5000 }),
  ),
);

/** How many entries each folder has when these files are all there. */
function entries(paths: Iterable<string>): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const path of paths) {
    const parts = path.slice(folder.length + 1).split('/');
    parts.forEach((name, i) => {
      const parent = parts.slice(0, i).join('/');
      if (!found.has(parent)) found.set(parent, new Set());
      found.get(parent)!.add(name);
    });
  }
  return found;
}

describe('the files of a task under --results', () => {
  test('are named for the task, in folders named for the first task in them', () => {
    expect(outputFiles(folder, task(1777), 3)).toEqual({
      output: `${folder}/0/1500/1777.out`,
      error: `${folder}/0/1500/1777.err`,
    });
    expect(outputFiles(folder, task(1_234_567), 3).output).toBe(`${folder}/1000000/1234500/1234567.out`);
    expect(outputFiles(folder, task(0), 3).output).toBe(`${folder}/0/0/0.out`);
  });

  test('of a per-engine task are named for the engine too', () => {
    expect(outputFiles(folder, perEngine('start', 0), 7).output).toBe(`${folder}/per-engine/0/7/start-0.out`);
    expect(outputFiles(folder, perEngine('stop', 0), 507).error).toBe(`${folder}/per-engine/500/507/stop-0.err`);
    expect(outputFiles(folder, perEngine('stop', 201), 7).output).toBe(`${folder}/per-engine/0/7/200/stop-201.out`);
  });

  test('are those of no other task', () => {
    fc.assert(
      fc.property(anyTask, anyTask, ([one, oneRank], [other, otherRank]) => {
        const same = JSON.stringify([one, oneRank]) === JSON.stringify([other, otherRank]);
        const all = [outputFiles(folder, one, oneRank), outputFiles(folder, other, otherRank)];
        const paths = new Set(all.flatMap(({ output, error }) => [output, error]));
        expect(paths.size).toBe(same ? 2 : 4);
      }),
    );
  });

  test('fill no folder with more than 1,000 entries, and no file has the name of a folder', () => {
    const paths = new Set<string>();
    const add = ({ output, error }: { output: string; error: string }): void => {
      paths.add(output);
      paths.add(error);
    };
    // Whole folders of each level, with neighbours; and single tasks of all the others.
    for (let id = 499_000; id < 503_000; id++) add(outputFiles(folder, task(id), 0));
    for (let id = 0; id < 499_000_000; id += 500_000) add(outputFiles(folder, task(id), 0));
    for (let id = 0; id < 1_000_000; id += 500) add(outputFiles(folder, task(id), 0));
    for (let id = 0; id < 1000; id++) {
      add(outputFiles(folder, perEngine('start', id), 7));
      add(outputFiles(folder, perEngine('stop', id), 7));
    }
    for (let rank = 0; rank < 3000; rank++) add(outputFiles(folder, perEngine('start', 0), rank));
    const found = entries(paths);
    const sizes = [...found.values()].map((names) => names.size);
    expect(Math.max(...sizes)).toBe(1000);
    for (const path of paths) expect(found.has(path.slice(folder.length + 1))).toBe(false);
  });
});
