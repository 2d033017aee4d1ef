import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { closeEnginesAfterEach, launchers, openEngine } from './fixtures/launchers.ts';

const linux = process.platform === 'linux';

closeEnginesAfterEach();

/** Resident memory of a process in MiB. */
function residentMiB(pid: number): number {
  return Number(spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).stdout) / 1024;
}

describe.each(launchers)('the outputs of a task of the $name launcher', (launcher) => {
  test('are counted to the byte, apart, and sampled at both ends', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('printf "%0100d" 1; printf "%050d" 2 >&2');
    expect(ended.output).toEqual({ bytes: 100, head: '0'.repeat(40), tail: `${'0'.repeat(39)}1`, fileError: 0 });
    expect(ended.error).toEqual({ bytes: 50, head: '0'.repeat(40), tail: `${'0'.repeat(9)}2`, fileError: 0 });
  });

  test('are joined in the sample when they come in many pieces', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('for i in {1..60}; do printf $((i % 10)); sleep 0.005; done');
    const whole = '1234567890'.repeat(6);
    expect(ended.output).toEqual({ bytes: 60, head: whole.slice(0, 40), tail: whole.slice(40), fileError: 0 });
  });

  test('may hold any bytes', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run("printf '\\0\\1\\377\\376\\n\\0'");
    expect(ended.output).toEqual({ bytes: 6, head: '\0\x01\xff\xfe\n\0', tail: '', fileError: 0 });
  });

  test('may be 1 GB, in constant memory', { timeout: 120_000 }, async () => {
    const engine = await openEngine(launcher);
    await engine.run('head -c 30000000 /dev/zero');
    const before = residentMiB(engine.pid);
    const ended = await engine.run('head -c 1000000000 /dev/zero; printf end');
    expect(ended.output).toEqual({
      bytes: 1_000_000_003,
      head: '\0'.repeat(40),
      tail: `${'\0'.repeat(37)}end`,
      fileError: 0,
    });
    expect(residentMiB(engine.pid) - before).toBeLessThan(20);
    if (linux) {
      const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))![1]);
      expect(peakKiB / 1024 - before).toBeLessThan(20);
    }
  });

  test('may be closed early: the task runs on, and its lane stays busy until its exit', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('exec 1>&- 2>&-; sleep 0.4; exit 9');
    expect(ended.exitCode).toBe(9);
    expect(ended.finish - ended.start).toBeGreaterThan(0.39);
  });

  test('are waited for when they end shortly after the task', async () => {
    const engine = await openEngine(launcher);
    const ended = await engine.run('(while kill -0 $$; do :; done 2>/dev/null; sleep 0.1; date +%s.%N) & exit 0');
    expect(ended.finish).toBeLessThan(Number(ended.output.head));
  });

  test('are given up 500 ms after the exit, and what comes then reaches no other record', async () => {
    const engine = await openEngine(launcher);
    const before = performance.now();
    engine.start(
      0,
      '(for i in {1..40}; do sleep 0.1; echo left behind; echo left behind >&2; done) & echo first; exit 6',
    );
    const first = await engine.frame('ended');
    const waited = performance.now() - before;
    expect(first.exitCode).toBe(6);
    expect(first.output.head.startsWith('first\n')).toBe(true);
    expect(waited).toBeGreaterThan(480);
    expect(waited).toBeLessThan(1800);
    for (let i = 0; i < 3; i++) {
      const next = await engine.run(`sleep 0.3; echo next ${i}`);
      expect(next.output).toEqual({ bytes: 7, head: `next ${i}\n`, tail: '', fileError: 0 });
      expect(next.error.bytes).toBe(0);
    }
  });

  test('of a background process that never stops writing hold up nothing', async () => {
    const engine = await openEngine(launcher);
    const flooded = await engine.run('yes & exit 2');
    expect(flooded.exitCode).toBe(2);
    expect(flooded.output.bytes).toBeGreaterThan(1000);
    const next = await engine.run('echo next', { lane: 1 });
    expect(next.output).toEqual({ bytes: 5, head: 'next\n', tail: '', fileError: 0 });
    process.kill(-flooded.pid, 'SIGKILL');
  });

  test('of thousands of tasks leave no descriptor open', { timeout: 60_000 }, async () => {
    if (!linux) return expect(linux).toBe(false);
    const engine = await openEngine(launcher);
    const open = (): number =>
      Number(spawnSync('ls', [`/proc/${engine.pid}/fd`], { encoding: 'utf8' }).stdout.split('\n').length);
    for (let i = 0; i < 20; i++) await engine.run('echo x');
    const before = open();
    for (let i = 0; i < 200; i++) await engine.run('echo x');
    // The portable launcher has pipes in stock: 64 with both ends, at most.
    expect(open() - before).toBeLessThanOrEqual(launcher.native ? 0 : 128);
  });
});
