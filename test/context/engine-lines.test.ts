import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineLines, type EngineWord } from '../../src/context/engine-lines.ts';

function read(chunks: readonly (string | Buffer)[]): { words: EngineWord[]; other: string } {
  const words: EngineWord[] = [];
  let other = '';
  const lines = new EngineLines({
    word: (word) => words.push(word),
    other: (bytes) => (other += bytes.toString('latin1')),
  });
  for (const chunk of chunks) lines.push(Buffer.from(chunk as string));
  lines.end();
  return { words, other };
}

describe('the words of engine.sh', () => {
  test.each([
    ['\ndisbatch-engine: up\n', { type: 'up' }],
    [
      '\ndisbatch-engine: problem the folder /a is not there\n',
      { type: 'problem', sentence: 'the folder /a is not there' },
    ],
    ['\ndisbatch-engine: gone 0\n', { type: 'gone', status: 0 }],
    ['\ndisbatch-engine: gone 137\r\n', { type: 'gone', status: 137 }],
    ['\ndisbatch-engine: left 1\n', { type: 'left', status: 1 }],
  ] as const)('%j', (text, word) => {
    expect(read([text])).toEqual({ words: [word], other: '' });
  });

  test.each([
    'disbatch-engine: up',
    ' disbatch-engine: up\n',
    'x disbatch-engine: gone 0\n',
    'disbatch-engine: gone\n',
    'disbatch-engine: gone zero\n',
    'disbatch-engine: gone 1 2\n',
    'disbatch-engine:up\n',
    'disbatch-engine: upper\n',
  ])('are whole lines with known words: %j is none', (text) => {
    expect(read([text])).toEqual({ words: [], other: text });
  });

  test('are found after what others printed without a line break', () => {
    expect(read(['Welcome\ndisbatch-engine: up\nto', ' here\ndisbatch-engine: gone 0\n'])).toEqual({
      words: [{ type: 'up' }, { type: 'gone', status: 0 }],
      other: 'Welcome\nto here\n',
    });
  });

  test('are not found within a very long line', () => {
    const long = 'x'.repeat(70_000);
    const { words, other } = read([long, 'y'.repeat(70_000), 'disbatch-engine: up\n', '\ndisbatch-engine: gone 0\n']);
    expect(words).toEqual([{ type: 'gone', status: 0 }]);
    expect(other).toHaveLength(140_000 + 'disbatch-engine: up\n'.length);
  });
});

test('the same words and the same other bytes come out however they are cut', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\n\n',
      'disbatch-engine: ',
      'disbatch-engine: up\n',
      '\ndisbatch-engine: gone 7\n',
      'text\n',
      'text',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(200), { maxLength: 12 }), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(''));
      const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const chunks = at.slice(1).map((end, n) => bytes.subarray(at[n], end));
      const whole = read([bytes]);
      expect(read(chunks)).toEqual(whole);
      // Nothing is lost but the words and the empty line before each.
      const words = bytes.toString('latin1').replace(/(^|\n)\n?disbatch-engine: (up|gone 7)(?=\n)/g, '');
      expect(whole.other.replaceAll('\n', '')).toBe(words.replaceAll('\n', ''));
    }),
  );
});
