/**
 * Small checks of which the decoders of messages are made. Pure. Each gives the value as its type, or throws a sentence.
 */

import { asBytes, type ByteString } from '../base/byte-string.ts';

/** Checks a value that came off a wire. `name` is for the sentence. */
export type Check<T> = (value: unknown, name: string) => T;

export const isNumber: Check<number> = (value, name) => {
  if (typeof value !== 'number') throw new Error(`${name} is no number`);
  return value;
};

export const isInteger: Check<number> = (value, name) => {
  if (!Number.isSafeInteger(value)) throw new Error(`${name} is no whole number`);
  return value as number;
};

export const isText: Check<string> = (value, name) => {
  if (typeof value !== 'string') throw new Error(`${name} is no text`);
  return value;
};

export const isBoolean: Check<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw new Error(`${name} is neither true nor false`);
  return value;
};

export const isBytes: Check<ByteString> = (value, name) => {
  if (typeof value !== 'string' || !/^[\0-\xff]*$/.test(value)) throw new Error(`${name} is no byte string`);
  return asBytes(value);
};

export function isOneOf<const T extends string>(...choices: readonly T[]): Check<T> {
  return (value, name) => {
    if (!(choices as readonly unknown[]).includes(value)) throw new Error(`${name} is none of ${choices.join(', ')}`);
    return value as T;
  };
}

/** null or absent is undefined: JSON has no other word for it. */
export function isOptional<T>(check: Check<T>): Check<T | undefined> {
  return (value, name) => (value === undefined || value === null ? undefined : check(value, name));
}

export function isListOf<T>(check: Check<T>): Check<T[]> {
  return (value, name) => {
    if (!Array.isArray(value)) throw new Error(`${name} is no list`);
    return value.map((each, i) => check(each, `${name}[${i}]`));
  };
}

/** An object with these fields; others are left out. */
export function isRecord<T extends object>(fields: { readonly [K in keyof T]-?: Check<T[K]> }): Check<T> {
  return (value, name) => {
    if (typeof value !== 'object' || value === null) throw new Error(`${name} is no object`);
    const checked: Record<string, unknown> = {};
    for (const field of Object.keys(fields) as (keyof T & string)[]) {
      checked[field] = fields[field]((value as Record<string, unknown>)[field], `${name}.${field}`);
    }
    return checked as T;
  };
}

/** One of several kinds of objects, told apart by a field. */
export function isVariant<T extends object>(tag: string, variants: { readonly [kind: string]: Check<T> }): Check<T> {
  return (value, name) => {
    const kind = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[tag] : undefined;
    const check = typeof kind === 'string' && Object.hasOwn(variants, kind) ? variants[kind] : undefined;
    if (check === undefined) throw new Error(`${name} is of no known ${tag}`);
    return check(value, name);
  };
}
