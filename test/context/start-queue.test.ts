import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StartQueue, type StartOutcome, type StartPlace } from '../../src/context/start-queue.ts';

/** A queue with starts that have begun and not ended. */
function queueOf(requests: number, limit?: number): { queue: StartQueue; begun: number[]; places: StartPlace[] } {
  const queue = new StartQueue(() => 0.5, limit);
  const begun: number[] = [];
  const places: StartPlace[] = [];
  for (let n = 0; n < requests; n++) {
    queue.enter((place) => {
      begun.push(n);
      places.push(place);
    });
  }
  return { queue, begun, places };
}

describe('how many at a time', () => {
  test('16 to begin with, first come, first served', () => {
    const { begun, places } = queueOf(18);
    expect(begun).toEqual(Array.from({ length: 16 }, (_, n) => n));
    places[3]?.leave('failed');
    expect(begun.slice(16)).toEqual([16]);
  });

  test('each start that gets through makes room for one more', () => {
    const { queue, begun, places } = queueOf(10, 2);
    places[0]?.leave('through');
    expect(queue.limit).toBe(3);
    expect(begun).toHaveLength(4);
  });

  test('drops of starts that were under way together halve it once, and a later one again', () => {
    const { queue, begun, places } = queueOf(40, 16);
    for (let n = 0; n < 16; n++) places[n]?.leave('dropped');
    expect(queue.limit).toBe(8);
    expect(begun).toHaveLength(24);
    places[16]?.leave('dropped');
    expect(queue.limit).toBe(4);
  });

  test('a failure that is no drop leaves it as it is', () => {
    const { queue, places } = queueOf(1, 5);
    places[0]?.leave('failed');
    expect(queue.limit).toBe(5);
  });

  test('a place is given back once, whatever is said afterwards', () => {
    const { queue, begun, places } = queueOf(9, 2);
    for (const outcome of ['through', 'through', 'dropped', 'failed'] as const) places[0]?.leave(outcome);
    expect(queue.limit).toBe(3);
    expect(begun).toHaveLength(4);
  });

  test('one who no longer wants a place gets none', () => {
    const queue = new StartQueue(() => 0, 1);
    const places: StartPlace[] = [];
    const begun: string[] = [];
    queue.enter((place) => places.push(place));
    const takeBack = queue.enter(() => begun.push('second'));
    queue.enter(() => begun.push('third'));
    takeBack();
    places[0]?.leave('failed');
    expect(begun).toEqual(['third']);
  });

  test('is never exceeded by starts that begin, never below 1, and nobody waits while there is room', () => {
    const outcome = fc.constantFrom<StartOutcome>('through', 'dropped', 'failed');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 60 }),
        fc.array(fc.tuple(fc.nat(), outcome), { maxLength: 120 }),
        (limit, requests, ends) => {
          const queue = new StartQueue(() => 0.5, limit);
          const running = new Set<StartPlace>();
          let begun = 0;
          for (let n = 0; n < requests; n++) {
            queue.enter((place) => {
              expect(running.size).toBeLessThan(queue.limit);
              running.add(place);
              begun += 1;
            });
          }
          for (const [which, how] of ends) {
            const place = [...running][which % Math.max(1, running.size)];
            if (place === undefined) break;
            running.delete(place);
            place.leave(how);
            expect(queue.limit).toBeGreaterThanOrEqual(1);
            expect(running.size >= queue.limit || begun === requests).toBe(true);
          }
        },
      ),
    );
  });

  test('starts that end within their own call are all served', () => {
    const queue = new StartQueue(() => 0, 1);
    let begun = 0;
    for (let n = 0; n < 10_000; n++) {
      queue.enter((place) => {
        begun += 1;
        place.leave('failed');
      });
    }
    expect(begun).toBe(10_000);
  });
});

describe('another try', () => {
  test.each([
    ['dropped', 12, 120],
    ['unreachable', 5, 12],
  ] as const)(
    'of a start that was %s comes after growing waits, at most %i times in %i s',
    (failure, tries, seconds) => {
      fc.assert(
        fc.property(
          fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 20, maxLength: 20 }),
          (chances) => {
            let chance = 0;
            const queue = new StartQueue(() => chances[chance++ % chances.length] as number);
            let [n, spentMs] = [1, 0];
            for (; ; n++) {
              const wait = queue.retryAfterMs(failure, n, spentMs);
              if (wait === undefined) break;
              expect(wait).toBeGreaterThanOrEqual(Math.floor(250 * Math.min(1.6 ** (n - 1), 8)));
              expect(wait).toBeLessThanOrEqual(12_000);
              spentMs += wait;
            }
            expect(n).toBeGreaterThan(3);
            expect(n).toBeLessThanOrEqual(tries);
            expect(spentMs).toBeLessThanOrEqual(seconds * 1000);
          },
        ),
      );
    },
  );

  test('differs by chance, so that those who were dropped together do not come back together', () => {
    const waits = [0, 0.25, 0.5, 0.75].map((chance) => new StartQueue(() => chance).retryAfterMs('dropped', 1, 0));
    expect(new Set(waits).size).toBe(4);
  });

  test('is not made for what it would not mend, nor after a host was silent for 12 s', () => {
    const queue = new StartQueue(() => 0);
    expect(queue.retryAfterMs('final', 1, 0)).toBeUndefined();
    expect(queue.retryAfterMs('unreachable', 1, 10_000)).toBeDefined();
    expect(queue.retryAfterMs('unreachable', 2, 12_000)).toBeUndefined();
  });
});

/** An sshd with `MaxStartups begin:percent:full`, whose logins take so long; all times virtual. */
function comeUp(hosts: number, random: () => number, loginMs: number, sshd: { begin: number; full: number }): number {
  const queue = new StartQueue(random);
  let [now, logins, up] = [0, 0, 0];
  const later: { at: number; act: () => void }[] = [];
  const after = (ms: number, act: () => void): void => void later.push({ at: now + ms, act });
  const tryHost = (tries: number, begunAt: number): void => {
    queue.enter((place) => {
      const share = (logins - sshd.begin) / (sshd.full - sshd.begin);
      if (logins >= sshd.full || (logins >= sshd.begin && random() < 0.5 + share / 2)) {
        const wait = queue.retryAfterMs('dropped', tries, now - begunAt);
        if (wait === undefined) throw new Error(`a host was given up after ${tries} tries`);
        after(wait, () => tryHost(tries + 1, begunAt));
        after(10, () => place.leave('dropped'));
      } else {
        logins += 1;
        after(loginMs * (0.5 + random()), () => {
          logins -= 1;
          up += 1;
          place.leave('through');
        });
      }
    });
  };
  for (let host = 0; host < hosts; host++) tryHost(1, 0);
  while (later.length > 0) {
    later.sort((a, b) => b.at - a.at);
    const next = later.pop() as (typeof later)[number];
    now = next.at;
    next.act();
  }
  return up;
}

test('40 hosts behind one sshd with MaxStartups 3:50:5 all come up, however chance falls', () => {
  for (let seed = 1; seed <= 300; seed++) {
    let state = seed;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    expect(comeUp(40, random, 300, { begin: 3, full: 5 })).toBe(40);
  }
});
