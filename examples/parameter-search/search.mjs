/**
 * A search for the lowest point of a landscape, each height of which costs a task.
 *
 *     node search.mjs [FOLDER]
 *
 * It begins with a coarse grid of points. Whenever a height comes back, it looks for the point whose neighbourhood is most
 * worth a closer look by now, and submits the points of a finer grid there at once, while the other tasks still run.
 * Nothing waits for a whole round. At the end it draws what it has looked at into FOLDER/search.svg (FOLDER: out, where
 * nothing else is said).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DisBatcher } from 'disbatch';
import { drawing } from './draw.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2] ?? 'out';
mkdirSync(folder, { recursive: true });

/** The landscape lies between -5 and 5, and the first grid has 8 by 8 points: one in the middle of each square. */
const size = 10;
const firstStep = size / 8;
/** How many heights the search may cost. */
const budget = 280;
let asked = 0;

/** The points by the ids of their tasks, and those that have their heights, in the order in which these came. */
const pending = new Map();
const known = [];

// The run: two tasks at a time on this machine. Its files go into the folder too. `await using` would do for `try` and
// `finally` where Node is new enough.
const run = await DisBatcher.start({ sshNode: 'localhost:2', prefix: `${folder}/`, name: 'search' });
// Ctrl-C ends the tasks, and not only this program.
process.once('SIGINT', () => void run.end());
try {
  for (let x = -size / 2 + firstStep / 2; x < size / 2; x += firstStep) {
    for (let y = -size / 2 + firstStep / 2; y < size / 2; y += firstStep) await ask({ x, y, step: firstStep });
  }
  // Finished tasks come in the order of their ends.
  for await (const result of run) {
    const point = pending.get(result.taskId);
    pending.delete(result.taskId);
    // A task that fails is not the end of the run: here it is a point without a height.
    if (!result.failed) {
      point.height = Number(result.outputSnippet);
      known.push(point);
    }
    // A few tasks are always under way. More would be decided on too early, with too little known.
    while (pending.size < 6 && asked < budget) {
      const next = mostPromising();
      if (next === undefined) break;
      next.isCut = true;
      for (const quarter of quarters(next)) await ask(quarter);
    }
    // Nothing is under way, and nothing new has come of it: the search is over.
    if (pending.size === 0) break;
  }
  const { submitted, failed, statusFile } = await run.done();
  const best = known.reduce((a, b) => (a.height <= b.height ? a : b));
  const picture = join(folder, 'search.svg');
  writeFileSync(picture, drawing(known, size));
  console.log(`${submitted} points, ${failed} without a height`);
  console.log(`lowest: ${best.height.toFixed(4)} at x = ${best.x.toFixed(3)}, y = ${best.y.toFixed(3)}`);
  console.log(`the picture: ${picture}`);
  console.log(`the records: ${statusFile}`);
} finally {
  await run.end();
}

/** Submits the task that measures a point. It is a command line like any other: it could run for hours, on any host. */
async function ask(point) {
  const [id] = await run.submit(`bash '${here}/height.sh' ${point.x} ${point.y}`);
  pending.set(id, point);
  asked++;
}

/**
 * The point that is the lowest for the size of its square, of those whose squares have not been cut into four. A small square
 * has to be much lower than a large one to be next, so all deep valleys are looked into, and not the first one alone.
 */
function mostPromising() {
  const worth = ({ height, step }) => height / step ** 2;
  return known.filter(({ isCut }) => !isCut).sort((a, b) => worth(a) - worth(b))[0];
}

/** The four points in the middles of the quarters of a point's square. */
function quarters({ x, y, step }) {
  const [by, half] = [step / 4, step / 2];
  return [
    [-by, -by],
    [-by, by],
    [by, -by],
    [by, by],
  ].map(([dx, dy]) => ({ x: x + dx, y: y + dy, step: half }));
}
