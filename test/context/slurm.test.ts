/** The context of a Slurm job, from what Slurm tells it: nodes, and the srun of each. test/clusters has the real one. */

import { describe, expect, test } from 'vitest';
import type { ContextPlan, ContextSituation, StartCommand } from '../../src/context/context.ts';
import { slurm } from '../../src/context/slurm.ts';
import { engineCommand, nodeOf, planOf, refusalOf, situation } from './situations.ts';

type Env = Readonly<Record<string, string>>;

const job: Env = {
  ...{ SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'node[1-2]', SLURM_JOB_CPUS_PER_NODE: '4(x2)' },
  ...{ SLURM_TASKS_PER_NODE: '4,2' },
};

/** scontrol, for the lists of these tests. */
const ask = (command: readonly string[]): string => {
  expect(command.slice(0, 3)).toEqual(['scontrol', 'show', 'hostnames']);
  return { 'node[1-2]': 'node1\nnode2\n', node1: 'node1\n', node2: 'node2\n' }[String(command[3])] ?? '';
};

const inJob = (env: Env = {}, changed: Partial<ContextSituation> = {}): Partial<ContextSituation> => ({
  ...{ env: { ...job, ...env }, ask },
  ...changed,
});
const plan = (...given: Parameters<typeof inJob>): ContextPlan => planOf(slurm, inJob(...given));
const options = (changed: Partial<ContextSituation['slotOptions']>): Partial<ContextSituation> => ({
  slotOptions: { cpusPerTask: undefined, tasksPerNode: undefined, fill: false, ...changed },
});
const commandOf = (made: ContextPlan, index = 0): Promise<StartCommand> =>
  made.transport.command(nodeOf(made, index), engineCommand);

/** What srun is told before the command that it starts. */
function srunOptions({ words }: StartCommand): string[] {
  const from = words.indexOf('srun');
  const to = words.findIndex((word, index) => index > from && word.startsWith('/'));
  return words.slice(from + 1, to);
}

describe('a job', () => {
  test('is a context of its nodes, named by its number', () => {
    const { label, nodes, notices } = plan();
    expect(label).toBe('J7');
    expect(nodes.map(({ name, slots, coresPerTask }) => [name, slots, coresPerTask])).toEqual([
      ['node1', 4, 1],
      ['node2', 2, 2],
    ]);
    expect(notices).toEqual([]);
  });

  test('is none outside of Slurm, and SLURM_JOBID alone will do', () => {
    expect(slurm(situation())).toBeUndefined();
    expect(plan({ SLURM_JOB_ID: '', SLURM_JOBID: '8' }).label).toBe('J8');
  });

  test('knows its own node by SLURMD_NODENAME, else by the name of the host', () => {
    expect(plan({ SLURMD_NODENAME: 'node2' }, { thisHost: 'node1' }).allocation?.ownNode).toBe('node2');
    expect(plan({}, { thisHost: 'node1.cluster' }).allocation?.ownNode).toBe('node1');
    expect(plan({}, { thisHost: 'login' }).allocation?.ownNode).toBeUndefined();
    expect(plan({ SLURMD_NODENAME: 'elsewhere' }, { thisHost: 'node1' }).allocation?.ownNode).toBeUndefined();
  });

  test('gives nodes back with scontrol, and its tasks may be ended by signals', () => {
    const { allocation, usesThisHostDirectly } = plan();
    expect(allocation?.retireCommand).toMatch(/^scontrol update JobId="\$SLURM_JOBID" NodeList=/);
    expect(allocation?.retireEnv).toEqual({ SLURM_JOBID: '7' });
    expect([allocation?.signalsTasks, usesThisHostDirectly]).toEqual([true, false]);
  });

  test.each([
    [{ SLURM_JOB_NODELIST: '' }, {}, /inside the Slurm job 7, but SLURM_JOB_NODELIST/],
    [{ SLURM_STEP_NUM_TASKS: '4' }, {}, /one of the 4 tasks of an srun/],
    [
      {},
      { ask: undefined },
      /The nodes of this Slurm job \(node\[1-2\]\) cannot be told: scontrol show hostnames failed/,
    ],
    [{ SLURM_JOB_CPUS_PER_NODE: 'x' }, {}, /SLURM_JOB_CPUS_PER_NODE=x is not a list/],
  ] as const)('that says %j cannot be used, and why is said', (env: Env, changed, sentence) => {
    const failing = 'ask' in changed ? { ask: situation().ask } : {};
    const [code, said] = refusalOf(slurm, inJob(env, failing));
    expect(code).toBe('where-to-run');
    expect(said).toMatch(sentence);
  });

  test('that srun has started once is used', () => {
    expect(plan({ SLURM_STEP_NUM_TASKS: '1' }).nodes).toHaveLength(2);
  });
});

