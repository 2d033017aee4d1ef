import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type {
  FromContext,
  FromControl,
  FromEngine,
  ToContext,
  ToControl,
  ToEngine,
} from '../../src/contract/messages.ts';
import {
  decodeFromContext,
  decodeFromControl,
  decodeFromEngine,
  decodeHello,
  decodeToContext,
  decodeToControl,
  decodeToEngine,
  encodeMessage,
} from '../../src/contract/wire.ts';
import type { RunOverview } from '../../src/contract/overview.ts';
import { asBytes } from '../../src/base/byte-string.ts';

const bytes = fc
  .string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
  .map(asBytes);
const count = fc.nat();
const time = fc.double({ min: 0, max: 4e9, noNaN: true }).map((value) => value + 0);
const sample = fc.record({ bytes: count, head: bytes, tail: bytes, fileError: count });
const source = fc.constantFrom('wait4' as const, 'samples' as const);
const problem = fc.option(fc.string(), { nil: undefined });
const outcome = fc.record({
  ...{ pid: fc.integer(), exitCode: fc.integer(), start: time, finish: time, output: sample, error: sample },
  usage: fc.option(
    fc.record({
      ...{ userCpu: time, systemCpu: time, cpuFrom: source },
      ...{ peakMemory: count, memoryFrom: source, largestProcess: count },
    }),
    { nil: undefined },
  ),
});
const task = fc.oneof(
  fc.record({
    ...{
      kind: fc.constant('task' as const),
      taskId: count,
      lineNumber: count,
      repeatIndex: fc.integer(),
      command: bytes,
    },
  }),
  fc.record({
    ...{ kind: fc.constant('per-engine' as const), moment: fc.constantFrom('start' as const, 'stop' as const) },
    ...{ taskId: count, lineNumber: count, command: bytes },
  }),
);
const type = <const T extends string>(name: T) => fc.constant(name);

const toEngine: fc.Arbitrary<ToEngine> = fc.oneof(
  fc.record({ type: type('run'), slot: fc.integer({ min: -1 }), task }),
  fc.record({ type: type('end-tasks'), graceMs: count }),
  fc.record({ type: type('leave'), endBackground: fc.boolean() }),
  fc.record({ type: type('heard'), pulse: count }),
  fc.record({ type: type('work-again') }),
);
const fromEngine: fc.Arbitrary<FromEngine> = fc.oneof(
  fc.record({ type: type('joined'), node: fc.string(), pid: count, slots: count, notes: fc.array(fc.string()) }),
  fc.record({ type: type('started'), slot: fc.integer(), pid: count, start: time }),
  fc.record({ type: type('ended'), slot: fc.integer(), outcome }),
  fc.record({ type: type('tasks-ended') }),
  fc.record({ type: type('pulse'), pulse: count }),
  fc.record({ type: type('ending'), why: fc.string() }),
  fc.record({ type: type('lease-ended') }),
  fc.record({ type: type('left'), problem }),
);
const toContext: fc.Arbitrary<ToContext> = fc.oneof(
  fc.record({ type: type('welcome'), rank: count, label: fc.string(), firstEngine: count }),
  fc.record({ type: type('leave'), why: fc.string() }),
);
const engines = fc.array(fc.record({ node: fc.string(), slots: count, leased: fc.boolean(), retires: fc.boolean() }));
const fromContext: fc.Arbitrary<FromContext> = fc.oneof(
  fc.record({
    ...{ type: type('joined'), label: problem, host: fc.string(), pid: count, taskLimit: count },
    ...{ revocable: fc.boolean(), engines },
  }),
  fc.record({ type: type('engine-ended'), engine: count, problem, dead: fc.boolean() }),
  fc.record({ type: type('stop'), how: fc.constantFrom('finish' as const, 'end' as const) }),
  fc.record({ type: type('left'), problem }),
);

