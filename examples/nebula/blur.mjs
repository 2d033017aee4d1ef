/**
 * Smoothing of pictures that have one number a pixel: a blur, and the removal of noise.
 *
 * The blur averages over a box three times, which comes close to a Gaussian bell (central limit theorem), and costs
 * the same whatever its size. Source: P. Kovesi, "Fast Almost-Gaussian Filtering", DICTA 2010.
 */

/**
 * A blurred copy of a picture.
 *
 * @param sigma - the standard deviation of the bell, in pixels, from 1; it reaches no further than 3 * sigma + 1
 */
export function blurred(values, width, height, sigma) {
  const radius = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  const from = Float32Array.from(values);
  const to = new Float32Array(values.length);
  for (let pass = 0; pass < 3; pass++) {
    for (let row = 0; row < height; row++) averageLine(from, to, row * width, 1, width, radius);
    for (let column = 0; column < width; column++) averageLine(to, from, column, width, height, radius);
  }
  return from;
}

/** Replaces each of `count` pixels, `stride` apart, by the average around it; beyond the ends the end pixels go on. */
function averageLine(from, to, start, stride, count, radius) {
  const end = start + (count - 1) * stride;
  let sum = radius * from[start];
  for (let i = 0; i <= radius; i++) sum += from[Math.min(start + i * stride, end)];
  for (let at = start; at <= end; at += stride) {
    to[at] = sum / (2 * radius + 1);
    sum += from[Math.min(at + (radius + 1) * stride, end)] - from[Math.max(at - radius * stride, start)];
  }
}

/**
 * A copy of a picture of random counts in which what may be chance is smoothed and what is detail is kept.
 *
 * A count with mean m varies by about m even where nothing is to be seen (Poisson's law); here somewhat more, because
 * an orbit visits a place more than once. Where the counts around a pixel vary no more than that, their mean is taken;
 * the more they vary beyond it, the more of the pixel itself. Source: J.-S. Lee, IEEE PAMI-2 (1980) 165-168.
 */
export function withoutNoise(counts, width, height) {
  const mean = blurred(counts, width, height, 1.4);
  const meanOfSquares = blurred(
    counts.map((count) => count * count),
    width,
    height,
    1.4,
  );
  return counts.map((count, i) => {
    const variance = meanOfSquares[i] - mean[i] * mean[i];
    const detail = Math.max(0, 1 - (2.5 * mean[i]) / Math.max(variance, 1e-9));
    return mean[i] + detail * (count - mean[i]);
  });
}
