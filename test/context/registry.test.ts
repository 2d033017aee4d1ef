import { describe, expect, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import type { ContextPlan, ContextSituation, SlotOptions } from '../../src/context/context.ts';
import { chooseContext } from '../../src/context/registry.ts';

const one: SlotOptions = { cpusPerTask: 1, tasksPerNode: undefined, fill: false };

function maybe(situation: Partial<ContextSituation>): ContextPlan | undefined {
  return chooseContext({
    ...{ sshNodes: [], slotOptions: one, label: undefined, env: {}, thisHost: 'here.cluster', cores: 4 },
    openFiles: undefined,
    onPath: () => false,
    ask: (command) => {
      throw new Error(`${command.join(' ')} is asked`);
    },
    read: (path) => {
      throw new Error(`${path} is read`);
    },
    ...situation,
  });
}

function choose(situation: Partial<ContextSituation>): ContextPlan {
  const plan = maybe(situation);
  if (plan === undefined) throw new Error('there is no plan');
  return plan;
}

function refusal(situation: Partial<ContextSituation>): DisbatchError {
  try {
    maybe(situation);
  } catch (error) {
    if (error instanceof DisbatchError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const scheduler = (name: string) => (command: string) => command === name;

describe('with nothing said', () => {
  test('all cores of this machine are used, and a line says so', () => {
    expect(choose({})).toMatchObject({
      label: undefined,
      nodes: [{ name: 'here.cluster', cores: 4, slots: 4, coresPerTask: 1 }],
      notices: ['No -s given: using all 4 cores of this machine, 4 tasks at a time.'],
      ...{ usesThisHostDirectly: true, allocation: undefined },
    });
  });

  test('the slots are those that -c and -t give', () => {
    expect(choose({ slotOptions: { ...one, cpusPerTask: 3 } }).nodes[0]?.slots).toBe(1);
    expect(choose({ slotOptions: { ...one, tasksPerNode: 9 } }).nodes[0]?.slots).toBe(9);
    expect(choose({ slotOptions: { ...one, cpusPerTask: undefined } }).nodes[0]?.slots).toBe(4);
  });

  test.each(['sbatch', 'qsub'])('where %s is at hand it asks first: others may need this machine', (name) => {
    const error = refusal({ onPath: scheduler(name) });
    expect([error.code, error.exitStatus]).toEqual(['where-to-run', 2]);
    expect(error.message).toMatch(new RegExp(`${name} .*-s localhost:CORES`));
  });

  test('and this machine not to be used unasked, there is no plan', () => {
    expect(maybe({ cores: undefined, onPath: () => true })).toBeUndefined();
  });
});

/** A situation in which every kind of context could make a plan. */
const everything: Partial<ContextSituation> = {
  sshNodes: ['ssh1:2'],
  env: {
    ...{ SLURM_JOB_ID: '7', SLURM_JOB_NODELIST: 'slurm1', SLURM_JOB_CPUS_PER_NODE: '2', SLURM_TASKS_PER_NODE: '2' },
    ...{ DISBATCH_SSH_NODELIST: 'listed1:2', PE_HOSTFILE: '/hosts', JOB_ID: '8' },
  },
  ask: () => 'slurm1\n',
  read: () => 'sge1 2 all.q@sge1 UNDEFINED\n',
};

function without(...names: string[]): Partial<ContextSituation> {
  const env = Object.entries(everything.env ?? {}).filter(([name]) => !names.some((each) => name.startsWith(each)));
  return { ...everything, sshNodes: [], env: Object.fromEntries(env) };
}

describe('of several that could be meant', () => {
  test.each([
    ['-s before everything else', everything, 'ssh1', 'ssh'],
    ['the Slurm job before lists and hosts of the environment', without(), 'slurm1', 'srun'],
    ['DISBATCH_SSH_NODELIST before a Grid Engine job', without('SLURM'), 'listed1', 'ssh'],
    ['the Grid Engine job before this machine', without('SLURM', 'DISBATCH'), 'sge1', 'qrsh'],
    ['this machine when nothing else is said', without('SLURM', 'DISBATCH', 'PE_'), 'here.cluster', '/bin/sh'],
  ])('it takes %s', (_, situation, node, way) => {
    const { nodes, transport } = choose(situation);
    expect([nodes.map(({ name }) => name), transport.name]).toEqual([[node], way]);
  });

  test('a variable that is set to nothing is meant to be unset', () => {
    const env = { SLURM_JOB_ID: '', SLURM_JOBID: '', DISBATCH_SSH_NODELIST: '', PE_HOSTFILE: '', JOB_ID: '8' };
    expect(choose({ env }).nodes[0]?.name).toBe('here.cluster');
  });
});

describe('a list of hosts', () => {
  test('of this host gives its cores, wherever sbatch and qsub are', () => {
    const plan = choose({ sshNodes: ['localhost:2'], onPath: () => true });
    expect(plan).toMatchObject({
      label: undefined,
      nodes: [{ name: 'here.cluster', cores: 2, slots: 2, coresPerTask: 1 }],
      ...{ notices: [], usesThisHostDirectly: true, allocation: undefined },
    });
  });

  test('may come from DISBATCH_SSH_NODELIST', () => {
    expect(choose({ env: { DISBATCH_SSH_NODELIST: 'localhost:3' } }).nodes[0]?.cores).toBe(3);
  });

  test('on the command line comes before that of the environment', () => {
    const plan = choose({ sshNodes: ['localhost:2'], env: { DISBATCH_SSH_NODELIST: 'localhost:3' } });
    expect(plan.nodes.map((node) => node.cores)).toEqual([2]);
  });

  test.each(['here', 'here.cluster', 'here.elsewhere'])('may call this host %s', (name) => {
    expect(choose({ sshNodes: [`${name}:2`] }).nodes.map((node) => node.name)).toEqual([name]);
  });

  test('may name other hosts, and one twice, whose cores are summed', () => {
    const { nodes } = choose({ sshNodes: ['node1:2,localhost:1', 'node1:3'] });
    expect(nodes.map(({ name, slots }) => [name, slots])).toEqual([
      ['node1', 5],
      ['here.cluster', 1],
    ]);
  });

  test('that cannot be read is refused as a mistake in where it came from', () => {
    expect(refusal({ sshNodes: ['localhost'] }).message).toMatch(/^-s: "localhost"/);
    expect(refusal({ env: { DISBATCH_SSH_NODELIST: 'x' } }).message).toMatch(/^DISBATCH_SSH_NODELIST: "x"/);
  });
});

describe('slots', () => {
  test('that cannot be made are an error with the numbers that stand in the way', () => {
    const error = refusal({ sshNodes: ['localhost:1'], slotOptions: { ...one, cpusPerTask: 2.5 } });
    expect([error.code, error.exitStatus]).toEqual(['no-slots', 1]);
    expect(error.message).toContain('here.cluster has 1 core for this run, and a task needs 2.5 (-c)');
    expect(error.message).toContain('with -s');
  });

  test('that cannot be made in an allocation are no matter of -s', () => {
    const error = refusal({ ...without(), slotOptions: { ...one, cpusPerTask: 3 } });
    expect(error.code).toBe('no-slots');
    expect(error.message).toContain('slurm1 has 2 cores for this run, and a task needs 3 (-c)');
    expect(error.message).not.toContain('-s');
  });

  test('of a name that has none are left out with a notice, when another has some', () => {
    const plan = choose({ sshNodes: ['here:4,here.cluster:1'], slotOptions: { ...one, cpusPerTask: 2 } });
    expect(plan.nodes.map((node) => node.name)).toEqual(['here']);
    expect(plan.notices).toEqual(['here.cluster has no slot and is left out.']);
  });
});

test('--fill is told to have no effect where there is no number of tasks to pass over', () => {
  const fill = { ...one, fill: true };
  expect(choose({ sshNodes: ['localhost:2'], slotOptions: fill }).notices).toEqual([
    '--fill has no effect here: all cores that there are to use are used.',
  ]);
  expect(choose({ ...without(), slotOptions: fill }).notices).toEqual([]);
});

test('a label that was given takes the place of the default one', () => {
  expect(choose({ label: 'night' }).label).toBe('night');
  expect(choose({ label: 'night', sshNodes: ['localhost:1'] }).label).toBe('night');
  expect(choose({ ...without(), label: 'night' }).label).toBe('night');
  expect(choose(without()).label).toBe('J7');
});
