/**
 * Builds dist/: what `npm install` puts on a machine and what compute nodes start from. `npm run build`.
 *
 * It does nothing when nothing has changed since the last time. Each file is made aside and renamed into place, so that
 * a running disBatch keeps the files that it has open.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { compilers, compileLauncher } from './build-launcher.mjs';
import { libraryTypes } from './build-types.mjs';
import { root } from './steps.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp');
const inputs = ['src', 'native', 'scripts', 'package.json', 'package-lock.json'];
/** Bundle to entry. */
const bundles = {
  'disbatch.cjs': 'src/cli/main.ts',
  'engine.cjs': 'src/engine/main.ts',
  'portable-launcher.cjs': 'src/engine/portable-launcher.ts',
  'library.cjs': 'src/library/index.ts',
  // Parts of the command that most runs do not need: they are loaded when they are asked for.
  'terminal.cjs': 'src/monitor/terminal/main.ts',
  'web.cjs': 'src/monitor/web/main.ts',
  'report.cjs': 'src/monitor/report/main.ts',
  'mail.cjs': 'src/notify/mail.ts',
};
/** What runs in the browser: of the web page, and of the page of a report. */
const pageBundle = {
  entryPoints: { page: 'src/monitor/page/main.tsx', 'report-page': 'src/monitor/report/page/main.tsx' },
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** The library for `import`: the same classes as `require` gives, since a program may use both. */
const libraryFront = "export { DisBatcher, DisbatchError } from './library.cjs';\n";

/** What the build depends on, in one hash: names, sizes and times of the inputs, and the compilers there are. */
function stampOf(found) {
  const hash = createHash('sha256').update(process.arch + JSON.stringify(found));
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const name of readdirSync(path).sort()) visit(join(path, name));
    else if (stat) hash.update(`\n${relative(root, path)} ${stat.size} ${stat.mtimeMs}`);
  };
  for (const input of inputs) visit(join(root, input));
  return hash.digest('hex');
}

/** The stamp file's lines: the hash, then the files that were made. */
function isUpToDate(stamp) {
  if (!existsSync(stampFile)) return false;
  const [built, ...files] = readFileSync(stampFile, 'utf8').trim().split('\n');
  return built === stamp && files.length > 0 && files.every((file) => existsSync(join(dist, file)));
}

/** Bundles the TypeScript; returns the packages that went into the bundles. */
async function bundle(into, version) {
  const esbuild = await import('esbuild');
  const packages = new Set();
  const common = {
    absWorkingDir: root,
    outdir: into,
    bundle: true,
    minifyWhitespace: true,
    minifySyntax: true,
    metafile: true,
    logLevel: 'warning',
  };
  const node = Object.entries(bundles).map(([outfile, entry]) => ({
    entryPoints: { [outfile.replace('.cjs', '')]: entry },
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { DISBATCH_VERSION: JSON.stringify(version) },
  }));
  for (const each of [...node, { ...pageBundle, minifyIdentifiers: true }]) {
    const { metafile } = await esbuild.build({ ...common, ...each });
    for (const input of Object.keys(metafile.inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (name !== undefined) packages.add(name);
    }
  }
  return [...packages].sort();
}

/** The licences of what is bundled, which ask to be handed on with it. */
function licences(packages) {
  return packages
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`the bundled package ${name} has no licence file to hand on`);
      return `${name}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

async function build() {
  const found = compilers();
  const stamp = stampOf(found);
  if (isUpToDate(stamp)) return;
  const started = Date.now();
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const aside = join(root, `dist/.new-${process.pid}`);
  mkdirSync(aside, { recursive: true });
  try {
    const [packages, types] = await Promise.all([bundle(aside, version), libraryTypes(root)]);
    for (const file of ['library.d.mts', 'library.d.cts']) writeFileSync(join(aside, file), types);
    writeFileSync(join(aside, 'library.mjs'), libraryFront);
    if (packages.length > 0) writeFileSync(join(aside, 'THIRD-PARTY-LICENCES.txt'), licences(packages));
    for (const script of ['engine.sh', 'slot.sh']) {
      writeFileSync(join(aside, script), readFileSync(join(root, 'src/engine', script)));
    }
    writeFileSync(join(aside, 'disbatch.1'), execFileSync(process.execPath, [join(aside, 'disbatch.cjs'), 'man']));
    writeFileSync(join(aside, 'page.html'), readFileSync(join(root, 'src/monitor/page/page.html')));
    writeFileSync(join(aside, 'start.cjs'), readFileSync(join(root, 'src/cli/start.cjs')));
    const front = readFileSync(join(root, 'src/cli/disbatch.sh'), 'utf8').replace('@VERSION@', version);
    writeFileSync(join(aside, 'disbatch'), front);
    chmodSync(join(aside, 'disbatch'), 0o755);
    const launchers = found.map((compiler) => compileLauncher(compiler, join(root, 'native/launcher.c'), aside));

    const files = readdirSync(aside);
    for (const old of readdirSync(dist)) {
      if (!old.startsWith('.new-') && !files.includes(old)) rmSync(join(dist, old), { recursive: true });
    }
    for (const file of files) renameSync(join(aside, file), join(dist, file));
    writeFileSync(stampFile, [stamp, ...files, ''].join('\n'));
    console.log(`Built dist/ for disbatch ${version} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    const native = launchers.filter(({ how }) => how !== undefined).map(({ name, how }) => `${name} (${how})`);
    console.log(
      native.length > 0
        ? `Native launchers: ${native.join(', ')}`
        : 'No native launcher, for want of a working C compiler for Linux: the portable launcher starts the tasks',
    );
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

await build();