const engineSight = fc.record({
  ...{
    rank: count,
    context: count,
    node: fc.string(),
    hostname: fc.string(),
    pid: count,
    slots: count,
    running: count,
    last: time,
  },
  ...{ assigned: count, finished: count, failed: count },
  stage: fc.constantFrom('launching' as const, 'working' as const, 'draining' as const, 'lost' as const),
});
const overview: fc.Arbitrary<RunOverview> = fc.record({
  ...{ prefix: fc.string(), taskName: fc.string(), end: problem, start: time, now: time },
  ...{ slots: count, streamEnded: fc.boolean(), barriers: count },
  barrier: fc.option(fc.record({ taskId: count, lineNumber: count, since: time }), { nil: undefined }),
  phase: fc.constantFrom('running' as const, 'closing' as const, 'killing' as const, 'over' as const),
  tasks: fc.record({
    ...{ total: fc.option(count, { nil: undefined }), finished: count, failed: count, skipped: count },
    ...{ skippedFailed: count, perEngineFailed: count, running: count, lost: count, taskSeconds: time },
  }),
  contexts: fc.array(
    fc.record({
      ...{ rank: count, label: fc.string(), host: fc.string(), pid: count, assigned: count, taskLimit: count },
      left: fc.boolean(),
    }),
  ),
  engines: fc.array(engineSight),
});
const runningTask = fc.record({
  ...{ engine: count, slot: fc.integer({ min: -1 }), kind: fc.constantFrom('task' as const, 'per-engine' as const) },
  ...{ taskId: count, lineNumber: count, repeatIndex: fc.integer(), since: time, command: fc.string() },
});
const fromControl: fc.Arbitrary<FromControl> = fc.oneof(
  fc.record({ type: type('status') }),
  fc.record({
    ...{ type: type('running'), engines: fc.option(fc.array(count), { nil: undefined }), limit: count },
  }),
  fc.record({ type: type('stop-engine'), rank: count }),
  fc.record({ type: type('stop-context'), label: fc.string() }),
  fc.record({ type: type('stop-run') }),
  fc.record({ type: type('wait') }),
);
const toControl: fc.Arbitrary<ToControl> = fc.oneof(
  fc.record({ type: type('overview'), overview }),
  fc.record({ type: type('running'), running: fc.record({ now: time, total: count, tasks: fc.array(runningTask) }) }),
  fc.record({ type: type('answer'), problem }),
  fc.record({ type: type('over'), exitStatus: count, overview }),
);

test('every message arrives as it was sent', () => {
  fc.assert(
    fc.property(fromControl, (message) => {
      expect(decodeFromControl(encodeMessage(message))).toEqual(message);
    }),
  );
  fc.assert(
    fc.property(toControl, (message) => {
      expect(decodeToControl(encodeMessage(message))).toEqual(message);
    }),
  );
  fc.assert(
    fc.property(toEngine, (message) => {
      expect(decodeToEngine(encodeMessage(message))).toEqual(message);
    }),
  );
  fc.assert(
    fc.property(fromEngine, (message) => {
      expect(decodeFromEngine(encodeMessage(message))).toEqual(message);
    }),
  );
  fc.assert(
    fc.property(toContext, (message) => {
      expect(decodeToContext(encodeMessage(message))).toEqual(message);
    }),
  );
  fc.assert(
    fc.property(fromContext, (message) => {
      expect(decodeFromContext(encodeMessage(message))).toEqual(message);
    }),
  );
});

describe('what is no message', () => {
  const decoders = [
    ...[decodeHello, decodeToEngine, decodeFromEngine, decodeToContext, decodeFromContext],
    ...[decodeFromControl, decodeToControl],
  ];

  test('is an error with a sentence, whatever it is', () => {
    const anything = fc.oneof(fc.string(), fc.json());
    fc.assert(
      fc.property(anything, fc.constantFrom(...decoders), (text, decode) => {
        expect(() => decode(text)).toThrow(/^(the message|message|hello)/);
      }),
    );
  });

  test.each([
    ['{"type":"run","slot":0.5,"task":{}}', decodeToEngine, 'message.slot is no whole number'],
    ['{"type":"run","slot":0,"task":{"kind":"shell"}}', decodeToEngine, 'message.task is of no known kind'],
    [
      '{"type":"run","slot":0,"task":{"kind":"task","taskId":0,"lineNumber":1,"repeatIndex":-1,"command":"\\u20ac"}}',
      decodeToEngine,
      'message.task.command is no byte string',
    ],
    ['{"type":"toString"}', decodeFromEngine, 'message is of no known type'],
    ['{"type":"stop","how":"now"}', decodeFromContext, 'message.how is none of finish, end'],
    [
      '{"type":"joined","host":"a","pid":1,"taskLimit":0,"revocable":false,"engines":[{"node":1}]}',
      decodeFromContext,
      'engines[0].node is no text',
    ],
    ['{"type":"engine","version":"4","rank":"0"}', decodeHello, 'hello.rank is no whole number'],
  ] as const)('%s says what is wrong', (text, decode, sentence) => {
    expect(() => decode(text)).toThrow(sentence);
  });
});
