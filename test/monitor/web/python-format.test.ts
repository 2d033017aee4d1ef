/** Formats of input boxes, beside what Python makes of them. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { pythonFormat } from '../../../src/monitor/web/python-format.ts';
import { skipWithout } from '../../support/needs.ts';

const texts = ['a', 'plain', 'x y', '', "it's", 'é€😀', 'tab\tnew\nline'];
const textFormats = ['%s', '<%s>', '%10s|', '%-10s|', '%.2s', '%8.3s', '100%% of %s', '%r', '%a', '%12r', 'no\n%s'];
const wholes = ['0', '7', '-7', '42', '255', '123456789012345678901234567890'];
const wholeFormats = [
  '%d',
  '%i',
  '%u',
  '%5d|',
  '%-5d|',
  '%05d',
  '%+d',
  '% d',
  '%x',
  '%X',
  '%#x',
  '%#o',
  '%o',
  '%.4d',
  '%#08x',
  '%+.3d',
];
const decimals = [
  '0',
  '1.5',
  '-2.26',
  '3.14159265358979',
  '1e10',
  '1e-7',
  '123456789',
  '0.0001',
  '1e22',
  '100000',
  '1e100',
];
const decimalFormats = [
  '%f',
  '%.2f',
  '%10.3f|',
  '%-10.1f|',
  '%010.2f',
  '%+f',
  '%e',
  '%.3e',
  '%E',
  '%g',
  '%.3g',
  '%G',
  '%#g',
  '%.10g',
  '%#.0f',
  '%#.0e',
];

const cases = [
  ...textFormats.flatMap((format) => texts.map((text) => [format, text, 'str'] as const)),
  ...wholeFormats.flatMap((format) => wholes.map((text) => [format, text, 'int'] as const)),
  ...decimalFormats.flatMap((format) => decimals.map((text) => [format, text, 'float'] as const)),
  ['%c', 'x', 'str'] as const,
  ['%3c|', 'é', 'str'] as const,
];

test('texts, whole and decimal numbers become what Python makes of them', (ctx) => {
  skipWithout(ctx, 'python3');
  const script = `
import json, sys
kinds = {'str': str, 'int': int, 'float': float}
print(json.dumps([f % kinds[k](t) for f, t, k in json.load(sys.stdin)]))`;
  const expected = JSON.parse(
    execFileSync('python3', ['-c', script], { input: JSON.stringify(cases), encoding: 'utf8' }),
  ) as string[];
  const made = cases.map(([format, text]) => pythonFormat(format, text));
  expect(cases.map(([format, text], i) => [format, text, made[i]])).toEqual(
    cases.map(([format, text], i) => [format, text, expected[i]]),
  );
});

test.each([
  ['%d', 'seven', '"seven" is not a whole number'],
  ['%d', '1.5', '"1.5" is not a whole number'],
  ['%f', 'nan', '"nan" is not a number'],
  ['%f', '1e999', '"1e999" is not a number'],
  ['%c', 'ab', '"ab" is not one character'],
  ['%s and %s', 'x', 'the format "%s and %s" asks for more than one value'],
  ['Name:', 'x', 'the format "Name:" has no place for a text, such as %s'],
  ['50%', 'x', 'the format "50%" has a % that is not understood'],
  ['%(name)s', 'x', 'the format "%(name)s" has a % that is not understood'],
  ['%*d', '1', 'the format "%*d" has a % that is not understood'],
])('the format %s does not take %s', (format, text, problem) => {
  expect(() => pythonFormat(format, text)).toThrow(new RangeError(problem));
});
