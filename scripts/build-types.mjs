/**
 * The types of the library, in one text: what the compiler says of src/library/index.ts and of what that names. Part of the
 * build.
 *
 * Always true: nothing is exported but what index.ts exports, and nothing else of the program is named.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const entry = 'library/index';
const options = [
  '--ignoreConfig --declaration --emitDeclarationOnly --noCheck --strict --allowImportingTsExtensions',
  '--target es2023 --lib es2023,es2024.string --module esnext --moduleResolution bundler --types node --rootDir src',
].flatMap((line) => line.split(' '));

/** @returns the text of a declaration file, for ES modules and CommonJS alike */
export async function libraryTypes(root) {
  const folder = mkdtempSync(join(tmpdir(), 'disbatch-types-'));
  try {
    await compile(root, folder);
    const texts = new Map();
    collect(folder, entry, texts);
    const exported = exportsOf(texts.get(entry));
    texts.delete(entry);
    return `${[...texts.values()].map(withoutModules).join('\n')}\nexport { ${exported.join(', ')} };\n`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compile(root, outDir) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const compiler = spawn(process.execPath, [tsc, ...options, '--outDir', outDir, `src/${entry}.ts`], { cwd: root });
  let said = '';
  for (const stream of [compiler.stdout, compiler.stderr]) stream.on('data', (text) => (said += text));
  return new Promise((resolve, reject) => {
    compiler.on('error', reject);
    compiler.on('close', (status) => (status === 0 ? resolve() : reject(new Error(`the library's types: ${said}`))));
  });
}

/** The declarations of a file and of those that it names, the latter first. */
function collect(folder, name, texts) {
  if (texts.has(name)) return;
  // Its place is taken before those that it names come, in case they name it.
  texts.set(name, '');
  const text = readFileSync(join(folder, `${name}.d.ts`), 'utf8');
  for (const [, path] of text.matchAll(/^(?:import|export) [^;]*? from '(.*?)\.ts';$/gm)) {
    collect(folder, join(dirname(name), path), texts);
  }
  texts.delete(name);
  texts.set(name, text);
}

function exportsOf(text) {
  return [...text.matchAll(/^export (type )?\{ (.*?) \} from /gm)].flatMap(([, type = '', names]) =>
    names.split(', ').map((name) => (name.startsWith('type ') ? name : type + name)),
  );
}

/** A file's declarations without its first comment, which is about the source, and without what ties it to others. */
function withoutModules(text) {
  return text
    .replace(/^\/\*\*.*?\*\/\n/s, '')
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export (?=declare |type |interface )/gm, '')
    .trim();
}
