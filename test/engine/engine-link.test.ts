import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { leaseTimes } from '../../src/contract/lease-times.ts';
import { nothingWritten, type FromEngine, type ToEngine } from '../../src/contract/messages.ts';
import { EngineLink } from '../../src/engine/engine-link.ts';

const times = leaseTimes(30);
const { leaseMs } = times;

const run: ToEngine = {
  ...{ type: 'run', slot: 0 },
  task: { kind: 'task', taskId: 0, lineNumber: 1, repeatIndex: -1, command: asBytes('true') },
};
const leave: ToEngine = { type: 'leave', endBackground: false };
const ended = (exitCode: number): FromEngine => ({
  ...{ type: 'ended', slot: 0 },
  outcome: { pid: 1, exitCode, start: 0, finish: 0, output: nothingWritten, error: nothingWritten, usage: undefined },
});

/** A link with what goes out of its ends. */
class LinkUnderTest {
  readonly toDriver: FromEngine[] = [];
  readonly toEngine: ToEngine[] = [];
  readonly leases: (number | undefined)[] = [];
  readonly overs: (string | undefined)[] = [];
  readonly link = new EngineLink(times, 0, {
    toDriver: (message) => this.toDriver.push(message),
    toEngine: (message) => this.toEngine.push(message),
    prolong: (ms) => this.leases.push(ms),
    over: (problem) => this.overs.push(problem),
  });

  get pulses(): number[] {
    return this.toDriver.flatMap((message) => (message.type === 'pulse' ? [message.pulse] : []));
  }

  /** Lets the lease end, and the engine end its tasks. */
  becomeIdle(now: number): void {
    this.link.tick(now);
    this.link.fromEngine({ type: 'tasks-ended' }, now);
  }
}

describe('a link that is heard', () => {
  test('sends a pulse at once, and then ten in a lease', () => {
    const { link, pulses: none } = new LinkUnderTest();
    expect(none).toEqual([]);
    const under = new LinkUnderTest();
    for (let now = 0; now <= leaseMs; now += times.tickMs) {
      under.link.tick(now);
      for (const pulse of under.pulses) under.link.fromDriver({ type: 'heard', pulse }, now);
    }
    expect(under.pulses).toHaveLength(11);
    link.broken('done with');
  });

  test('hands tasks and reports on, and tells the launcher how long it may go on', () => {
    const { link, toDriver, toEngine, leases } = new LinkUnderTest();
    link.tick(0);
    link.fromDriver({ type: 'heard', pulse: 0 }, 1000);
    link.fromDriver(run, 1000);
    link.fromEngine(ended(3), 2000);
    expect(toEngine).toEqual([run]);
    expect(toDriver.at(-1)).toEqual(ended(3));
    expect(leases).toEqual([leaseMs - 1000 + times.launcherMs]);
  });
});

describe('a link whose lease has ended', () => {
  test('has the tasks ended, starts none, and tells of those that had gone well all the same', () => {
    const { link, toDriver, toEngine } = new LinkUnderTest();
    link.fromDriver(run, leaseMs);
    expect(toEngine).toEqual([{ type: 'end-tasks', graceMs: times.graceMs }]);
    link.fromEngine(ended(-15), leaseMs);
    link.fromEngine(ended(0), leaseMs);
    link.fromEngine({ type: 'tasks-ended' }, leaseMs);
    expect(toDriver).toEqual([ended(0), { type: 'lease-ended' }]);
  });

  test('works again when the driver says so, and takes what was sent before for void', () => {
    const under = new LinkUnderTest();
    under.becomeIdle(leaseMs);
    under.link.fromDriver(run, leaseMs + 1);
    under.link.fromDriver({ type: 'heard', pulse: 0 }, leaseMs + 1);
    under.link.tick(leaseMs + 1);
    expect(under.toEngine.filter(({ type }) => type === 'run')).toEqual([]);
    under.link.fromDriver({ type: 'work-again' }, leaseMs + 2);
    under.link.fromDriver(run, leaseMs + 3);
    expect(under.toEngine.at(-1)).toEqual(run);
    expect(under.pulses).toHaveLength(1);
  });

  test('asks again when the answer was too long under way', () => {
    const under = new LinkUnderTest();
    under.becomeIdle(leaseMs);
    under.link.fromDriver({ type: 'work-again' }, 2 * leaseMs + 1);
    under.link.fromDriver(run, 2 * leaseMs + 1);
    expect(under.toEngine.filter(({ type }) => type === 'run')).toEqual([]);
    expect(under.toDriver.filter(({ type }) => type === 'lease-ended')).toHaveLength(2);
    under.link.fromDriver({ type: 'work-again' }, 2 * leaseMs + 2);
    under.link.fromDriver(run, 2 * leaseMs + 2);
    expect(under.toEngine.at(-1)).toEqual(run);
  });

  test('leaves when it was told to while the tasks were being ended', () => {
    const { link, toEngine, overs } = new LinkUnderTest();
    link.tick(leaseMs);
    link.fromDriver(leave, leaseMs);
    expect(toEngine.at(-1)?.type).toBe('end-tasks');
    link.fromEngine({ type: 'tasks-ended' }, leaseMs);
    expect(toEngine.at(-1)).toEqual(leave);
    link.fromEngine({ type: 'left', problem: undefined }, leaseMs);
    expect(overs).toEqual([undefined]);
  });

  test('gives up when the driver is not heard of for ten leases', () => {
    const under = new LinkUnderTest();
    under.becomeIdle(leaseMs);
    under.link.tick(leaseMs + times.patienceMs);
    expect(under.toEngine.at(-1)?.type).toBe('end-tasks');
    under.link.tick(leaseMs + times.patienceMs + 1);
    expect(under.toEngine.at(-1)).toEqual({ type: 'leave', endBackground: true });
    under.link.fromEngine({ type: 'left', problem: undefined }, 0);
    expect(under.overs).toEqual(['the driver has not been heard of for 300 s']);
  });
});

