/** Python, where it is installed, as an independent reader of what is written for it. */

import { spawnSync } from 'node:child_process';

const version = spawnSync('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });

/** Why tests that need Python are skipped, or undefined when it is here. */
export const noPython: string | undefined =
  version.status === 0 ? undefined : 'python3 is not on PATH: what is written for it was not read by it';

/** Whether repr takes Unicode 14 for printable, as the tables here do. */
export const isPython311 = version.stdout?.trim() === '3 11';

/** What a script prints as JSON when it is given this as JSON on its standard input. */
export function askPython(script: string, input: unknown): unknown {
  const prelude = 'import ast, json, sys\ninput = json.load(sys.stdin)\n';
  const run = spawnSync('python3', ['-c', prelude + script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  if (run.status !== 0) throw new Error(`python3 failed: ${run.stderr}`);
  return JSON.parse(run.stdout);
}
