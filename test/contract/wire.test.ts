import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FromContext, FromEngine, ToContext, ToEngine } from '../../src/contract/messages.ts';
import {
  decodeFromContext,
  decodeFromEngine,
  decodeHello,
  decodeToContext,
  decodeToEngine,
  encodeMessage,
} from '../../src/contract/wire.ts';
import { asBytes } from '../../src/base/byte-string.ts';

const bytes = fc
  .string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
  .map(asBytes);
const count = fc.nat();
const time = fc.double({ min: 0, max: 4e9, noNaN: true }).map((value) => value + 0);
const sample = fc.record({ bytes: count, head: bytes, tail: bytes });
const problem = fc.option(fc.string(), { nil: undefined });
const outcome = fc.record({
  ...{ pid: fc.integer(), exitCode: fc.integer(), start: time, finish: time, output: sample, error: sample },
  usage: fc.option(fc.record({ userCpu: time, systemCpu: time, peakMemory: count }), { nil: undefined }),
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
  fc.record({ type: type('joined'), node: fc.string(), pid: count, slots: count }),
  fc.record({ type: type('started'), slot: fc.integer(), pid: count, start: time }),
  fc.record({ type: type('ended'), slot: fc.integer(), outcome }),
  fc.record({ type: type('tasks-ended') }),
  fc.record({ type: type('pulse'), pulse: count }),
  fc.record({ type: type('lease-ended') }),
  fc.record({ type: type('left'), problem }),
);
const toContext: fc.Arbitrary<ToContext> = fc.oneof(
  fc.record({ type: type('welcome'), rank: count, label: fc.string(), firstEngine: count }),
  fc.record({ type: type('leave'), why: fc.string() }),
);
const engines = fc.array(fc.record({ node: fc.string(), slots: count, leased: fc.boolean() }));
const fromContext: fc.Arbitrary<FromContext> = fc.oneof(
  fc.record({ type: type('joined'), label: problem, host: fc.string(), pid: count, engines }),
  fc.record({ type: type('engine-ended'), engine: count, problem, dead: fc.boolean() }),
  fc.record({ type: type('stop'), how: fc.constantFrom('finish' as const, 'end' as const) }),
  fc.record({ type: type('left'), problem }),
);

test('every message arrives as it was sent', () => {
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
  const decoders = [decodeHello, decodeToEngine, decodeFromEngine, decodeToContext, decodeFromContext];

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
    ['{"type":"joined","host":"a","pid":1,"engines":[{"node":1}]}', decodeFromContext, 'engines[0].node is no text'],
    ['{"type":"engine","version":"4","rank":"0"}', decodeHello, 'hello.rank is no whole number'],
  ] as const)('%s says what is wrong', (text, decode, sentence) => {
    expect(() => decode(text)).toThrow(sentence);
  });
});
