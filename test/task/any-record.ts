/** Records of every kind, for properties. */

import fc from 'fast-check';
import { asBytes, bytesOfText } from '../../src/base/byte-string.ts';
import type { RecordKind, StatusRecord } from '../../src/task/status-record.ts';

const kinds: readonly RecordKind[] = ['task', 'per-engine', 'skipped', 'late', 'barrier', 'check-barrier'];

const anyText = fc.string({ unit: 'binary', maxLength: 20 });
const quotes = fc.string({ unit: fc.constantFrom("'", '"', '\\', 'b', 'x', '\t', '...'), maxLength: 8 });
const milliseconds = fc.integer({ min: -5000, max: 2_000_000_000_000 }).map((ms) => ms / 1000);

const commandBytes = fc.array(fc.nat(255), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes));
const commandTexts = fc.oneof(anyText, quotes).map((text) => bytesOfText(text));
// Texts that look like the literals that stand for other bytes.
const literals = fc.constantFrom(
  "b'x'",
  "b'\\xff'",
  'b"\\xff"',
  "b'",
  "b'\\xFF'",
  "b'\\xff' x",
  "b'a\tb'",
  'b"it\'s \\xff"',
);

/** What a task's text may be: no line end is in it. */
export const anyCommand = fc
  .oneof(commandBytes, commandTexts, literals)
  .map((command) => asBytes(command.replace(/[\r\n]/g, '')));

export const anyRecord: fc.Arbitrary<StatusRecord> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    taskId: fc.maxSafeNat(),
    lineNumber: fc.maxSafeNat(),
    repeatIndex: fc.integer({ min: -1 }),
    node: fc.constantFrom('vm', 'node-01.cluster.example', 'knoten-ü', ''),
    pid: fc.integer({ min: -1 }),
    exitCode: fc.oneof(fc.constant(0), fc.integer({ min: -100, max: 255 })),
    elapsed: fc.oneof(milliseconds, fc.constantFrom(0, -0, -0.0001, 0.0005, 1 / 3)),
    start: milliseconds,
    finish: milliseconds,
    outputBytes: fc.oneof(fc.constant(0), fc.maxSafeNat()),
    outputSnippet: fc.oneof(anyText, quotes),
    outputCut: fc.boolean(),
    errorBytes: fc.oneof(fc.constant(0), fc.maxSafeNat()),
    errorSnippet: fc.oneof(anyText, quotes),
    errorCut: fc.boolean(),
    command: anyCommand,
  })
  .map((record) => {
    // A barrier writes nothing that could be cut.
    const isBarrier = record.kind === 'barrier' || record.kind === 'check-barrier';
    return isBarrier ? { ...record, outputCut: false, errorCut: false } : record;
  });
