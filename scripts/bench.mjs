/**
 * `npm run bench`: builds, and runs the benches of bench/, or those named: `npm run bench -- throughput sleep`.
 *
 * `--rounds N` sets how often each thing is measured. It fails when a bench fails: when a figure is not what is wanted.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, install, root } from './steps.mjs';

const benches = readdirSync(join(root, 'bench')).filter((name) => name.endsWith('.ts'));
const all = benches.map((name) => basename(name, '.ts')).sort();
const { positionals, values } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string' } } });
const unknown = positionals.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}. There are: ${all.join(', ')}.`);
  process.exit(2);
}

install();
build();
const { buildSync } = await import('esbuild');
const folder = mkdtempSync(join(tmpdir(), 'disbatch-benches-'));
try {
  const common = { absWorkingDir: root, outdir: folder, bundle: true, platform: 'node', target: 'node20' };
  const entryPoints = benches.map((name) => `bench/${name}`);
  buildSync({ ...common, entryPoints, format: 'esm', outExtension: { '.js': '.mjs' } });
  const fake = { entryPoints: ['bench/support/fake-launcher.ts'], format: 'cjs', outExtension: { '.js': '.cjs' } };
  buildSync({ ...common, ...fake, banner: { js: '#!/usr/bin/env node' } });
  const env = { ...process.env, DISBATCH_BENCH_DIST: join(root, 'dist') };
  if (values.rounds !== undefined) env.DISBATCH_BENCH_ROUNDS = values.rounds;
  // Ctrl-C reaches the bench as well; the folder is removed when that has ended.
  process.on('SIGINT', () => {});
  for (const name of positionals.length > 0 ? positionals : all) {
    console.log(`\n== ${name}`);
    const { status } = spawnSync(process.execPath, [join(folder, `${name}.mjs`)], { env, stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
    if (status === 130) break;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
