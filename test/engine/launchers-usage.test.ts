import { spawnSync } from 'node:child_process';
import { describe, expect, test, type TestContext } from 'vitest';
import type { TaskUsage } from '../../src/contract/messages.ts';
import { closeEnginesAfterEach, launchers, openEngine } from './fixtures/launchers.ts';
import type { TestEngine } from './fixtures/test-engine.ts';

const linux = process.platform === 'linux';

closeEnginesAfterEach();

/** Runs a task whose usage is wanted. */
async function usageOf(engine: TestEngine, command: string): Promise<TaskUsage> {
  const { usage, exitCode, error } = await engine.run(command, { followMemory: true, withinMs: 60_000 });
  if (usage === undefined) throw new Error(`no usage: exit code ${exitCode}, ${error.head}`);
  return usage;
}

/**
 * Commands that have so many bytes in one process: for a moment; and for some seconds, with small ones beside it. There the
 * first byte comes out of `tail` when it has all of them, and the others do when somebody takes them.
 */
const block = (bytes: number): string => `dd if=/dev/zero of=/dev/null bs=${bytes} count=1`;
const held = (bytes: number, seconds: number): string =>
  `{ head -c ${bytes} /dev/zero | tail -c ${bytes} | { head -c 1 >/dev/null; sleep ${seconds}; wc -c; }; }`;

/** That share of what is known, and what any small process has beside it. */
function expectAbout(bytes: number, known: number): void {
  expect(bytes / known).toBeGreaterThan(0.9);
  expect((bytes - 2_500_000) / known).toBeLessThan(1.1);
}

function skipWithoutProc(ctx: TestContext): void {
  if (!linux) ctx.skip('only Linux shows in /proc what processes have');
}

describe.each(launchers)('what a task of the $name launcher uses', (launcher) => {
  test('is not told when it is not asked for', async () => {
    const engine = await openEngine(launcher);
    expect((await engine.run('true')).usage).toBeUndefined();
    expect((await engine.run('sleep 0.3')).usage).toBeUndefined();
  });

  test('is not told for the next task when it was asked for the one before', async (ctx) => {
    skipWithoutProc(ctx);
    const engine = await openEngine(launcher);
    await usageOf(engine, 'sleep 0.4');
    expect((await engine.run('sleep 0.4')).usage).toBeUndefined();
  });

  if (launcher.native)
    test.each([20, 100, 300])('is exact for one process with %d MB', { timeout: 60_000 }, async (megabytes) => {
      const engine = await openEngine(launcher);
      const usage = await usageOf(engine, `exec ${block(megabytes * 1e6)}`);
      expect(usage).toMatchObject({ memoryFrom: 'wait4', cpuFrom: 'wait4', largestProcess: usage.peakMemory });
      expectAbout(usage.peakMemory, megabytes * 1e6);
    });

  if (launcher.native)
    test('is exact for a task that is over at once, and as small as bash is', async () => {
      const engine = await openEngine(launcher);
      const usage = await usageOf(engine, 'true');
      expect(usage).toMatchObject({ memoryFrom: 'wait4', cpuFrom: 'wait4' });
      expect(usage.peakMemory).toBeGreaterThan(500_000);
      expect(usage.peakMemory).toBeLessThan(10e6);
    });

  if (launcher.native)
    test('has for processes one after another the memory of the largest', { timeout: 60_000 }, async () => {
      const engine = await openEngine(launcher);
      const usage = await usageOf(engine, `${block(60e6)}; ${block(100e6)}; ${block(30e6)}; true`);
      expect(usage.memoryFrom).toBe('samples');
      expectAbout(usage.peakMemory, 100e6);
      expectAbout(usage.largestProcess, 100e6);
    });

  test.each([20, 100])('has the %d MB that a process among others had', { timeout: 60_000 }, async (megabytes) => {
    if (!linux) return expect(linux).toBe(false);
    const engine = await openEngine(launcher);
    const usage = await usageOf(engine, held(megabytes * 1e6, 2));
    expect(usage.memoryFrom).toBe('samples');
    expectAbout(usage.largestProcess, megabytes * 1e6);
    expect(usage.peakMemory).toBeGreaterThanOrEqual(usage.largestProcess);
    expect(usage.peakMemory).toBeLessThan(usage.largestProcess + 10e6);
  });

  test('has the sum of what two processes had at once', { timeout: 60_000 }, async (ctx) => {
    skipWithoutProc(ctx);
    const engine = await openEngine(launcher);
    const seconds = launcher.native ? 1.5 : 3;
    const usage = await usageOf(engine, `${held(100e6, seconds)} & ${held(100e6, seconds)} & wait`);
    expect(usage.memoryFrom).toBe('samples');
    expect(usage.peakMemory / 200e6).toBeGreaterThan(0.9);
    expect(usage.peakMemory / 200e6).toBeLessThan(1.1);
    expectAbout(usage.largestProcess, 100e6);
  });

  test('counts once what forked processes share', { timeout: 60_000 }, async (ctx) => {
    skipWithoutProc(ctx);
    if (spawnSync('perl', ['-e', '0']).status !== 0) ctx.skip('perl is missing, which forks with memory in hand');
    const engine = await openEngine(launcher);
    const program = 'open F, "</dev/zero"; sysread F, $x, 1e8; fork; fork; sleep 2; 1 while wait > 0';
    const usage = await usageOf(engine, `exec perl -e '${program}'`);
    expect(usage.memoryFrom).toBe('samples');
    expectAbout(usage.largestProcess, 105e6);
    expect(usage.peakMemory / 1e8).toBeGreaterThan(0.95);
    expect(usage.peakMemory / 1e8).toBeLessThan(1.25);
  });

  test('has what a process had that its parent did not wait for', { timeout: 60_000 }, async (ctx) => {
    skipWithoutProc(ctx);
    const engine = await openEngine(launcher);
    const seconds = launcher.native ? 1.5 : 3;
    const begun = `p=$(bash -c '${held(100e6, seconds)} >/dev/null & echo $!')`;
    const usage = await usageOf(engine, `${begun}; while kill -0 $p 2>/dev/null; do sleep 0.1; done`);
    expect(usage.memoryFrom).toBe('samples');
    expectAbout(usage.largestProcess, 100e6);
  });

  test('has the processor time of all its processes', { timeout: 60_000 }, async (ctx) => {
    skipWithoutProc(ctx);
    const engine = await openEngine(launcher);
    const burn = 'i=0; while [ $((i++)) -lt 200000 ]; do :; done';
    const alone = await usageOf(engine, `${burn}; sleep 0.3; true`);
    expect(alone.cpuFrom).toBe(launcher.native ? 'wait4' : 'samples');
    const cpu = alone.userCpu + alone.systemCpu;
    expect(cpu).toBeGreaterThan(0.05);
    const both = await usageOf(engine, `(${burn}); (${burn}); sleep 0.3; true`);
    expect((both.userCpu + both.systemCpu) / cpu).toBeGreaterThan(1.4);
    expect((both.userCpu + both.systemCpu) / cpu).toBeLessThan(3);
    if (!launcher.native) return;
    const begun = `p=$(bash -c '(${burn}) >/dev/null & echo $!')`;
    const orphan = await usageOf(engine, `${begun}; while kill -0 $p 2>/dev/null; do sleep 0.05; done`);
    // Its parent has not waited for it, but the launcher has.
    expect((orphan.userCpu + orphan.systemCpu) / cpu).toBeGreaterThan(0.7);
  });
});
