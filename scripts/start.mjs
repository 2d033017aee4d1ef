/**
 * `npm start`: runs the example from a fresh checkout, with nothing there but git and Node: installs the development
 * packages, builds, and has disbatch compute a picture in pieces.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { build, install, root, run } from './steps.mjs';

const exampleTasks = join(root, 'examples/nebula/Tasks');

install();
build();

const example = dirname(exampleTasks);
const picture = join(example, 'out/nebula.png');
mkdirSync(dirname(picture), { recursive: true });
console.log(`Running ${relative(root, exampleTasks)} with dist/disbatch`);
// Said, since `npm test` may have installed a Slurm, whose machines disBatch takes for login nodes.
const hosts = `localhost:${availableParallelism()}`;
run(join(root, 'dist/disbatch'), ['-s', hosts, '-p', 'out/', exampleTasks], { cwd: example });
if (!existsSync(picture)) {
  console.error(`The tasks ran, but there is no picture at ${picture}`);
  process.exit(1);
}
console.log(`The picture: ${relative(process.cwd(), picture)}`);
