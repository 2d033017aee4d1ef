/**
 * Reads a Python pickle of the few values that a dump is made of. Pure; used by clients.
 *
 * What is read is data only: an instruction that would name a class or call something is refused.
 */

import { op, type PickleValue } from './pickle.ts';

/**
 * Reads a pickle of such values. Bytes share its memory.
 *
 * @throws RangeError when it ends too early, or has anything else in it
 */
export function unpickle(data: Buffer): PickleValue {
  const mark = Symbol('mark');
  const stack: (PickleValue | typeof mark)[] = [];
  const memo: PickleValue[] = [];
  let at = 0;
  const advance = (bytes: number): number => {
    at += bytes;
    if (at > data.length) throw new RangeError('a pickle that ends too early');
    return at - bytes;
  };
  const take = (bytes: number): Buffer => data.subarray(advance(bytes), at);
  const pop = (): PickleValue => {
    const value = stack.pop();
    if (value === undefined || typeof value === 'symbol') throw new RangeError('a pickle that takes what is not there');
    return value;
  };
  const popMarked = (): PickleValue[] => {
    const from = stack.lastIndexOf(mark);
    if (from < 0) throw new RangeError('a pickle without a mark');
    return stack.splice(from).slice(1) as PickleValue[];
  };
  const append = (items: readonly PickleValue[]): void => {
    const list = stack.at(-1);
    if (!Array.isArray(list)) throw new RangeError('a pickle that appends to what is no list');
    for (const item of items) (list as PickleValue[]).push(item);
  };
  for (;;) {
    const code = data.readUInt8(advance(1));
    switch (code) {
      case op.proto:
        advance(1);
        break;
      case op.frame:
        advance(8);
        break;
      case op.mark:
        stack.push(mark);
        break;
      case op.memoize: {
        const value = pop();
        stack.push(value);
        memo.push(value);
        break;
      }
      case op.get:
      case op.longGet: {
        const value = memo[code === op.get ? data.readUInt8(advance(1)) : data.readUInt32LE(advance(4))];
        if (value === undefined) throw new RangeError('a pickle that remembers what was not there');
        stack.push(value);
        break;
      }
      case op.none:
        stack.push(null);
        break;
      case op.int1:
        stack.push(data.readUInt8(advance(1)));
        break;
      case op.int2:
        stack.push(data.readUInt16LE(advance(2)));
        break;
      case op.int4:
        stack.push(data.readInt32LE(advance(4)));
        break;
      case op.long1:
        stack.push(longOf(take(data.readUInt8(advance(1)))));
        break;
      case op.shortBytes:
        stack.push(take(data.readUInt8(advance(1))));
        break;
      case op.bytes:
        stack.push(take(data.readUInt32LE(advance(4))));
        break;
      case op.emptyList:
        stack.push([]);
        break;
      case op.append:
        append([pop()]);
        break;
      case op.appends:
        append(popMarked());
        break;
      case op.emptyTuple:
        stack.push({ tuple: [] });
        break;
      case op.tuple1:
        stack.push({ tuple: [pop()] });
        break;
      case op.tuple2:
        stack.push({ tuple: [pop(), pop()].reverse() });
        break;
      case op.tuple3:
        stack.push({ tuple: [pop(), pop(), pop()].reverse() });
        break;
      case op.tuple:
        stack.push({ tuple: popMarked() });
        break;
      case op.stop:
        return pop();
      default:
        throw new RangeError(`a pickle with the instruction 0x${code.toString(16)}`);
    }
  }
}

function longOf(bytes: Uint8Array): number {
  if (bytes.length > 8) throw new RangeError('a pickle with a number that is too long');
  const negative = ((bytes.at(-1) ?? 0) & 128) !== 0;
  const padded = Buffer.alloc(8, negative ? 255 : 0);
  padded.set(bytes);
  return Number(padded.readBigInt64LE());
}
