/**
 * Programs that use a run in any way: steps, and what such a program knows of its tasks.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DisbatchError, fateOf, type Library } from './built-library.ts';

/** Lines, the tasks among them, and the numbers that they take; undefined: refused. */
type Submit =
  { readonly lines: readonly string[]; readonly numbers: number; readonly barriers: readonly number[] } | undefined;
export type End = 'done' | 'stop' | 'end' | 'abort';
export type Step =
  | { readonly do: 'submit'; readonly what: Submit; readonly wait: boolean }
  | { readonly do: 'result' | 'sync'; readonly pick: number; readonly wait: boolean }
  | { readonly do: 'iterate'; readonly slow: boolean }
  | { readonly do: 'done' | 'stop' | 'end' | 'abort' };

const command = fc.constantFrom('true', 'exit 3', 'kill -9 $$', 'sleep 0.02', 'echo x; echo y >&2');
const refused: Submit = undefined;
const submission: fc.Arbitrary<Submit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(command, { minLength: 1, maxLength: 4 })
      .map((lines) => ({ lines, numbers: lines.length, barriers: [] })),
  },
  {
    weight: 2,
    arbitrary: fc
      .integer({ min: 0, max: 5 })
      .map((n) => ({ lines: [`#DISBATCH REPEAT ${n} start 7 true`], numbers: n, barriers: [] })),
  },
  {
    weight: 2,
    arbitrary: command.map((line) => ({ lines: [line, '#DISBATCH BARRIER', line], numbers: 3, barriers: [1] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('#DISBATCH SUFFIX ; true', '# nothing', '')
      .map((line) => ({ lines: [line], numbers: 0, barriers: [] })),
  },
  { weight: 1, arbitrary: fc.constant(refused) },
);
const waits = fc.boolean();
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('submit' as const), what: submission, wait: waits }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('result' as const, 'sync' as const), pick: fc.nat(), wait: waits }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('iterate' as const), slow: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('done' as const, 'stop' as const, 'end' as const, 'abort' as const) }),
  },
);
export const anyEnd = fc.constantFrom<End>('done', 'done', 'stop', 'end', 'abort');

/** The run with what the program knows of it. */
export class Program {
  readonly given: number[] = [];
  readonly iterated: Promise<number[]>[] = [];
  private readonly run: Library.DisBatcher;
  private readonly controller: AbortController;
  private next = 0;
  private closed = false;

  constructor(run: Library.DisBatcher, controller: AbortController) {
    this.run = run;
    this.controller = controller;
  }

  /** @returns what the program may wait for */
  take(step: Step): Promise<unknown> | undefined {
    const { run } = this;
    switch (step.do) {
      case 'submit':
        return this.submit(step.what);
      case 'result':
      case 'sync': {
        const { given } = this;
        const id = given[step.pick % Math.max(1, given.length)];
        if (id === undefined) return undefined;
        if (step.do === 'result') return fateOf(run, id);
        return run.syncTasks(given.slice(0, 3)).catch((error: unknown) => assert.ok(error instanceof DisbatchError));
      }
      case 'iterate':
        this.iterated.push(this.iterate(step.slow));
        return undefined;
      default:
        return this.finish(step.do);
    }
  }

  /** @returns done when the program has been told that the run is over, unless the run goes on */
  finish(how: End): Promise<unknown> {
    this.closed = true;
    if (how === 'stop') this.run.stop();
    else if (how === 'abort') this.controller.abort();
    else if (how === 'end') return this.run.end();
    return this.run.done();
  }

  private async submit(what: Submit): Promise<void> {
    if (this.closed || what === undefined) {
      const code = this.closed ? 'not-run' : 'task-file-mistake';
      await assert.rejects(this.run.submit(what?.lines ?? ['true', '#DISBATCH NOSUCH']), { code });
      return;
    }
    const expected = Array.from({ length: what.numbers }, (_, i) => this.next + i).filter(
      (_, i) => !what.barriers.includes(i),
    );
    this.next += what.numbers;
    this.given.push(...expected);
    assert.deepEqual(await this.run.submit(what.lines), expected);
  }

  async iterate(slow: boolean): Promise<number[]> {
    const ids: number[] = [];
    for await (const { taskId } of this.run) {
      ids.push(taskId);
      if (slow) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return ids;
  }
}
