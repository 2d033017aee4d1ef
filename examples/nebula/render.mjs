/**
 * The program that every task of the Tasks file runs: `node render.mjs STEP`.
 *
 * Which strip, exposure or band it is about comes from DISBATCH_REPEAT_INDEX, which a REPEAT sets for each of its
 * tasks. By hand, from this folder: `DISBATCH_REPEAT_INDEX=7 node render.mjs expose`.
 */

import { develop } from './develop.mjs';
import { expose } from './expose.mjs';
import { print } from './print.mjs';
import { bands, exposures, strips } from './scene.mjs';
import { survey } from './survey.mjs';

/** Each step, and how many tasks share it; undefined when it is one task. */
const steps = {
  survey: [survey, strips],
  expose: [expose, exposures],
  develop: [develop, bands],
  print: [print, undefined],
};

const name = process.argv[2] ?? '';
if (!Object.hasOwn(steps, name))
  throw new Error(`there is no step "${name}"; the steps are ${Object.keys(steps).join(', ')}`);
const [step, tasks] = steps[name];

const index = process.env.DISBATCH_REPEAT_INDEX ?? '';
if (tasks !== undefined && !(/^\d+$/.test(index) && Number(index) < tasks)) {
  throw new Error(`DISBATCH_REPEAT_INDEX is "${index}"; the step "${name}" needs a number from 0 to ${tasks - 1}`);
}

const start = performance.now();
const done = step(Number(index));
console.log(`${done}; ${((performance.now() - start) / 1000).toFixed(2)} s`);
