/** What is gathered for the next news, and when they are due. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Gathering, shownOfEach, tasksOf, unshown } from '../../src/notify/gathering.ts';
import { bytesOfText } from '../../src/base/byte-string.ts';
import { hasFailed } from '../../src/task/status-record.ts';
import { anyRecord } from '../task/any-record.ts';
import { done, failed, wordsFor } from './news.ts';

const idsOf = (gathering: Gathering): number[] => tasksOf(gathering.take()).map(({ taskId }) => taskId);

describe('news is due', () => {
  test('whenever so many more tasks have ended, and have those since the last', () => {
    const gathering = new Gathering(3, wordsFor);
    expect([0, 1, 2].map((id) => gathering.add(done(id)))).toEqual(['no', 'no', 'due']);
    expect(idsOf(gathering)).toEqual([0, 1, 2]);
    expect([3, 4, 5].map((id) => gathering.add(done(id)))).toEqual(['no', 'no', 'due']);
    expect(idsOf(gathering)).toEqual([3, 4, 5]);
  });

  test('once for many that end before they are sent', () => {
    const gathering = new Gathering(3, wordsFor);
    for (let id = 0; id < 10; id++) gathering.add(done(id));
    expect(idsOf(gathering)).toHaveLength(10);
    expect(gathering.due).toBe('no');
    expect([gathering.add(done(10)), gathering.add(done(11))]).toEqual(['no', 'due']);
  });

  test('at once at the first failure, and not at the next', () => {
    const gathering = new Gathering(100, wordsFor);
    expect([done(0), failed(1), failed(2)].map((record) => gathering.add(record))).toEqual(['no', 'urgent', 'urgent']);
    expect(gathering.take()).toMatchObject({ ended: 3, failed: 2, isFirstFailure: true });
    expect(gathering.add(failed(3))).toBe('no');
    expect(gathering.take()).toMatchObject({ ended: 1, failed: 1, isFirstFailure: false });
  });

  test('of the first failure alone, when none of the others are asked for', () => {
    const gathering = new Gathering(undefined, wordsFor);
    expect([done(0), failed(1), failed(2), done(3)].map((record) => gathering.add(record))).toEqual([
      ...['no', 'urgent', 'no', 'no'],
    ]);
    expect(idsOf(gathering)).toEqual([1]);
  });

  test('when a task failed that runs on each engine, which is none of those that are counted', () => {
    const gathering = new Gathering(1, wordsFor);
    expect(gathering.add(done(0, { kind: 'per-engine' }))).toBe('no');
    expect(gathering.add(failed(0, { kind: 'per-engine' }))).toBe('urgent');
    expect(gathering.take()).toMatchObject({ ended: 0, failed: 0, perEngineFailed: 1 });
  });

  test.each(['barrier', 'check-barrier', 'skipped', 'late'] as const)('not for what is %s', (kind) => {
    const gathering = new Gathering(1, wordsFor);
    expect([gathering.add(done(0, { kind })), gathering.add(failed(1, { kind }))]).toEqual(['no', 'no']);
    expect(gathering.take()).toMatchObject({ ended: 0, failed: 0, perEngineFailed: 0 });
  });
});

test('what could not be told comes with the next, and the first failure is still the first', () => {
  const gathering = new Gathering(2, wordsFor);
  for (const record of [done(0), failed(1)]) gathering.add(record);
  const batch = gathering.take();
  gathering.add(done(2));
  gathering.giveBack(batch);
  expect(gathering.due).toBe('urgent');
  expect(gathering.take()).toMatchObject({ ended: 3, failed: 1, isFirstFailure: true });
});

test('what could not be told is due without another end of a task', () => {
  const gathering = new Gathering(2, wordsFor);
  for (const record of [done(0), done(1)]) gathering.add(record);
  gathering.giveBack(gathering.take());
  expect(gathering.due).toBe('due');
  expect(idsOf(gathering)).toEqual([0, 1]);
});

test('of a million tasks it holds those that are shown, failed ones whatever was before them', () => {
  const gathering = new Gathering(1, wordsFor);
  const [good, bad] = [done(0), failed(0)];
  for (let i = 0; i < 1_000_000; i++) gathering.add(i < 500_000 ? good : bad);
  const batch = gathering.take();
  expect(batch).toMatchObject({ ended: 1_000_000, failed: 500_000 });
  expect([batch.failures.length, batch.others.length]).toEqual([shownOfEach, shownOfEach]);
  expect(unshown(batch)).toBe(1_000_000 - 2 * shownOfEach);
});

test('of a huge command and huge outputs it holds the beginning', () => {
  const gathering = new Gathering(1, wordsFor);
  const long = '𝄞'.repeat(100_000);
  gathering.add(failed(0, { command: long, outputSnippet: long, errorSnippet: long }));
  const [task] = tasksOf(gathering.take());
  for (const text of [task?.command, task?.output, task?.error]) expect([...(text ?? '')]).toHaveLength(1000);
  expect(task?.command).toBe(`${'𝄞'.repeat(999)}…`);
  gathering.add(done(1, { command: '𝄞'.repeat(1000) }));
  expect(tasksOf(gathering.take())[0]?.command).toBe('𝄞'.repeat(1000));
});

test('no task is told twice or never, whatever is sent when and fails', () => {
  const step = fc.oneof({ weight: 5, arbitrary: anyRecord }, { weight: 1, arbitrary: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 5 }), (steps, every) => {
      const gathering = new Gathering(every, wordsFor);
      let [told, toldFailed] = [0, 0];
      for (const each of steps) {
        if (typeof each !== 'boolean') gathering.add(each);
        else {
          const batch = gathering.take();
          if (each) [told, toldFailed] = [told + batch.ended, toldFailed + batch.failed];
          else gathering.giveBack(batch);
        }
      }
      const rest = gathering.take();
      const tasks = steps.filter((each) => typeof each !== 'boolean').filter(({ kind }) => kind === 'task');
      expect([told + rest.ended, toldFailed + rest.failed]).toEqual([tasks.length, tasks.filter(hasFailed).length]);
      expect(unshown(rest)).toBeGreaterThanOrEqual(0);
      expect(gathering.due).toBe('no');
    }),
  );
});

test('a command that is no text is told as well as can be', () => {
  const gathering = new Gathering(1, wordsFor);
  gathering.add({ ...done(0), command: bytesOfText('echo ü').slice(0, -1) as ReturnType<typeof bytesOfText> });
  expect(tasksOf(gathering.take())[0]?.command).toBe('echo \ufffd');
});
