/**
 * A text put into a format as Python's `format % text` does it: input boxes of the store have such formats. Pure.
 *
 * Python takes no text for a number; here one that reads as a number is one, since what is typed is always text. And a
 * number just between two is rounded away from 0, not to the even one.
 * Source: "printf-style String Formatting" in the reference of Python's library.
 */

import { pythonRepr } from '../../task/python-literal.ts';

interface Conversion {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly type: string;
}

const conversion = /%(?:([-+ 0#]*)(\d*)(?:\.(\d*))?[hlL]?([diouxXeEfFgGcrsa%])|)/g;

/** Beyond this nobody means it. */
const mostWidth = 1000;
const mostPrecision = 100;

/** @throws RangeError with a clause, for a format that cannot be used or a text that does not fit */
export function pythonFormat(format: string, text: string): string {
  let places = 0;
  const result = format.replace(conversion, (all, flags = '', width = '', precision, type) => {
    if (type === undefined) throw new RangeError(`the format "${format}" has a % that is not understood`);
    if (type === '%') {
      if (all !== '%%') throw new RangeError(`the format "${format}" has a % that is not understood`);
      return '%';
    }
    if (++places > 1) throw new RangeError(`the format "${format}" asks for more than one value`);
    return converted(text, {
      flags: flags as string,
      width: Math.min(mostWidth, Number(width)),
      precision: precision === undefined ? undefined : Math.min(mostPrecision, Number(precision)),
      type: type as string,
    });
  });
  if (places === 0) throw new RangeError(`the format "${format}" has no place for a text, such as %s`);
  return result;
}

function converted(text: string, how: Conversion): string {
  switch (how.type) {
    case 's':
      return padded(cut(text, how.precision), how);
    case 'r':
    case 'a':
      return padded(cut(how.type === 'r' ? pythonRepr(text) : asciiRepr(text), how.precision), how);
    case 'c': {
      if ([...text].length !== 1) throw new RangeError(`"${text}" is not one character`);
      return padded(text, how);
    }
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      return wholeNumber(text, how);
    default:
      return decimalNumber(text, how);
  }
}

function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : [...text].slice(0, precision).join('');
}

function asciiRepr(text: string): string {
  return pythonRepr(text).replace(/[^\0-\x7f]/gu, (character) => {
    const code = (character.codePointAt(0) as number).toString(16);
    return code.length <= 2
      ? `\\x${code.padStart(2, '0')}`
      : code.length <= 4
        ? `\\u${code.padStart(4, '0')}`
        : `\\U${code.padStart(8, '0')}`;
  });
}

function wholeNumber(text: string, how: Conversion): string {
  if (!/^\s*[-+]?\d{1,1000}\s*$/.test(text)) throw new RangeError(`"${text}" is not a whole number`);
  const number = BigInt(text.trim().replace(/^\+/, ''));
  const size = number < 0n ? -number : number;
  const base = how.type === 'o' ? 8 : how.type === 'x' || how.type === 'X' ? 16 : 10;
  const mark = how.flags.includes('#') && base !== 10 ? (base === 8 ? '0o' : '0x') : '';
  const digits = mark + size.toString(base).padStart(how.precision ?? 0, '0');
  return signed(number < 0n, how.type === 'X' ? digits.toUpperCase() : digits, mark.length, how);
}

function decimalNumber(text: string, how: Conversion): string {
  const trimmed = text.trim();
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(trimmed) || !Number.isFinite(Number(trimmed)))
    throw new RangeError(`"${text}" is not a number`);
  const number = Number(trimmed);
  const size = Math.abs(number);
  const precision = how.precision ?? 6;
  const alternate = how.flags.includes('#');
  let digits: string;
  switch (how.type) {
    case 'e':
    case 'E':
      digits = exponential(size, precision);
      break;
    case 'f':
    case 'F':
      digits = fixed(size, precision);
      break;
    default: {
      const places = Math.max(1, precision);
      const exponent = Number(size.toExponential(places - 1).split('e')[1]);
      const isShort = exponent >= -4 && exponent < places;
      digits = isShort ? fixed(size, places - 1 - exponent) : exponential(size, places - 1);
      if (!alternate) digits = digits.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
    }
  }
  if (alternate && !digits.includes('.')) digits = digits.replace(/(?=e|$)/, '.');
  return signed(number < 0 || Object.is(number, -0), /[EG]/.test(how.type) ? digits.toUpperCase() : digits, 0, how);
}

function exponential(size: number, precision: number): string {
  return size.toExponential(precision).replace(/e([-+])(\d)$/, 'e$10$2');
}

function fixed(size: number, precision: number): string {
  // Above this JavaScript turns to exponents; the number is whole then.
  return size < 1e21
    ? size.toFixed(precision)
    : BigInt(size).toString() + (precision > 0 ? `.${'0'.repeat(precision)}` : '');
}

/** @param mark - how many characters before the digits are no digits: zeros go after them */
function signed(isNegative: boolean, digits: string, mark: number, how: Conversion): string {
  const sign = isNegative ? '-' : how.flags.includes('+') ? '+' : how.flags.includes(' ') ? ' ' : '';
  if (!how.flags.includes('0') || how.flags.includes('-')) return padded(sign + digits, how);
  const zeros = '0'.repeat(Math.max(0, how.width - sign.length - digits.length));
  return sign + digits.slice(0, mark) + zeros + digits.slice(mark);
}

function padded(text: string, { flags, width }: Conversion): string {
  const blanks = ' '.repeat(Math.max(0, width - [...text].length));
  return flags.includes('-') ? text + blanks : blanks + text;
}
