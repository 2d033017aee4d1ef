/**
 * The mathematics: orbits of z -> z*z + c, the map behind the Mandelbrot set.
 *
 * Start at z = 0 and repeat the step. For some c the orbit stays near 0 for ever: these c are the Mandelbrot set. For
 * all others it leaves the circle of radius 2 and never comes back: it escapes. The picture is made of the escaping
 * orbits: wherever one passes, the pixel below gets a little brighter. Melinda Green found this way of looking at the
 * set in 1993 and called it the Buddhabrot: https://superliminal.com/fractals/bbrot/
 */

/**
 * After how many steps the orbit of c = x + iy escapes, or 0 when it does not within the limit.
 *
 * @param limit - the largest number of steps to try
 */
export function escapeTime(x, y, limit) {
  // The two largest parts of the set are known by formula, a heart-shaped one and a disc: no steps needed.
  const fromCusp = x - 0.25;
  const q = fromCusp * fromCusp + y * y;
  if (q * (q + fromCusp) <= 0.25 * y * y) return 0;
  if ((x + 1) * (x + 1) + y * y <= 0.0625) return 0;

  let re = 0;
  let im = 0;
  // An orbit that returns to where it was repeats itself for ever. It is compared with a point of its past that is
  // taken anew after 8, 16, 32... steps (Brent's way of finding a cycle, BIT 20, 1980).
  let oldRe = 0;
  let oldIm = 0;
  let renewAt = 8;
  for (let step = 1; step <= limit; step++) {
    const re2 = re * re;
    const im2 = im * im;
    if (re2 + im2 > 4) return step - 1;
    im = 2 * re * im + y;
    re = re2 - im2 + x;
    if (Math.abs(re - oldRe) + Math.abs(im - oldIm) < 1e-13) return 0;
    if (step === renewAt) {
      oldRe = re;
      oldIm = im;
      renewAt *= 2;
    }
  }
  return 0;
}
