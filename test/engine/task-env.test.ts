import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOfText } from '../../src/base/byte-string.ts';
import { perEngineSlot, type RunnableTask } from '../../src/contract/messages.ts';
import { engineVariables, laneOfSlot, slotOfLane, taskVariables, zeroPadded } from '../../src/engine/task-env.ts';

const command = bytesOfText('true');

/** Numbers, and what Python 3.12 makes of them with the format `06d`. */
const python: [number, string][] = [
  [0, '000000'],
  [7, '000007'],
  [999999, '999999'],
  [1000000, '1000000'],
  [123456789012, '123456789012'],
  [-1, '-00001'],
  [-99999, '-99999'],
  [-100000, '-100000'],
];

test.each(python)("%d is padded with zeros as Python's 06d does it", (value, text) => {
  expect(zeroPadded(value)).toBe(text);
});

test('a padded number is the same number, six characters long at least', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      expect(Number(zeroPadded(value))).toBe(value);
      expect(zeroPadded(value)).toMatch(/^(?:-\d{5,}|\d{6,})$/);
    }),
  );
});

test('a task is told its slot, line, repeat index and id', () => {
  const task: RunnableTask = { kind: 'task', taskId: 41, lineNumber: 12, repeatIndex: 3, command };
  expect(Object.fromEntries(taskVariables(task, 2))).toEqual({
    DISBATCH_CYLINDER_RANK: '2',
    DISBATCH_STREAM_INDEX: '12',
    DISBATCH_STREAM_INDEX_ZP: '000012',
    DISBATCH_REPEAT_INDEX: '3',
    DISBATCH_REPEAT_INDEX_ZP: '000003',
    DISBATCH_TASKID: '41',
    DISBATCH_TASKID_ZP: '000041',
  });
});

test('a per-engine task has slot -1 and repeat index -1', () => {
  const task: RunnableTask = { kind: 'per-engine', moment: 'stop', taskId: 0, lineNumber: 2, command };
  expect(Object.fromEntries(taskVariables(task, perEngineSlot))).toMatchObject({
    DISBATCH_CYLINDER_RANK: '-1',
    DISBATCH_REPEAT_INDEX: '-1',
    DISBATCH_REPEAT_INDEX_ZP: '-00001',
    DISBATCH_TASKID_ZP: '000000',
  });
});

const facts = {
  ...{ jobId: 'run7', taskName: 'Tasks', coresPerTask: 4, engineRank: 1, runId: '00ff' },
  storeAddress: '127.0.0.1:4000',
};

test('all tasks of an engine are told the run, the task file, the cores and the engine', () => {
  expect(engineVariables(facts)).toEqual({
    DISBATCH_JOBID: 'run7',
    DISBATCH_NAMETASKS: 'Tasks',
    DISBATCH_CORES_PER_TASK: '4',
    DISBATCH_ENGINE_RANK: '1',
    DISBATCH_RUN_ID: '00ff',
    DISBATCH_KVSSTCP_HOST: '127.0.0.1:4000',
  });
});

test('where tasks cannot use the store they are not told of it', () => {
  expect(engineVariables({ ...facts, storeAddress: undefined })).not.toHaveProperty('DISBATCH_KVSSTCP_HOST');
});

test('a task that gets less than a core is told of one', () => {
  expect(engineVariables({ ...facts, coresPerTask: 0 })['DISBATCH_CORES_PER_TASK']).toBe('1');
});

test('per-engine tasks have lane 0, and each slot a lane of its own', () => {
  expect(laneOfSlot(perEngineSlot)).toBe(0);
  fc.assert(
    fc.property(fc.integer({ min: -1, max: 100_000 }), (slot) => {
      expect(slotOfLane(laneOfSlot(slot))).toBe(slot);
      expect(laneOfSlot(slot)).toBeGreaterThanOrEqual(0);
    }),
  );
});
