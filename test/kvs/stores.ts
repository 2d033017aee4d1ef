/** Stores in processes of their own, ours and the original's, and the command `disbatch kvs` that speaks with them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { disbatch, testFolder, until } from '../support/run-disbatch.ts';
import { skipWithout } from '../support/needs.ts';

export interface RunningStore {
  readonly child: ChildProcess;
  readonly host: string;
  readonly port: string;
  /** HOST:PORT. */
  readonly address: string;
}

/** Starts what prints the address of a store as its first line; the test's end ends it. */
async function started(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<RunningStore> {
  const child = spawn(command, args, { env, cwd: testFolder(), stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await until('the store tells its address', () => printed.includes('\n') || child.exitCode !== null);
  const [address, host, port] = /^(.*):(\d+)\n/.exec(printed) as unknown as [string, string, string];
  return { child, host, port, address: address.trim() };
}

/** `disbatch kvs serve`. */
export function serve(...words: readonly string[]): Promise<RunningStore> {
  return started(disbatch, ['kvs', 'serve', ...words], process.env);
}

/** The folder of the original's store; the test is skipped where there is none. */
export function originalFolder(ctx: { skip(note?: string): never }): string {
  skipWithout(ctx, 'python3');
  const folder = process.env['DISBATCH_ORIGINAL_KVS'];
  if (folder === undefined || !existsSync(join(folder, 'kvsstcp.py')))
    ctx.skip("DISBATCH_ORIGINAL_KVS does not name a folder with the original's kvsstcp.py");
  return folder;
}

/** The original's server, as its library starts it: as a command it needs an older Python. */
export function serveOriginal(ctx: { skip(note?: string): never }): Promise<RunningStore> {
  const program = [
    'from kvsstcp import KVSServer',
    "server = KVSServer('127.0.0.1', 0)",
    "print('%s:%d' % server.cinfo, flush=True)",
    'server.join()',
  ].join('\n');
  const env = { ...process.env, PYTHONPATH: originalFolder(ctx), PYTHONDONTWRITEBYTECODE: '1' };
  return started('python3', ['-c', program], env);
}

export interface Said {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Speaking {
  readonly child: ChildProcess;
  readonly said: Promise<Said>;
  /** Standard output so far. */
  stdout(): string;
}

/** Starts `disbatch kvs` with words for a store; the test's end ends it. */
export function startKvs(store: RunningStore | undefined, words: readonly string[], input?: Uint8Array): Speaking {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of ['DISBATCH_KVSSTCP_HOST', 'KVSSTCP_HOST', 'KVSSTCP_PORT']) delete env[name];
  if (store !== undefined) env['DISBATCH_KVSSTCP_HOST'] = store.address;
  const child = spawn(disbatch, ['kvs', ...words], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const out: Buffer[] = [];
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const said = new Promise<Said>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout: Buffer.concat(out), stderr: err }));
  });
  return { child, said, stdout: () => Buffer.concat(out).toString() };
}

/** Runs `disbatch kvs` to its end. */
export function kvs(store: RunningStore | undefined, ...words: readonly string[]): Promise<Said> {
  return startKvs(store, words).said;
}

export interface DumpJson {
  readonly keys: readonly { readonly key: string; readonly values: number; readonly [name: string]: unknown }[];
  readonly waits: readonly { readonly key: string; readonly waiting: number }[];
}

/** What is in a store. */
export async function dumpOf(store: RunningStore): Promise<DumpJson> {
  return JSON.parse((await kvs(store, 'dump', '--json')).stdout.toString()) as DumpJson;
}

/** Waits until somebody waits in a store for a key. */
export async function waitedFor(store: RunningStore, key: string): Promise<void> {
  while (!(await dumpOf(store)).waits.some((wait) => wait.key === key));
}
