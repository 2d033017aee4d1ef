/**
 * A Slurm cluster of this machine's own for benches: the bed of test/clusters, without the test's frame. Needs root and the
 * packages of Slurm.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepareBed } from '../../test/clusters/bed-settings.ts';

/** Where dist/ is, and beside it the beds: scripts/bench.mjs says it. */
const dist = process.env['DISBATCH_BENCH_DIST'] ?? 'dist';
const script = join(dirname(dist), 'test/clusters/bed.sh');

export class SlurmBed {
  /** Alice's home, at this path inside and outside. */
  readonly home: string;
  /** The command under test there. */
  readonly disbatch: string;
  private readonly folder: string;
  private readonly child: ChildProcess;
  /** The first words of a command of alice's on the head, after nsenter. */
  private readonly enter: readonly string[];

  private constructor(folder: string, child: ChildProcess, init: string) {
    this.folder = folder;
    this.child = child;
    this.home = join(folder, 'home/alice');
    this.disbatch = join(folder, 'program/disbatch');
    const path = `PATH=${join(folder, 'bin')}:/usr/local/bin:/usr/bin:/bin`;
    this.enter = [
      ...['-t', init, '--mount', '--uts', '--ipc', '--net', '--pid'],
      ...['setpriv', '--reuid=alice', '--regid=alice', '--init-groups'],
      ...['env', '-i', '-C', this.home, `HOME=${this.home}`, 'USER=alice', path],
    ];
  }

  /** Brings up so many nodes of four cores each. */
  static async up(nodes: number): Promise<SlurmBed> {
    const folder = mkdtempSync('/tmp/disbatch-bench-bed-');
    chmodSync(folder, 0o755);
    prepareBed(folder, { nodes, services: ['slurm'], slurm: { cpus: 4 }, program: dist });
    const child = spawn('bash', [script, 'up', folder], { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (/^ready$/m.test(said)) resolve();
      });
      child.on('close', () => reject(new Error('the cluster did not come up')));
    });
    const tasks = `/proc/${child.pid}/task`;
    const children = readdirSync(tasks).map((thread) => readFileSync(join(tasks, thread, 'children'), 'utf8').trim());
    const [init] = children.filter((pid) => pid !== '');
    if (init === undefined) throw new Error('the cluster has no process 1');
    return new SlurmBed(folder, child, init);
  }

  /** Runs a bash script as alice on the head. @returns seconds, and what it printed */
  run(text: string): { readonly seconds: number; readonly output: string } {
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync('nsenter', [...this.enter, 'bash', '-c', text], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`exit status ${status} of: ${text}\n${stderr}`);
    return { seconds, output: stdout };
  }

  /** Ends all of it. */
  async down(): Promise<void> {
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.kill('SIGKILL');
    await closed;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