describe('the srun of a node', () => {
  test('starts one slot.sh for each slot there, with the cores of its tasks, and reads the engine from the first', async () => {
    const made = plan();
    const command = await commandOf(made, 1);
    expect(srunOptions(command)).toEqual(['--input=0', '-N', '1', '-n', '2', '-c', '2', '-w', 'node2']);
    const [slotScript, ...rest] = command.words.slice(command.words.indexOf('/opt/disbatch/slot.sh'));
    expect(slotScript).toBe('/opt/disbatch/slot.sh');
    expect(rest).toEqual(['SLURM_LOCALID', 'any', '', '/opt/node', '/opt/disbatch', '/data', 'r', '3']);
    expect([made.transport.name, made.transport.launcherPerSlot]).toEqual(['srun', true]);
    expect(command.limitMs).toBeUndefined();
  });

  test('tells slot.sh of the launcher and the variables that were asked for', async () => {
    const made = plan();
    const engine = { ...engineCommand, launcher: 'portable', resources: ['A', 'B'] } as const;
    const { words } = await made.transport.command(nodeOf(made), engine);
    expect(words.slice(words.indexOf('SLURM_LOCALID')).slice(0, 3)).toEqual(['SLURM_LOCALID', 'portable', 'A,B']);
  });

  test.each([
    [{ cpusPerTask: 2 }, ['-n', '2', '-c', '2'], false],
    [{ cpusPerTask: 0.5 }, ['-n', '4', '-c', '1'], false],
    [{ cpusPerTask: 0.5, fill: true }, ['-n', '8', '-c', '1'], true],
    [{ cpusPerTask: 1.5 }, ['-n', '2', '-c', '1'], false],
    [{ tasksPerNode: 8 }, ['-n', '8', '-c', '1'], true],
    [{ tasksPerNode: 1 }, ['-n', '1', '-c', '4'], false],
  ])('with %j has %j, with --overcommit only where that is more than there is', async (changed, size, overcommit) => {
    const told = srunOptions(await commandOf(plan({}, options(changed))));
    expect(told.slice(3, 7)).toEqual(size);
    expect(told.includes('--overcommit')).toBe(overcommit);
  });

  test('binds to cores and knows no MPI, unless the user has said how to bind', async () => {
    expect((await commandOf(plan())).env).toEqual({
      SLURM_CPU_BIND: 'cores',
      SLURM_MPI_TYPE: 'none',
      SLURM_OVERLAP: '1',
    });
    expect((await commandOf(plan({ SLURM_CPU_BIND: 'none' }))).env['SLURM_CPU_BIND']).toBe('none');
  });

  test('may share its cores with the steps of tasks, which do not see that', async () => {
    const { words, env } = await commandOf(plan());
    expect(env['SLURM_OVERLAP']).toBe('1');
    expect(words.join(' ')).toContain('/usr/bin/env -u SLURM_OVERLAP /bin/sh /opt/disbatch/slot.sh');
  });

  test('leaves SLURM_OVERLAP as the user has set it, for itself and for the tasks', async () => {
    const byEnvironment = await commandOf(plan({ SLURM_OVERLAP: '0' }));
    expect(byEnvironment.env['SLURM_OVERLAP']).toBeUndefined();
    expect(byEnvironment.words).not.toContain('/usr/bin/env');
    const file = { DISBATCH_SLURM_SRUN_OPTIONS_FILE: '/o' };
    const byFile = await commandOf(plan(file, { read: () => 'SLURM_OVERLAP=0\n' }));
    expect(byFile.env).toEqual({ SLURM_OVERLAP: '0' });
    expect(byFile.words).not.toContain('/usr/bin/env');
  });

  test("has what the user's file of options says instead of ours", async () => {
    const file = { DISBATCH_SLURM_SRUN_OPTIONS_FILE: '/my/options' };
    const read = (path: string): string => `SLURM_CPU_BIND=none\nOF=${path}\n`;
    const { env } = await commandOf(plan(file, { read }));
    expect(env).toEqual({ SLURM_CPU_BIND: 'none', OF: '/my/options', SLURM_OVERLAP: '1' });
  });

  test('whose file of options cannot be read is a mistake, with the reason', () => {
    const file = { DISBATCH_SLURM_SRUN_OPTIONS_FILE: '/my/options' };
    expect(refusalOf(slurm, inJob(file))).toEqual([
      'usage',
      'DISBATCH_SLURM_SRUN_OPTIONS_FILE is /my/options, which cannot be read (/my/options is not there). Mend the name or unset it.',
    ]);
    const [code, sentence] = refusalOf(slurm, inJob(file, { read: () => 'A=1\nnonsense\n' }));
    expect([code, sentence]).toEqual(['usage', expect.stringContaining('/my/options:2')]);
  });

  test('is started with the limit on open files that this process was started with', async () => {
    const { words } = await commandOf(plan({}, { openFiles: 1024 }));
    const [shell, , script, limit, next] = words;
    expect([shell, limit, next]).toEqual(['/bin/sh', '1024', 'srun']);
    expect(script).toContain('ulimit -Sn');
    expect((await commandOf(plan())).words[0]).toBe('srun');
  });
});