test('a link whose connection breaks has the tasks ended and the engine leave, and says nothing more to the driver', () => {
  const { link, toDriver, toEngine, overs } = new LinkUnderTest();
  link.fromDriver(run, 0);
  link.broken('it is gone');
  link.fromDriver(run, 1);
  link.fromEngine(ended(-15), 1);
  link.fromEngine({ type: 'tasks-ended' }, 1);
  link.broken('once more');
  link.fromEngine({ type: 'left', problem: undefined }, 2);
  expect(toEngine.map(({ type }) => type)).toEqual(['run', 'end-tasks', 'leave']);
  expect(toDriver.map(({ type }) => type)).toEqual(['pulse']);
  expect(overs).toEqual(['it is gone']);
});

describe('a link whose engine is ended from outside', () => {
  const why = 'SIGTERM ended the engine';

  test('tells the driver first, has the tasks ended, reports them all, and leaves', () => {
    const { link, toDriver, toEngine, overs } = new LinkUnderTest();
    link.tick(0);
    link.fromDriver(run, 0);
    link.interrupt(why, 1000);
    link.fromEngine(ended(-15), 1001);
    link.fromEngine(ended(0), 1001);
    link.fromEngine({ type: 'tasks-ended' }, 1001);
    expect(toEngine).toEqual([
      run,
      { type: 'end-tasks', graceMs: times.graceMs },
      { type: 'leave', endBackground: true },
    ]);
    link.fromEngine({ type: 'left', problem: undefined }, 1002);
    expect(toDriver.filter(({ type }) => type !== 'pulse')).toEqual([
      ...[{ type: 'ending', why }, ended(-15), ended(0)],
      { type: 'left', problem: why },
    ]);
    expect(overs).toEqual([why]);
  });

  test('starts nothing more, and does not let the driver hurry it', () => {
    const { link, toEngine } = new LinkUnderTest();
    link.interrupt(why, 0);
    link.fromDriver(run, 1);
    link.fromDriver({ type: 'end-tasks', graceMs: 1 }, 1);
    link.fromDriver(leave, 1);
    expect(toEngine.map(({ type }) => type)).toEqual(['end-tasks']);
  });

  test('sends pulses while it ends its tasks, and its launcher may take the time', () => {
    const under = new LinkUnderTest();
    under.link.tick(0);
    under.link.interrupt(why, 1);
    under.link.tick(times.pulseMs);
    under.link.fromDriver({ type: 'heard', pulse: 1 }, times.pulseMs);
    expect(under.pulses).toHaveLength(2);
    expect(under.leases).toEqual([leaseMs + times.launcherMs]);
  });

  test('by several signals says each word once, and its last words too', () => {
    const { link, toDriver, toEngine } = new LinkUnderTest();
    link.interrupt(why, 0);
    link.interrupt('SIGINT ended the engine', 1);
    link.fromEngine(ended(-15), 2);
    link.fromEngine({ type: 'tasks-ended' }, 2);
    link.interrupt('SIGTERM once more', 3);
    link.fromEngine({ type: 'left', problem: undefined }, 3);
    expect(toEngine.map(({ type }) => type)).toEqual(['end-tasks', 'leave']);
    expect(toDriver.filter(({ type }) => type !== 'pulse').map(({ type }) => type)).toEqual([
      'ending',
      'ended',
      'left',
    ]);
  });

  test('when its lease has ended already leaves all the same when no task runs', () => {
    for (const seen of [true, false]) {
      const { link, toEngine, overs } = new LinkUnderTest();
      // Either a look at the time has seen it, or the signal comes before.
      if (seen) link.tick(leaseMs);
      link.interrupt(why, leaseMs);
      link.fromEngine({ type: 'tasks-ended' }, leaseMs + 1);
      expect(toEngine.map(({ type }) => type)).toEqual(['end-tasks', 'leave']);
      link.fromEngine({ type: 'left', problem: undefined }, leaseMs + 2);
      expect(overs).toEqual([why]);
    }
  });

  test('while it waits for the driver leaves at once', () => {
    const under = new LinkUnderTest();
    under.becomeIdle(leaseMs);
    under.link.interrupt(why, leaseMs + 1);
    expect(under.toEngine.at(-1)).toEqual({ type: 'leave', endBackground: true });
  });

  test('and whose connection breaks then ends its tasks once, and leaves', () => {
    const { link, toDriver, toEngine, overs } = new LinkUnderTest();
    link.interrupt(why, 0);
    link.broken('it is gone');
    link.fromEngine({ type: 'tasks-ended' }, 1);
    link.fromEngine({ type: 'left', problem: undefined }, 2);
    expect(toEngine.map(({ type }) => type)).toEqual(['end-tasks', 'leave']);
    expect(toDriver.map(({ type }) => type)).toEqual(['pulse', 'ending']);
    expect(overs).toEqual(['it is gone']);
  });
});

test('the times of a lease leave each its turn: the engine, then the launcher, then the driver', () => {
  for (const seconds of [1, 3, 30, 600]) {
    const { tickMs, graceMs, launcherMs, marginMs, pulseMs, leaseMs: lease } = leaseTimes(seconds);
    expect(tickMs + graceMs).toBeLessThan(launcherMs);
    expect(launcherMs + tickMs).toBeLessThan(marginMs);
    expect(2 * pulseMs).toBeLessThan(lease);
  }
});
