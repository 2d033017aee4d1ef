import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { watchTimeLimit } from '../../src/context/time-limit.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 0, 15, 11, 55) });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A limit that can be changed while it is watched. */
class Allocation {
  endsAt: number | undefined;
  /** What an answer fails with. */
  failure: string | undefined;
  /** The answer does not come before it is told to. */
  silent = false;
  answer: () => void = () => {};
  questions: number[] = [];
  readonly said: string[] = [];
  readonly logged: string[] = [];
  readonly stops: { at: number; left: number }[] = [];
  end: () => void = () => {};

  constructor(leftMs: number | undefined) {
    this.endsAt = leftMs === undefined ? undefined : Date.now() + leftMs;
  }

  async watch(stopBefore?: number): Promise<this> {
    this.end = watchTimeLimit({
      secondsLeft: async () => {
        this.questions.push(Date.now());
        if (this.silent) await new Promise<void>((resolve) => (this.answer = resolve));
        if (this.failure !== undefined) throw new Error(this.failure);
        return this.endsAt === undefined ? undefined : Math.floor((this.endsAt - Date.now()) / 1000);
      },
      stopBefore,
      say: (text) => this.said.push(text),
      log: (level, text) => this.logged.push(`${level} ${text}`),
      stop: (left) => this.stops.push({ at: Date.now(), left }),
    });
    onTestFinished(this.end);
    await vi.advanceTimersByTimeAsync(0);
    return this;
  }
}

