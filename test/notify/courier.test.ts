/** When news go out, with a clock that the test turns, and somebody who brings them as the test wants. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Courier, courierTimes as times } from '../../src/notify/courier.ts';
import { Gathering, tasksOf } from '../../src/notify/gathering.ts';
import { done, failed, wordsFor } from './news.ts';

type How = 'arrives' | 'fails' | 'hangs';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

class Bench {
  /** What has been brought, or tried: when (ms), the tasks, the farewell. */
  readonly sent: { at: number; ids: number[]; farewell: string | undefined }[] = [];
  readonly warnings: string[] = [];
  how: How = 'arrives';
  readonly courier: Courier<string>;
  private nextId = 0;

  constructor(every: number | undefined) {
    this.courier = new Courier<string>({
      gathering: new Gathering(every, wordsFor),
      deliver: (batch, farewell) => {
        this.sent.push({ at: Date.now(), ids: tasksOf(batch).map(({ taskId }) => taskId), farewell });
        if (this.how === 'fails') return Promise.reject(new Error('no such server'));
        return this.how === 'hangs' ? new Promise(() => {}) : Promise.resolve();
      },
      failed: ({ message }) => this.warnings.push(message),
      times,
    });
  }

  done(count = 1): void {
    for (let i = 0; i < count; i++) this.courier.record(done(this.nextId++));
  }

  failed(): void {
    this.courier.record(failed(this.nextId++));
  }

  /** Ends the run. @returns milliseconds until that is over, when the clock is turned for a minute */
  async end(forced: Promise<void> = new Promise(() => {})): Promise<number> {
    const start = Date.now();
    let over = NaN;
    void this.courier.end('farewell', forced).then(() => (over = Date.now() - start));
    await pass(60_000);
    return over;
  }
}

const at = (bench: Bench): number[] => bench.sent.map((each) => each.at);
const ids = (bench: Bench): number[][] => bench.sent.map((each) => each.ids);

describe('tasks that end', () => {
  test('at about the same time are one piece of news', async () => {
    const bench = new Bench(1);
    bench.done(3);
    await pass(500);
    bench.done(2);
    await pass(times.gather);
    expect(ids(bench)).toEqual([[0, 1, 2, 3, 4]]);
  });

  test('in the pause after a piece are the next, when the pause is over', async () => {
    const bench = new Bench(1);
    bench.done();
    await pass(times.gather);
    bench.done(7);
    await pass(3000);
    bench.done(2);
    expect(at(bench)).toEqual([1000]);
    await pass(times.pause);
    expect(at(bench)).toEqual([1000, 1000 + times.pause]);
    expect(ids(bench)[1]).toHaveLength(9);
  });

  test('while a piece is on its way wait for it', async () => {
    const bench = new Bench(1);
    bench.how = 'hangs';
    bench.done();
    await pass(times.gather);
    bench.done(4);
    await pass(times.delivery - 1);
    expect(bench.sent).toHaveLength(1);
  });

  test('slowly are told one by one, each when it is due', async () => {
    const bench = new Bench(2);
    for (let i = 0; i < 8; i++) {
      bench.done();
      await pass(20_000);
    }
    expect(ids(bench)).toEqual([0, 2, 4, 6].map((id) => [id, id + 1]));
  });

  test('all the time are told ever more rarely, down to one piece in five minutes', async () => {
    const bench = new Bench(1);
    for (let seconds = 0; seconds < 3600; seconds++) {
      bench.done();
      await pass(1000);
    }
    const gaps = at(bench).map((time, i, all) => time - (all[i - 1] ?? 0));
    expect(gaps.slice(1, 6)).toEqual([10_000, 20_000, 40_000, 80_000, 160_000]);
    expect(gaps.at(-1)).toBe(times.longestPause);
    expect(bench.sent.length).toBeLessThan(20);
  });

  test('rarely again after that are told soon', async () => {
    const bench = new Bench(1);
    for (let seconds = 0; seconds < 600; seconds++) {
      bench.done();
      await pass(1000);
    }
    await pass(2 * times.longestPause);
    const before = bench.sent.length;
    bench.done();
    await pass(times.gather);
    bench.done();
    await pass(times.pause);
    expect(bench.sent.length).toBe(before + 2);
  });
});

