import { describe, expect, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import { chooseContext, type ContextSituation } from '../../src/context/registry.ts';

const choose = (situation: Partial<ContextSituation>): ReturnType<typeof chooseContext> =>
  chooseContext({
    sshNodes: [],
    slotOptions: { cpusPerTask: 1, tasksPerNode: undefined },
    label: undefined,
    env: {},
    thisHost: 'here.cluster',
    cores: 4,
    onPath: () => false,
    ...situation,
  });

function refusal(situation: Partial<ContextSituation>): DisbatchError {
  try {
    choose(situation);
  } catch (error) {
    if (error instanceof DisbatchError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

const one = { cpusPerTask: 1, tasksPerNode: undefined };
const scheduler = (name: string) => (command: string) => command === name;

describe('with nothing said', () => {
  test('all cores of this machine are used, and a line says so', () => {
    expect(choose({})).toEqual({
      label: undefined,
      nodes: [{ name: 'here.cluster', cores: 4, slots: 4, coresPerTask: 1 }],
      notices: ['No -s given: using all 4 cores of this machine, 4 tasks at a time.'],
    });
  });

  test('the slots are those that -c and -t give', () => {
    expect(choose({ slotOptions: { cpusPerTask: 3, tasksPerNode: undefined } }).nodes[0]?.slots).toBe(1);
    expect(choose({ slotOptions: { ...one, tasksPerNode: 9 } }).nodes[0]?.slots).toBe(9);
  });

  test.each(['sbatch', 'qsub'])('where %s is at hand it asks first: others may need this machine', (name) => {
    const error = refusal({ onPath: scheduler(name) });
    expect([error.code, error.exitStatus]).toEqual(['where-to-run', 2]);
    expect(error.message).toMatch(new RegExp(`${name} .*-s localhost:CORES`));
  });

  test.each(['SLURM_JOBID', 'SLURM_JOB_ID'])(
    'inside of a Slurm job (%s) it says that it does not use Slurm',
    (name) => {
      const error = refusal({ env: { [name]: '7' } });
      expect(error.code).toBe('where-to-run');
      expect(error.message).toMatch(/Slurm.*-s localhost:CORES/);
    },
  );
});

describe('a list of hosts', () => {
  test('of this host gives its cores, wherever sbatch and qsub are', () => {
    const plan = choose({ sshNodes: ['localhost:2'], onPath: () => true });
    expect(plan).toEqual({
      label: undefined,
      nodes: [{ name: 'here.cluster', cores: 2, slots: 2, coresPerTask: 1 }],
      notices: [],
    });
  });

  test('may come from DISBATCH_SSH_NODELIST', () => {
    expect(choose({ env: { DISBATCH_SSH_NODELIST: 'localhost:3' } }).nodes[0]?.cores).toBe(3);
  });

  test('on the command line comes before that of the environment', () => {
    const plan = choose({ sshNodes: ['localhost:2'], env: { DISBATCH_SSH_NODELIST: 'localhost:3' } });
    expect(plan.nodes.map((node) => node.cores)).toEqual([2]);
  });

  test('on the command line comes before a Slurm job, and that before DISBATCH_SSH_NODELIST', () => {
    const env = { SLURM_JOBID: '7', DISBATCH_SSH_NODELIST: 'localhost:3' };
    expect(choose({ sshNodes: ['localhost:2'], env }).nodes[0]?.cores).toBe(2);
    expect(refusal({ env }).code).toBe('where-to-run');
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
    const error = refusal({ sshNodes: ['localhost:1'], slotOptions: { cpusPerTask: 2.5, tasksPerNode: undefined } });
    expect([error.code, error.exitStatus]).toEqual(['no-slots', 1]);
    expect(error.message).toContain('here.cluster has 1 core for this run, and a task needs 2.5 (-c)');
  });

  test('of a name that has none are left out with a notice, when another has some', () => {
    const plan = choose({
      sshNodes: ['here:4,here.cluster:1'],
      slotOptions: { cpusPerTask: 2, tasksPerNode: undefined },
    });
    expect(plan.nodes.map((node) => node.name)).toEqual(['here']);
    expect(plan.notices).toEqual(['here.cluster has no slot and is left out.']);
  });
});

test('a label that was given takes the place of the default one', () => {
  expect(choose({ label: 'night' }).label).toBe('night');
  expect(choose({ label: 'night', sshNodes: ['localhost:1'] }).label).toBe('night');
});