describe('the end of the allocation is told at the start', () => {
  test.each([
    [2 * hour + 10 * minute, 'The allocation ends at 14:05 (in 2 h 10 min).'],
    [5 * minute, 'The allocation ends at 12:00 (in 5 min).'],
    [45 * second, 'The allocation ends at 11:55 (in 45 s).'],
    [90 * second, 'The allocation ends at 11:56 (in 90 s).'],
    [hour - 20 * second, 'The allocation ends at 12:54 (in 1 h).'],
    [12 * hour + 10 * minute, 'The allocation ends at 2026-01-16 00:05 (in 12 h 10 min).'],
    [24 * hour - 20 * second, 'The allocation ends at 2026-01-16 11:54 (in 1 d).'],
    [30 * 24 * hour + 4 * hour, 'The allocation ends at 2026-02-14 15:55 (in 30 d 4 h).'],
    [0, 'The allocation ends at 11:55 (in 0 s).'],
  ])('%d ms: %s', async (left, sentence) => {
    const allocation = await new Allocation(left).watch();
    expect(allocation.said).toEqual([sentence]);
  });

  test('with the time of the last start, when it is to be stopped before', async () => {
    const allocation = await new Allocation(2 * hour + 10 * minute).watch(300);
    expect(allocation.said).toEqual([
      'The allocation ends at 14:05 (in 2 h 10 min); no task is started after 14:00 (--stop-before).',
    ]);
  });

  test('and nothing is said when there is no end, nor asked again', async () => {
    const allocation = await new Allocation(undefined).watch();
    await vi.advanceTimersByTimeAsync(10 * hour);
    expect(allocation.said).toEqual([]);
    expect(allocation.questions).toHaveLength(1);
  });

  test('and nothing is said when it cannot be found out, but in the log', async () => {
    const allocation = new Allocation(hour);
    allocation.failure = 'Command failed: squeue\nsqueue: not\x1b found.\n';
    await allocation.watch();
    expect(allocation.said).toEqual([]);
    expect(allocation.logged).toEqual(['WARNING the time left of the allocation is not known: squeue: not\\x1b found']);
  });

  test('without --stop-before no run is stopped', async () => {
    const allocation = await new Allocation(minute).watch();
    await vi.advanceTimersByTimeAsync(10 * minute);
    expect(allocation.stops).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('with --stop-before', () => {
  test('the run is stopped once, so long before the end', async () => {
    const allocation = await new Allocation(2 * hour).watch(300);
    const start = Date.now();
    await vi.advanceTimersByTimeAsync(2 * hour - 5 * minute - 2 * second);
    expect(allocation.stops).toEqual([]);
    await vi.advanceTimersByTimeAsync(10 * hour);
    expect(allocation.stops).toHaveLength(1);
    const [stop] = allocation.stops as [{ at: number; left: number }];
    expect(Math.abs(stop.at - (start + 2 * hour - 5 * minute))).toBeLessThanOrEqual(second);
    expect(stop.left).toBe(300);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('it asks at least every five minutes, and just before the time', async () => {
    const allocation = await new Allocation(hour).watch(600);
    await vi.advanceTimersByTimeAsync(2 * hour);
    const times = [...allocation.questions, allocation.stops[0]?.at ?? NaN];
    for (const [index, time] of times.entries()) {
      if (index > 0) expect(time - (times[index - 1] as number)).toBeLessThanOrEqual(5 * minute);
    }
    expect((times.at(-1) as number) - (times.at(-2) as number)).toBeLessThanOrEqual(6 * second);
    expect(times.length).toBeLessThan(20);
  });

  test('a limit that is extended counts, and is told', async () => {
    const allocation = await new Allocation(hour).watch(300);
    allocation.endsAt = (allocation.endsAt as number) + 3 * hour;
    await vi.advanceTimersByTimeAsync(2 * hour);
    expect(allocation.stops).toEqual([]);
    expect(allocation.said.slice(1)).toEqual([
      'The allocation now ends at 15:55 (in 3 h 55 min); no task is started after 15:50 (--stop-before).',
    ]);
    await vi.advanceTimersByTimeAsync(2 * hour);
    expect(allocation.stops).toHaveLength(1);
  });

  test('a limit that is cut counts, within five minutes', async () => {
    const allocation = await new Allocation(10 * hour).watch(300);
    allocation.endsAt = Date.now() + 20 * minute;
    await vi.advanceTimersByTimeAsync(15 * minute);
    expect(allocation.stops).toEqual([{ at: expect.any(Number) as number, left: 300 }]);
  });

  test('a limit that is cut to below it stops the run at the next question', async () => {
    const allocation = await new Allocation(10 * hour).watch(300);
    allocation.endsAt = Date.now() + 7 * minute;
    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(allocation.stops).toEqual([{ at: expect.any(Number) as number, left: 120 }]);
    expect(allocation.said.at(-1)).toBe(
      'The allocation now ends at 12:02 (in 2 min); no more tasks are started (--stop-before).',
    );
  });

  test('a limit that is lifted lets the run go on, and one that is set later stops it', async () => {
    const allocation = await new Allocation(hour).watch(300);
    allocation.endsAt = undefined;
    await vi.advanceTimersByTimeAsync(10 * hour);
    expect(allocation.stops).toEqual([]);
    expect(allocation.said.slice(1)).toEqual([
      'The allocation has no known end any more, so --stop-before has no effect.',
    ]);
    allocation.endsAt = Date.now() + hour;
    await vi.advanceTimersByTimeAsync(hour);
    expect(allocation.said.at(-1)).toMatch(/^The allocation now ends at 22:55/);
    expect(allocation.stops).toHaveLength(1);
  });

  test('an end that has come too near already stops the run at once', async () => {
    const allocation = await new Allocation(2 * minute).watch(300);
    expect(allocation.stops).toEqual([{ at: Date.now(), left: 120 }]);
    expect(allocation.said).toEqual([
      'The allocation ends at 11:57 (in 2 min); no more tasks are started (--stop-before).',
    ]);
  });

  test('an end months away stops nothing now', async () => {
    const allocation = await new Allocation(100 * 24 * hour).watch(300);
    await vi.advanceTimersByTimeAsync(hour);
    expect(allocation.stops).toEqual([]);
    expect(allocation.questions.length).toBeLessThan(20);
  });

  test('no timer keeps the process from ending', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    onTestFinished(() => timers.mockRestore());
    await new Allocation(hour).watch(300);
    await vi.advanceTimersByTimeAsync(54 * minute);
    expect(timers.mock.results.length).toBeGreaterThan(3);
    for (const { value } of timers.mock.results) expect((value as NodeJS.Timeout).hasRef()).toBe(false);
  });

  test('questions that fail leave the last answer in force', async () => {
    const allocation = await new Allocation(hour).watch(300);
    allocation.failure = 'Unable to contact slurm controller';
    await vi.advanceTimersByTimeAsync(55 * minute);
    expect(allocation.stops).toEqual([{ at: expect.any(Number) as number, left: 300 }]);
    expect(allocation.said).toHaveLength(1);
    expect(allocation.logged).toContain(
      'WARNING the time left of the allocation is not known: Unable to contact slurm controller',
    );
  });

  test('a question without an answer does not hold the stop back', async () => {
    const allocation = await new Allocation(hour).watch(300);
    allocation.silent = true;
    await vi.advanceTimersByTimeAsync(55 * minute + second);
    expect(allocation.stops).toHaveLength(1);
    expect(allocation.questions).toHaveLength(2);
  });

  test('an answer that comes after the stop changes nothing', async () => {
    const allocation = await new Allocation(hour).watch(300);
    allocation.silent = true;
    await vi.advanceTimersByTimeAsync(55 * minute + second);
    allocation.endsAt = (allocation.endsAt as number) + hour;
    allocation.answer();
    await vi.advanceTimersByTimeAsync(5 * hour);
    expect(allocation.stops).toHaveLength(1);
    expect(allocation.said).toHaveLength(1);
  });

  test('it is said that it has no effect where there is no end', async () => {
    const allocation = await new Allocation(undefined).watch(300);
    await vi.advanceTimersByTimeAsync(hour);
    expect(allocation.said).toEqual(['--stop-before has no effect, since the allocation has no end that is known.']);
  });

  test('it is said why the end is not known, and it is looked for again', async () => {
    const allocation = new Allocation(hour);
    allocation.failure = 'Unable to contact slurm controller (connect failure)';
    await allocation.watch(300);
    expect(allocation.said).toEqual([
      '--stop-before has no effect as long as the end of the allocation is not known: ' +
        'Unable to contact slurm controller (connect failure).',
    ]);
    allocation.failure = undefined;
    await vi.advanceTimersByTimeAsync(5 * minute);
    expect(allocation.said[1]).toBe(
      'The allocation now ends at 12:55 (in 55 min); no task is started after 12:50 (--stop-before).',
    );
  });
});

test('a watch that has been ended says nothing and stops nothing', async () => {
  const early = new Allocation(hour);
  const watching = early.watch(300);
  early.end();
  await watching;
  expect(early.said).toEqual([]);
  const late = await new Allocation(hour).watch(300);
  late.end();
  await vi.advanceTimersByTimeAsync(2 * hour);
  expect([...early.stops, ...late.stops]).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
