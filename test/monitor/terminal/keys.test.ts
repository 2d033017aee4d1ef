import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyCharacters } from './sights.ts';
import { KeyReader, type Key } from '../../../src/monitor/terminal/keys.ts';

function keysOf(...pieces: readonly string[]): Key[] {
  const reader = new KeyReader();
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.rest()];
}

test.each<[string, Key]>([
  ['q', 'q'],
  ['中', '中'],
  ['\x1b[A', 'up'],
  ['\x1bOB', 'down'],
  ['\x1b[5~', 'page-up'],
  ['\x1b[1~', 'home'],
  ['\x1b[F', 'end'],
  ['\x1b[Z', 'back-tab'],
  ['\t', 'tab'],
  ['\r', 'enter'],
  ['\x1b', 'escape'],
  ['\x7f', 'backspace'],
  ['\x03', 'ctrl-c'],
  ['\x1a', 'ctrl-z'],
])('%j is %s', (bytes, key) => {
  expect(keysOf(bytes)).toEqual([key]);
});

test('keys that come together are all there, in their order', () => {
  expect(keysOf('dd\x1b[Bq')).toEqual(['d', 'd', 'down', 'q']);
});

test('a sequence that nobody knows is no key', () => {
  expect(keysOf('\x1b[200~\x1b[1;5A\x1bOz\x00\x9b')).toEqual([]);
});

test('Escape and another key after it are two', () => {
  expect(keysOf('\x1bq')).toEqual(['escape', 'q']);
  expect(keysOf('\x1b\x1b[A')).toEqual(['escape', 'up']);
});

test('however the bytes come in pieces, the keys are the same', () => {
  const sequence = fc.constantFrom('\x1b[A', '\x1b[5~', '\x1bOH', 'q', 'E', '\r', '中', '\x1b[1;5B');
  fc.assert(
    fc.property(fc.array(sequence), fc.array(fc.nat(40)), (sequences, cuts) => {
      const bytes = sequences.join('');
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).map((to, i) => bytes.slice(places[i], to));
      expect(keysOf(...pieces)).toEqual(keysOf(bytes));
    }),
  );
});

test('whatever comes, no key has a control character in it', () => {
  fc.assert(
    fc.property(fc.array(anyCharacters, { maxLength: 8 }), (pieces) => {
      expect(keysOf(...pieces).join('')).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
    }),
  );
});
