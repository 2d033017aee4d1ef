import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes } from '../../src/base/byte-string.ts';
import { Store, type Waiter } from '../../src/kvs/store.ts';

/** A store of strings, with a log of who got what. */
class TestStore {
  readonly got: string[] = [];
  readonly dropped: string[] = [];
  readonly store: Store<string>;

  constructor(monitorLimit?: number) {
    this.store = new Store({ notice: (bytes) => bytes, drop: (value) => this.dropped.push(value) }, monitorLimit);
  }

  /** Somebody asks. @param present - whether he is there to take it */
  ask(who: string, kind: 'get' | 'view', key: string, present: () => boolean = () => true): Waiter<string> {
    const waiter: Waiter<string> = {
      kind,
      key: asBytes(key),
      deliver: (value) => {
        if (!present()) return false;
        this.got.push(`${who} ${value}`);
        return true;
      },
    };
    this.store.request(waiter);
    return waiter;
  }

  put(key: string, ...values: readonly string[]): void {
    for (const value of values) this.store.put(asBytes(key), value);
  }

  /** Takes all values of a key. */
  rest(key: string): string[] {
    const before = this.got.length;
    while ([...this.store.keys()].some((entry) => entry.key === key)) this.ask('rest', 'get', key);
    return this.got.splice(before).map((line) => line.slice('rest '.length));
  }
}

describe('a key', () => {
  test('is a queue: get takes the oldest value, view shows the newest and leaves it', () => {
    const test = new TestStore();
    test.put('k', '1', '2', '3');
    for (const kind of ['view', 'get', 'view', 'get', 'get'] as const) test.ask(kind, kind, 'k');
    expect(test.got).toEqual(['view 3', 'get 1', 'view 3', 'get 2', 'get 3']);
    expect(test.store.valueCount).toBe(0);
    expect(test.store.counts).toMatchObject({ get: 3, put: 3, view: 2, wait: 0 });
  });

  test('wakes, with one put, all views up to and including the first get', () => {
    const test = new TestStore();
    for (const [who, kind] of [
      ['v1', 'view'],
      ['v2', 'view'],
      ['g1', 'get'],
      ['v3', 'view'],
      ['g2', 'get'],
    ] as const) {
      test.ask(who, kind, 'k');
    }
    test.put('k', 'a');
    expect(test.got).toEqual(['v1 a', 'v2 a', 'g1 a']);
    expect(test.store.valueCount).toBe(0);
    test.put('k', 'b');
    expect(test.got.slice(3)).toEqual(['v3 b', 'g2 b']);
    test.put('k', 'c');
    expect(test.rest('k')).toEqual(['c']);
    expect(test.store.counts).toMatchObject({ waitsBegun: 5, waitsEnded: 5, wait: 5 });
  });

  test('keeps a value that only views waited for', () => {
    const test = new TestStore();
    test.ask('v', 'view', 'k');
    test.put('k', 'a');
    expect(test.got).toEqual(['v a']);
    expect(test.rest('k')).toEqual(['a']);
  });

  test('loses nothing to a get that is cancelled, or that nobody is there for any more', () => {
    const test = new TestStore();
    test.store.cancel(test.ask('cancelled', 'get', 'k'));
    test.ask('gone', 'get', 'k', () => false);
    test.put('k', 'a');
    test.ask('gone too', 'get', 'k', () => false);
    expect(test.got).toEqual([]);
    expect(test.store.counts.get).toBe(0);
    expect(test.rest('k')).toEqual(['a']);
  });

  test('has a value that was given back as its oldest again, or gives it to who waits', () => {
    const test = new TestStore();
    test.put('k', '1', '2');
    test.ask('g', 'get', 'k');
    test.store.putBack(asBytes('k'), '1');
    expect(test.rest('k')).toEqual(['1', '2']);
    test.ask('v', 'view', 'k');
    test.ask('g', 'get', 'k');
    test.store.putBack(asBytes('k'), '1');
    expect(test.got.slice(1)).toEqual(['v 1', 'g 1']);
    test.store.checkInvariants();
  });

  test('has one value after a replacement, and those before are dropped', () => {
    const test = new TestStore();
    test.put('k', '1', '2');
    test.store.replace(asBytes('k'), '3');
    expect(test.dropped).toEqual(['1', '2']);
    expect(test.rest('k')).toEqual(['3']);
    test.ask('g', 'get', 'k');
    test.store.replace(asBytes('k'), '4');
    expect(test.got).toEqual(['g 4']);
    expect(test.store.valueCount).toBe(0);
  });
});

