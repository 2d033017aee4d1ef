/**
 * Random numbers that come out the same on every machine: the generator "sfc32" (small, fast, counting) by
 * Chris Doty-Humphrey, from PractRand, https://pracrand.sourceforge.net (public domain).
 */

/**
 * Makes a generator of numbers from 0 to below 1.
 *
 * @param seed - any whole number; another seed gives another, independent sequence
 */
export function randomFrom(seed) {
  let a = 0x9e3779b9;
  let b = seed | 0;
  let c = 0x243f6a88;
  let counter = 1;
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  // The first numbers still resemble the seed.
  for (let i = 0; i < 20; i++) next();
  return next;
}
