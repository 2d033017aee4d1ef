import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frame } from '../../../src/monitor/terminal/frame.ts';
import { segment } from '../../../src/monitor/terminal/line.ts';
import { painted } from '../../../src/monitor/terminal/paint.ts';
import { anySight } from './sights.ts';
import { anyState } from './states.ts';

const line = [segment('host', 'strong'), segment(' '), segment('3', 'bad'), segment(' x', 'cursor')];

describe('a painted line', () => {
  test('has its colours, and erases what was there', () => {
    expect(painted(line, 20, { colour: true, unicode: true })).toBe(
      '\x1b[0;1mhost\x1b[0m \x1b[0;31m3\x1b[0;7m x\x1b[0m\x1b[K',
    );
  });

  test('has no colour where none is wanted', () => {
    expect(painted(line, 20, { colour: false, unicode: true })).toBe('\x1b[0;1mhost\x1b[0m 3\x1b[0;7m x\x1b[0m\x1b[K');
  });

  test('does not erase its own last character', () => {
    expect(painted([segment('12345')], 5, { colour: true, unicode: true })).toBe('12345');
  });

  test('goes on in the right column after what terminals measure differently', () => {
    expect(painted([segment('🇩🇪 '), segment('x')], 20, { colour: true, unicode: true })).toBe(
      '\x1b[K🇩🇪 \x1b[6Gx\x1b[K',
    );
  });

  test('is ASCII where a locale has nothing else, as wide as before', () => {
    expect(painted([segment('中é!')], 20, { colour: true, unicode: false })).toBe('???!\x1b[K');
  });
});

test('whatever the run is called and does, its lines have no escapes but those of styles and columns', () => {
  fc.assert(
    fc.property(anySight, anyState, fc.boolean(), fc.boolean(), (sight, state, colour, unicode) => {
      for (const each of frame(state, sight, { columns: 100, rows: 30, unicode })) {
        const rest = painted(each, 100, { colour, unicode }).replace(/\x1b\[(0(;\d+)?m|K|\d+G)/g, '');
        expect(rest).not.toMatch(/[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
        if (!unicode) expect(rest).toMatch(/^[ -~]*$/);
      }
    }),
    { numRuns: 60 },
  );
});