describe('GPUs', () => {
  test('that the job has for each task are given to each slot by srun, and so not shared out', () => {
    expect(plan().transport.slotsOwnResources).toBe(false);
    expect(plan({ SLURM_GPUS_PER_TASK: '1' }).transport.slotsOwnResources).toBe(true);
    const file = { DISBATCH_SLURM_SRUN_OPTIONS_FILE: '/o' };
    const read = (): string => 'SLURM_GPUS_PER_TASK=1\n';
    expect(plan(file, { read }).transport.slotsOwnResources).toBe(true);
  });

  test('that the job has as a whole are told to the srun of each node as those of that node', async () => {
    const details = '  Nodes=node1 CPU_IDs=0-3 Mem=0 GRES=gpu:2(IDX:0-1)\n  Nodes=node2 CPU_IDs=0-3 Mem=0 GRES=\n';
    const made = plan({ SLURM_GPUS: '2' }, { ask: (command) => (command.includes('job') ? details : ask(command)) });
    expect((await commandOf(made, 0)).env['SLURM_GPUS']).toBe('2');
    expect((await commandOf(made, 1)).env['SLURM_GPUS']).toBe('0');
  });

  test('that cannot be told are left to srun', async () => {
    const failing = (command: readonly string[]): string => {
      if (command.includes('job')) throw new Error('no controller');
      return ask(command);
    };
    expect((await commandOf(plan({ SLURM_GPUS: '2' }, { ask: failing }))).env['SLURM_GPUS']).toBeUndefined();
  });
});

test('an srun that fails is told of by its last words, or by how it ended', () => {
  const { transport } = plan();
  const end = { status: 1, how: 'exit status 1', started: true, output: '' };
  const errors = 'srun: error: Unable to create step for job 7: Requested node configuration is not available\n';
  expect(transport.readFailure({ ...end, errors })).toEqual({
    failure: 'final',
    reason: 'Unable to create step for job 7: Requested node configuration is not available',
  });
  expect(transport.readFailure({ ...end, status: 0, how: 'exit status 0', errors: '' }).reason).toBe(
    'srun ended with exit status 0 before the engine was up, and gave no reason',
  );
});
