import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { leaseEndedStatus } from '../../src/engine/launcher-protocol.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';
import { openFreezable, type Freezable } from './fixtures/frozen.ts';
import { closeEnginesAfterEach, launchers, openEngine } from './fixtures/launchers.ts';
import { plainStart, type TestEngine } from './fixtures/test-engine.ts';

const { ETIMEDOUT } = constants.errno;

closeEnginesAfterEach();

/** Starts a task whose output is to be kept on the file system that hangs. @returns its PID */
async function startKept(engine: TestEngine, disk: Freezable, command: string): Promise<number> {
  const files = { output: join(disk.folder, 'a/task.out'), error: join(disk.folder, 'a/task.err') };
  engine.send({ type: 'start', lane: 0, command: asBytes(command), ...plainStart, files, env: [] });
  return (await engine.frame('started', (frame) => frame.lane === 0)).pid;
}

/** The same, of a task that has written something by now. */
async function startWriting(engine: TestEngine, disk: Freezable, command: string): Promise<number> {
  const wrote = join(testFolder(), 'wrote');
  const pid = await startKept(engine, disk, `echo x; touch ${wrote}; ${command}`);
  await until('the first line', () => existsSync(wrote));
  return pid;
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

describe.each(launchers)('a file system that hangs under the $name launcher', (launcher) => {
  test('holds up nobody else, and in the end the file is whole', { timeout: 60_000 }, async (ctx) => {
    const disk = await openFreezable(ctx);
    const engine = await openEngine({ ...launcher, command: disk.command(launcher.command) });
    const before = residentMiB(engine.pid);
    disk.freeze();
    await startKept(engine, disk, 'head -c 5000000 /dev/zero; exit 7');
    for (let i = 0; i < 20; i++) {
      const other = await engine.run(`echo other ${i}`, { lane: 1, withinMs: 5000 });
      expect(other.output.head).toBe(`other ${i}\n`);
    }
    expect(engine.frames.some((frame) => frame.type === 'ended' && frame.lane === 0)).toBe(false);
    // What waits to be written is bounded.
    expect(residentMiB(engine.pid) - before).toBeLessThan(launcher.native ? 2 : 30);
    disk.thaw();
    const ended = await engine.frame('ended', (frame) => frame.lane === 0);
    expect(ended).toMatchObject({ exitCode: 7, output: { bytes: 5_000_000, fileError: 0 } });
    const kept = readFileSync(join(disk.seenFolder, 'a/task.out'));
    expect(kept.equals(Buffer.alloc(5_000_000))).toBe(true);
  });

  test('keeps no END from its end', { timeout: 60_000 }, async (ctx) => {
    const disk = await openFreezable(ctx);
    const engine = await openEngine({ ...launcher, command: disk.command(launcher.command) });
    disk.freeze();
    await startWriting(engine, disk, 'yes');
    engine.send({ type: 'end', graceMs: 100 });
    await engine.frame('done');
    expect(await engine.frame('ended')).toMatchObject({ exitCode: -15, output: { fileError: ETIMEDOUT } });
    expect((await engine.run('echo next')).output.head).toBe('next\n');
    disk.thaw();
  });

  test('keeps no task alive when the lease ends, nor the launcher', { timeout: 60_000 }, async (ctx) => {
    const disk = await openFreezable(ctx);
    const engine = await openEngine({ ...launcher, command: disk.command(launcher.command) });
    disk.freeze();
    const task = await startWriting(engine, disk, 'trap "" TERM; yes');
    const before = performance.now();
    engine.send({ type: 'lease', ms: 300 });
    if (launcher.native) {
      expect(await engine.exited(5000)).toEqual({ code: leaseEndedStatus, signal: null });
      expect(lives(task)).toBe(false);
    } else {
      // Node's threads cannot leave the kernel, and the process not without them.
      await until('the end of the task', () => !lives(task));
    }
    expect(performance.now() - before).toBeLessThan(5000);
    disk.thaw();
    await engine.exited();
  });
});