describe('the first failure', () => {
  test('is told at once, whatever has just been told', async () => {
    const bench = new Bench(1);
    bench.done();
    await pass(times.gather);
    bench.done();
    bench.failed();
    await pass(times.gatherUrgent);
    expect(ids(bench)).toEqual([[0], [1, 2]]);
    bench.failed();
    await pass(times.gatherUrgent + times.gather);
    expect(bench.sent).toHaveLength(2);
  });

  test('is told when nothing is told of the others', async () => {
    const bench = new Bench(undefined);
    bench.done(5);
    bench.failed();
    bench.failed();
    await pass(1_000_000);
    expect(ids(bench)).toEqual([[5]]);
  });

  test('waits for what is on its way, and goes right after it', async () => {
    const bench = new Bench(1);
    bench.how = 'hangs';
    bench.done();
    await pass(times.gather);
    bench.failed();
    bench.how = 'arrives';
    await pass(times.delivery + times.gatherUrgent);
    expect(ids(bench)).toEqual([[0], [0, 1]]);
  });
});

describe('what cannot be delivered', () => {
  test('is one warning, and comes with what is tried next', async () => {
    const bench = new Bench(1);
    bench.how = 'fails';
    bench.done();
    await pass(times.gather);
    expect(bench.warnings).toEqual(['no such server']);
    bench.done();
    await pass(2 * times.pause);
    bench.how = 'arrives';
    await pass(4 * times.pause);
    bench.done();
    await pass(10 * times.pause);
    expect(ids(bench)).toEqual([[0], [0, 1], [0, 1], [2]]);
    expect(at(bench).slice(0, 3)).toEqual([1000, 21_000, 61_000]);
    expect(bench.warnings).toHaveLength(1);
  });

  test('is tried again ever more rarely', async () => {
    const bench = new Bench(1);
    bench.how = 'fails';
    bench.failed();
    await pass(3600_000);
    expect(bench.sent.length).toBeGreaterThan(10);
    expect(bench.sent.length).toBeLessThan(20);
    expect(bench.warnings).toHaveLength(1);
  });

  test('because it hangs is given up after a minute', async () => {
    const bench = new Bench(1);
    bench.how = 'hangs';
    bench.done();
    await pass(times.gather + times.delivery);
    expect(bench.warnings).toEqual(['it took more than 60 s']);
  });
});

describe('the end of the run', () => {
  test('is told at once, with what has not been told', async () => {
    const bench = new Bench(5);
    bench.done(7);
    await pass(times.gather);
    bench.done(2);
    expect(await bench.end()).toBe(0);
    expect(bench.sent.at(-1)).toEqual({ at: 1000, ids: [7, 8], farewell: 'farewell' });
    expect(bench.sent).toHaveLength(2);
    expect(bench.warnings).toEqual([]);
  });

  test('takes with it what was about to go', async () => {
    const bench = new Bench(1);
    bench.done(3);
    await bench.end();
    expect(bench.sent).toEqual([{ at: 0, ids: [0, 1, 2], farewell: 'farewell' }]);
  });

  test('waits for nobody who hangs, but ten seconds', async () => {
    const bench = new Bench(1);
    bench.how = 'hangs';
    expect(await bench.end()).toBe(times.end);
    expect(bench.warnings).toEqual(['it takes too long, and the run is over']);
  });

  test('is tried even when an earlier piece hangs, within the same ten seconds', async () => {
    const bench = new Bench(1);
    bench.how = 'hangs';
    bench.done();
    await pass(times.gather);
    expect(await bench.end()).toBe(times.end);
    expect(bench.sent.map(({ at, ids, farewell }) => [at, ids, farewell])).toEqual([
      [1000, [0], undefined],
      [1000 + times.end / 2, [0], 'farewell'],
    ]);
    expect(bench.warnings).toHaveLength(1);
  });

  test('that is forced waits for nothing', async () => {
    const bench = new Bench(1);
    bench.how = 'hangs';
    expect(await bench.end(Promise.resolve())).toBe(0);
    expect(bench.sent).toEqual([]);
    expect(bench.warnings).toEqual(['the end was not waited for']);
  });

  test('that is forced while the last piece is on its way waits no longer', async () => {
    const bench = new Bench(1);
    bench.how = 'hangs';
    bench.done();
    await pass(times.gather);
    expect(await bench.end(new Promise((resolve) => setTimeout(resolve, 3000)))).toBe(3000);
  });
});
