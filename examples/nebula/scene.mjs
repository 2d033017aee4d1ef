/**
 * The picture in numbers: its size, the part of the plane it shows, its three filters, and how the work is cut.
 *
 * Every task reads these same numbers, so the tasks agree without talking to each other. Nothing here depends on the
 * clock or on the machine: the picture is the same every time.
 */

/** Pixels of the picture. */
export const width = 1600;
export const height = 1000;

/**
 * Only the upper half is computed. When c is mirrored at the real axis, so is its orbit; hence the lower half of the
 * picture is the upper one upside down.
 */
export const halfHeight = height / 2;

/** The part of the plane in view, centred on the real axis: its left edge, and the pixels of one unit of length. */
export const left = -1.95;
export const pixelsPerUnit = 495;

/** The map that the survey draws: square cells over the upper half of the plane, from -2 to 0.5 and from 0 to 1.25i. */
export const map = { columns: 2560, rows: 1280, left: -2, cell: 1 / 1024, probes: 4 };

/**
 * The three filters. As a telescope's filter passes the light of one gas only, each passes the orbits that escape after
 * `from` to `to` steps, and no others. An exposure follows `samples` orbits from each cell that the survey chose.
 *
 * For the picture: `white` is how often a pixel of brightness 1 is hit, for each sample; `contrast` the exponent that
 * makes bright parts stand out; `light` the filter's colour (linear red, green, blue). A colour below zero takes away
 * from the others' light, which keeps the mixture from turning grey.
 */
export const filters = [
  { from: 16, to: 79, samples: 3, white: 18.7, contrast: 1.6, light: [0, 0.18, 0.74] },
  { from: 80, to: 599, samples: 5, white: 20.8, contrast: 2.4, light: [0.32, 0.03, 0.23] },
  { from: 600, to: 2999, samples: 3, white: 19, contrast: 2.4, light: [0.89, 0.36, -0.04] },
];

/** The glow around bright parts: its share of all light, and its reach (standard deviation, in pixels). */
export const glow = { share: 0.2, sigma: 16 };

/** How the work is cut: how often the lines of the Tasks file are repeated. */
export const strips = 8;
export const exposures = 48;
export const bands = 20;
