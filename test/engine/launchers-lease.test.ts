import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { leaseEndedStatus } from '../../src/engine/launcher-protocol.ts';
import { closeEnginesAfterEach, launchers, openEngine } from './fixtures/launchers.ts';
import { isAlive, type TestEngine, until } from './fixtures/test-engine.ts';

closeEnginesAfterEach();

/** Starts a task that does not end by itself, nor by TERM. @returns its PID */
async function startStubborn(engine: TestEngine): Promise<number> {
  engine.start(0, 'trap "" TERM; sleep 1000; sleep 1000; true');
  const started = await engine.frame('started');
  if (started.type !== 'started') throw new Error('it is no start');
  return started.pid;
}

describe.each(launchers)('the $name launcher with a lease', (launcher) => {
  test('kills its tasks when the lease is not prolonged, says so by its exit status, and ends', async () => {
    const engine = await openEngine(launcher);
    const task = await startStubborn(engine);
    engine.send({ type: 'lease', ms: 200 });
    expect(await engine.exited()).toEqual({ code: leaseEndedStatus, signal: null });
    expect(isAlive(task)).toBe(false);
  });

  test('lets them run as long as it is prolonged, and after it was taken away', async () => {
    const engine = await openEngine(launcher);
    engine.send({ type: 'lease', ms: 60_000 });
    engine.send({ type: 'lease', ms: 400 });
    engine.send({ type: 'lease', ms: 0 });
    const ended = await engine.run('sleep 0.8; echo done');
    expect(ended).toMatchObject({ exitCode: 0, output: { head: 'done\n' } });
    expect(engine.exit).toBeUndefined();
  });

  test('is not prolonged by what comes after its end', async () => {
    const engine = await openEngine(launcher);
    const task = await startStubborn(engine);
    engine.send({ type: 'lease', ms: 300 });
    // A frame behind it has been read, so the lease is known.
    engine.start(1, 'echo read');
    await engine.frame('ended', (frame) => frame.lane === 1);
    process.kill(engine.pid, 'SIGSTOP');
    const stopped = performance.now();
    await until(() => performance.now() - stopped > 400, 'the lease is over');
    engine.send({ type: 'lease', ms: 60_000 });
    process.kill(engine.pid, 'SIGCONT');
    expect(await engine.exited()).toEqual({ code: leaseEndedStatus, signal: null });
    expect(isAlive(task)).toBe(false);
  });

  test('kills them also when nobody reads what it reports', async () => {
    const engine = await openEngine(launcher);
    const task = await startStubborn(engine);
    engine.send({ type: 'lease', ms: 1000 });
    engine.child.stdout?.pause();
    for (let lane = 1; lane < 200; lane++) engine.start(lane, 'head -c 100 /dev/zero');
    await until(() => !isAlive(task), 'the end of the task');
    // What is dead and not yet buried does not count.
    const living = (): string => spawnSync('pgrep', ['-g', String(task), '-r', 'R,S,D,T']).stdout.toString();
    await until(() => living() === '', 'the end of its process group');
    expect(isAlive(task)).toBe(false);
  });
});
