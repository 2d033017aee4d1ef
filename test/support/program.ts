/**
 * Programs that give a run its tasks, for tests: this process itself, and scripts for `--taskcommand` that speak with the
 * store in bash alone.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { StoreClient } from '../../src/kvs/client.ts';
import { until } from './run-disbatch.ts';

/** What the results of a program have, as they come. */
export type Result = Readonly<Record<string, unknown>>;

/** The program of this process: its keys begin with `prog`. */
export class Program {
  readonly client: StoreClient;

  private constructor(client: StoreClient) {
    this.client = client;
  }

  /** Signs in at a store. */
  static async at(host: string, port: number): Promise<Program> {
    const client = await StoreClient.connect(host, port);
    onTestFinished(() => client.close());
    const program = new Program(client);
    await client.put('task source name', 'prog');
    await client.put('task source done task', 'prog done!');
    await client.put('task source result key', 'prog result');
    await client.put('task source task key', 'prog task');
    await client.obeyed();
    return program;
  }

  /** Signs in at the store of a run in this folder whose prefix is `run`, when it is there. */
  static async ofRun(folder: string): Promise<Program> {
    const file = join(folder, 'run_kvsinfo.txt');
    await until('the run is there', () => existsSync(file));
    const [host, port] = readFileSync(file, 'utf8').split(':') as [string, string];
    return Program.at(host, Number(port));
  }

  submit(lines: string): Promise<void> {
    return this.client.put('prog task', lines);
  }

  /** What became of a task; waits for it. */
  async result(name: number | string): Promise<Result> {
    const { encoding, value } = await this.client.get(`prog result ${name}`);
    if (encoding !== 'JSON') throw new Error(`a result is ${encoding}`);
    return JSON.parse(value.toString()) as Result;
  }

  async done(): Promise<void> {
    await this.client.put('prog task', 'prog done!');
    await this.client.obeyed().catch(() => {});
  }
}

/**
 * The beginning of a script in bash: `put KEY VALUE`, `take KEY`, `sure` (the store has all), `sign_in`, `task LINE`,
 * `result ID`, `finish`.
 */
export const inBash = `
LC_ALL=C
exec 3<>"/dev/tcp/$KVSSTCP_HOST/$KVSSTCP_PORT"
put() { printf 'put_%10d%sASTR%10d%s' "\${#1}" "$1" "\${#2}" "$2" >&3; }
take() { printf 'get_%10d%s' "\${#1}" "$1" >&3; local head; IFS= read -r -N 14 -u 3 head; head -c "$((\${head: -10}))" <&3; }
sure() { put ".disbatch client $$" ''; take ".disbatch client $$"; }
sign_in() { put 'task source name' sh; put 'task source done task' end; put 'task source result key' r; put 'task source task key' t; sure; }
task() { put t "$1"; sure; }
result() { take "r $1"; }
finish() { put t end; sure; }
`;
