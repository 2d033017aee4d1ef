import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asBytes, bytesOfText, ofArray, toArray } from '../../src/base/byte-string.ts';
import { OutputSampler } from '../../src/engine/output-sample.ts';

function sampleOf(...chunks: string[]): { bytes: number; head: string; tail: string } {
  const sampler = new OutputSampler();
  for (const chunk of chunks) sampler.add(toArray(bytesOfText(chunk)));
  return sampler.sample();
}

describe('the sample of an output', () => {
  test('is empty when nothing came', () => {
    expect(sampleOf()).toEqual({ bytes: 0, head: '', tail: '' });
  });

  test('holds up to 40 bytes in its head alone', () => {
    expect(sampleOf('x'.repeat(40))).toEqual({ bytes: 40, head: 'x'.repeat(40), tail: '' });
  });

  test('holds in its tail only what came after the head', () => {
    expect(sampleOf(`${'x'.repeat(40)}yz`)).toEqual({ bytes: 42, head: 'x'.repeat(40), tail: 'yz' });
  });

  test('is the same however the bytes were cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 8 }), (chunks) => {
        const sampler = new OutputSampler();
        for (const chunk of chunks) sampler.add(chunk);
        const all = chunks.map(ofArray).join('');
        expect(sampler.sample()).toEqual({
          bytes: all.length,
          head: all.slice(0, 40),
          tail: asBytes(all.slice(40).slice(-40)),
        });
      }),
    );
  });

  test('does not depend on the array that brought the bytes', () => {
    const sampler = new OutputSampler();
    const array = toArray(bytesOfText('before'));
    sampler.add(array);
    array.fill(0);
    expect(sampler.sample().head).toBe('before');
  });
});