describe('a monitor key', () => {
  const monitor = (test: TestStore, key: string, watch: string): void =>
    test.store.monitor(asBytes(key), asBytes(watch));

  test('is told of the events that were asked for, in their order', () => {
    const test = new TestStore();
    monitor(test, 'm', 'k:gpvw');
    test.ask('g', 'get', 'k');
    test.put('k', 'a', 'b');
    test.ask('v', 'view', 'k');
    test.put('other', 'x');
    expect(test.rest('m')).toEqual([
      "(b'get', b'k')",
      "(b'wait', b'k')",
      "(b'put', b'k')",
      "(b'put', b'k')",
      "(b'view', b'k')",
    ]);
  });

  test('with an empty KEY is told of every key but monitor keys', () => {
    const test = new TestStore();
    monitor(test, 'm', ':p');
    monitor(test, 'n', 'm:gpvw');
    test.put('a', '1');
    test.put('b:c', '2');
    test.put('m', 'x');
    test.ask('g', 'get', 'n');
    expect(test.rest('m')).toEqual(["(b'put', b'a')", "(b'put', b'b:c')", 'x']);
  });

  test('is told no more of an event that a later request leaves out', () => {
    const test = new TestStore();
    monitor(test, 'm', 'k:gp');
    monitor(test, 'm', 'k:v');
    test.put('k', 'a');
    test.ask('v', 'view', 'k');
    expect(test.rest('m')).toEqual(["(b'view', b'k')"]);
    monitor(test, 'm', 'nothing');
    test.ask('v', 'view', 'k');
    expect(test.rest('m')).toEqual(["(b'view', b'k')"]);
  });

  test('names keys as Python writes bytes', () => {
    const test = new TestStore();
    monitor(test, 'm', ':p');
    for (const key of ["it's", `'"`, 'a\\b\t\n\r\0\x7f\xff']) test.put(key, '');
    expect(test.rest('m')).toEqual([
      `(b'put', b"it's")`,
      String.raw`(b'put', b'\'"')`,
      String.raw`(b'put', b'a\\b\t\n\r\x00\x7f\xff')`,
    ]);
  });

  test('cannot be made without end', () => {
    const test = new TestStore(3);
    monitor(test, 'm', 'a:gp');
    monitor(test, 'n', 'a:g');
    expect(() => monitor(test, 'o', 'a:g')).toThrow('more than 3 events');
    expect(() => {
      for (let i = 0; i < 4; i++) monitor(test, `m${i}`, 'a:');
    }).toThrow('more than 3 events');
    test.put('a', '');
    expect(test.rest('m')).toEqual(["(b'put', b'a')"]);
  });
});

/** The same rules as a list of what happened, gone through from the start for each question. */
class Model {
  readonly got: string[] = [];
  private values: { key: string; value: string }[] = [];
  private waiting: { who: string; kind: 'get' | 'view'; key: string }[] = [];

  put(key: string, value: string): void {
    for (const waiter of this.waiting.filter((each) => each.key === key)) {
      this.waiting = this.waiting.filter((each) => each !== waiter);
      this.got.push(`${waiter.who} ${value}`);
      if (waiter.kind === 'get') return;
    }
    this.values.push({ key, value });
  }

  ask(who: string, kind: 'get' | 'view', key: string): void {
    const there = this.values.filter((each) => each.key === key);
    const found = kind === 'get' ? there[0] : there.at(-1);
    if (found === undefined) {
      this.waiting.push({ who, kind, key });
      return;
    }
    this.got.push(`${who} ${found.value}`);
    if (kind === 'get') this.values = this.values.filter((each) => each !== found);
  }

  cancel(who: string): void {
    this.waiting = this.waiting.filter((waiter) => waiter.who !== who);
  }
}

test('any interleaving of puts, gets, views and cancelled waits gives what the rules say, and each value to one get', () => {
  const key = fc.constantFrom('a', 'b', '');
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant('put' as const), key }) },
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constantFrom('get' as const, 'view' as const), key, who: fc.nat(4) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('cancel' as const), who: fc.nat(4) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [real, model] = [new TestStore(), new Model()];
      const waiters = new Map<number, Waiter<string>>();
      steps.forEach((each, i) => {
        if (each.type === 'put') {
          real.put(each.key, String(i));
          model.put(each.key, String(i));
          return;
        }
        // As on a connection, a new request takes the place of one that waits.
        const waiter = waiters.get(each.who);
        if (waiter !== undefined) real.store.cancel(waiter);
        model.cancel(String(each.who));
        if (each.type === 'cancel') return;
        waiters.set(each.who, real.ask(String(each.who), each.type, each.key));
        model.ask(String(each.who), each.type, each.key);
        real.store.checkInvariants();
      });
      expect(real.got).toEqual(model.got);
      real.store.checkInvariants();
    }),
  );
});
