import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import type { SlotOptions } from '../../src/context/context.ts';
import { floorDivide } from '../../src/context/host-list.ts';
import {
  expandCounts,
  keepsOwnGpus,
  parseSrunOptions,
  parseTimeLeft,
  planSlurm,
  slurmJobId,
  slurmNodeList,
  type SlurmPlan,
} from '../../src/context/slurm-env.ts';

type Env = Record<string, string | undefined>;

const nothing: SlotOptions = { cpusPerTask: undefined, tasksPerNode: undefined, fill: false };

const hosts = (count: number): string[] => Array.from({ length: count }, (_, index) => `node${index + 1}`);

function plan(env: Env, options: Partial<SlotOptions> = {}): SlurmPlan {
  const counts = expandCounts(env['SLURM_JOB_CPUS_PER_NODE'] ?? '1') ?? [1];
  return planSlurm(env, hosts(counts.length), { ...nothing, ...options });
}

/** Slots and whole cores of each task, by node. */
function slotsOf({ nodes }: SlurmPlan): [number, number][] {
  return nodes.map(({ slots, coresPerTask }) => [slots, coresPerTask]);
}

/** The shortest form, as Slurm writes it. */
function compressed(counts: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const count of counts) {
    const last = runs.at(-1);
    if (last?.[0] === count) last[1] += 1;
    else runs.push([count, 1]);
  }
  return runs.map(([count, times]) => (times === 1 ? String(count) : `${count}(x${times})`)).join(',');
}

describe("Slurm's compressed numbers", () => {
  test('are read as they were written', () => {
    expect(expandCounts('40,128(x3)')).toEqual([40, 128, 128, 128]);
    fc.assert(
      fc.property(fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }), (counts) => {
        expect(expandCounts(compressed(counts))).toEqual(counts);
      }),
    );
  });

  test.each([
    '',
    ',',
    '4,',
    'x',
    '4(x0)',
    '4(x)',
    '4(x2',
    '4 (x2)',
    '-1',
    '1.5',
    '4(x2)(x2)',
    '9999999999',
    '1(x100000)',
  ])('%j is not of that form', (text) => {
    expect(expandCounts(text)).toBeUndefined();
  });

  test('of more nodes than there can be are refused, and do not fill the memory', () => {
    expect(expandCounts(Array(1000).fill('1(x99999)').join(','))).toBeUndefined();
  });
});

describe('the slots of a job', () => {
  // As Slurm 22.05 sets the variables for the request that is named.
  test.each([
    ['-n 6', { cpus: '4,2', tasks: '4,2' }, {}, [4, 1], [2, 1]],
    ['-N 2', { cpus: '1(x2)', tasks: '1(x2)' }, {}, [1, 1], [1, 1]],
    ['-N 2 --exclusive', { cpus: '4(x2)', tasks: '4(x2)' }, {}, [4, 1], [4, 1]],
    ['-n 3 -c 2', { cpus: '4,2', tasks: '2,1', each: '2' }, {}, [2, 2], [1, 2]],
    ['-n 5 --ntasks-per-node=3', { cpus: '3(x2)', tasks: '3(x2)', perNode: '3' }, {}, [3, 1], [3, 1]],
    ['-N 2 --ntasks-per-node=2 -c 2', { cpus: '4(x2)', tasks: '2(x2)', perNode: '2', each: '2' }, {}, [2, 2], [2, 2]],
    // Fewer slots than Slurm has tasks, since each is to have more cores.
    ['-n 6', { cpus: '4,2', tasks: '4,2' }, { cpusPerTask: 2 }, [2, 2], [1, 2]],
    ['-n 6', { cpus: '4,2', tasks: '4,2' }, { cpusPerTask: 3 }, [1, 3], [0, 3]],
    // No more than Slurm's tasks, unless the rest is to be filled.
    ['-n 2 --exclusive', { cpus: '4(x2)', tasks: '1(x2)' }, {}, [1, 4], [1, 4]],
    ['-n 2 --exclusive', { cpus: '4(x2)', tasks: '1(x2)' }, { fill: true }, [4, 1], [4, 1]],
    ['-n 2 --exclusive', { cpus: '40,128', tasks: '1(x2)' }, { fill: true, cpusPerTask: 3 }, [13, 3], [42, 3]],
    ['-n 2 -c 2 --exclusive', { cpus: '4(x2)', tasks: '1(x2)', each: '2' }, { fill: true }, [2, 2], [2, 2]],
    // Fractions of a core.
    ['-n 2 --exclusive', { cpus: '4(x2)', tasks: '1(x2)' }, { fill: true, cpusPerTask: 0.5 }, [8, 1], [8, 1]],
    ['-n 2 --exclusive', { cpus: '4,1', tasks: '1(x2)' }, { fill: true, cpusPerTask: 0.1 }, [39, 1], [9, 1]],
    ['-n 8', { cpus: '4(x2)', tasks: '4(x2)' }, { cpusPerTask: 1.5 }, [2, 1], [2, 1]],
    // The command line has the last word.
    ['-n 6', { cpus: '4,2', tasks: '4,2' }, { tasksPerNode: 2 }, [2, 2], [2, 1]],
    ['-n 6', { cpus: '4,2', tasks: '4,2' }, { tasksPerNode: 1, cpusPerTask: 2 }, [1, 2], [1, 2]],
    ['-n 6 --ntasks-per-node=3', { cpus: '3(x2)', tasks: '3(x2)', perNode: '3' }, { tasksPerNode: 1 }, [1, 3], [1, 3]],
    ['-n 6', { cpus: '4,2', tasks: '4,2' }, { tasksPerNode: 4 }, [4, 1], [4, 0]],
  ] as const)('sbatch %s, %j, with %j: first node %j, second %j', (_request, said, options, ...expected) => {
    const { cpus, tasks, each, perNode } = said as Record<string, string | undefined>;
    const env = {
      SLURM_JOB_CPUS_PER_NODE: cpus,
      SLURM_TASKS_PER_NODE: tasks,
      SLURM_CPUS_PER_TASK: each,
      SLURM_NTASKS_PER_NODE: perNode,
    };
    expect(slotsOf(plan(env, options))).toEqual(expected);
  });

  test('do not come from a number that is 0, which is one that is not set', () => {
    const env = { SLURM_JOB_CPUS_PER_NODE: '8', SLURM_TASKS_PER_NODE: '4' };
    const zeros = { SLURM_CPUS_PER_TASK: '0', SLURM_NTASKS_PER_NODE: '0' };
    expect(plan({ ...env, ...zeros })).toEqual(plan(env));
    expect(slotsOf(plan(env))).toEqual([[4, 2]]);
  });

  test('belong to the nodes in the order of their names, with all cores of each', () => {
    const env = { SLURM_JOB_CPUS_PER_NODE: '40,128(x2)', SLURM_TASKS_PER_NODE: '3(x3)' };
    expect(planSlurm(env, ['b', 'a', 'c'], nothing)).toEqual({
      nodes: [
        { name: 'b', cores: 40, slots: 3, coresPerTask: 13 },
        { name: 'a', cores: 128, slots: 3, coresPerTask: 42 },
        { name: 'c', cores: 128, slots: 3, coresPerTask: 42 },
      ],
      notices: [],
    });
  });

  test('are what the cores hold when Slurm does not say how many tasks a node has', () => {
    const { nodes, notices } = plan({ SLURM_JOB_CPUS_PER_NODE: '4,2', SLURM_CPUS_PER_TASK: '2' });
    expect(nodes.map(({ slots }) => slots)).toEqual([2, 1]);
    expect(notices).toEqual([
      'SLURM_TASKS_PER_NODE is not set: the slots are what SLURM_JOB_CPUS_PER_NODE=4,2 gives with 2 cores for each task.',
    ]);
  });
});

describe('a conflict is told with both values, and the command line wins', () => {
  const env = { SLURM_JOB_CPUS_PER_NODE: '8', SLURM_TASKS_PER_NODE: '4' };

  test.each([
    [{ SLURM_CPUS_PER_TASK: '2' }, { cpusPerTask: 4 }, '-c 4 is used, though Slurm says SLURM_CPUS_PER_TASK=2.'],
    [{ SLURM_NTASKS_PER_NODE: '4' }, { tasksPerNode: 2 }, '-t 2 is used, though Slurm says SLURM_NTASKS_PER_NODE=4.'],
    [{}, { tasksPerNode: 3, fill: true }, '--fill has no effect: -t 3 says how many slots a node has.'],
    [
      { SLURM_NTASKS_PER_NODE: '4' },
      { fill: true },
      '--fill has no effect: SLURM_NTASKS_PER_NODE=4 says how many slots a node has.',
    ],
    [{}, { tasksPerNode: 9 }, '-t 9 is used, which with 1 core for each task takes more than the 8 cores of a node.'],
    [
      { SLURM_NTASKS_PER_NODE: '4' },
      { cpusPerTask: 3 },
      'SLURM_NTASKS_PER_NODE=4 is used, which with 3 cores for each task takes more than the 8 cores of a node.',
    ],
    // What was set by hand is shown, but cannot harm.
    [
      { SLURM_CPUS_PER_TASK: 'two\x1b' },
      { cpusPerTask: 1 },
      '-c 1 is used, though Slurm says SLURM_CPUS_PER_TASK=two\\x1b.',
    ],
  ])('%j with %j: %s', (more, options, notice) => {
    expect(plan({ ...env, ...more }, options).notices).toEqual([notice]);
  });

  test.each([
    [{ SLURM_CPUS_PER_TASK: '2' }, { cpusPerTask: 2 }],
    [{ SLURM_NTASKS_PER_NODE: '4' }, { tasksPerNode: 4 }],
    [{ SLURM_NTASKS_PER_NODE: '4', SLURM_CPUS_PER_TASK: '2' }, {}],
    [{}, { tasksPerNode: 8 }],
    [{}, { fill: true }],
    [{}, { cpusPerTask: 0.5 }],
    [
      { SLURM_CPUS_PER_TASK: '', SLURM_NTASKS_PER_NODE: '' },
      { cpusPerTask: 1, tasksPerNode: 1 },
    ],
    [{ SLURM_NTASKS_PER_NODE: '0' }, {}],
  ])('%j with %j is none', (more, options) => {
    expect(plan({ ...env, ...more }, options).notices).toEqual([]);
  });
});

describe('--fill', () => {
  const env = { SLURM_JOB_CPUS_PER_NODE: '8', SLURM_TASKS_PER_NODE: '2' };

  test.each([
    ['CUDA_VISIBLE_DEVICES', '0'],
    ['GPU_DEVICE_ORDINAL', '0,1'],
    ['SLURM_JOB_GPUS', '0'],
    ['SLURM_GPUS', '2'],
    ['SLURM_GPUS_ON_NODE', '2'],
    ['SLURM_GPUS_PER_NODE', 'a100:2'],
    ['SLURM_GPUS_PER_TASK', '1'],
    ['SLURM_GPUS_PER_SOCKET', '1'],
  ])('is not followed when %s=%s tells of GPUs', (name, value) => {
    const { nodes, notices } = plan({ ...env, [name]: value }, { fill: true });
    expect(nodes[0]?.slots).toBe(2);
    expect(notices).toEqual([`--fill is not followed, since the job has GPUs (${name}=${value}).`]);
  });

  test.each([
    ['CUDA_VISIBLE_DEVICES', ''],
    ['CUDA_VISIBLE_DEVICES', 'NoDevFiles'],
    ['CUDA_VISIBLE_DEVICES', '-1'],
    ['SLURM_GPUS_ON_NODE', '0'],
  ])('is followed when %s=%j tells of none', (name, value) => {
    const { nodes, notices } = plan({ ...env, [name]: value }, { fill: true });
    expect(nodes[0]?.slots).toBe(8);
    expect(notices).toEqual([]);
  });
});

describe('a heterogeneous job', () => {
  const parts = {
    SLURM_JOB_ID: '11',
    SLURM_HET_SIZE: '2',
    SLURM_JOB_NODELIST_HET_GROUP_0: 'node1',
    SLURM_JOB_NODELIST_HET_GROUP_1: 'node[2-3]',
    SLURM_JOB_CPUS_PER_NODE_HET_GROUP_0: '4',
    SLURM_JOB_CPUS_PER_NODE_HET_GROUP_1: '2(x2)',
    SLURM_TASKS_PER_NODE_HET_GROUP_0: '2',
    SLURM_TASKS_PER_NODE_HET_GROUP_1: '1(x2)',
    SLURM_CPUS_PER_TASK_HET_GROUP_0: '2',
    SLURM_CPUS_PER_TASK_HET_GROUP_1: '2',
  };
  const notice = 'This is a heterogeneous job of 2 components: only the nodes of the first are used (1 node).';
  const first = { nodes: [{ name: 'node1', cores: 4, slots: 2, coresPerTask: 2 }], notices: [notice] };

  test('is used for the nodes of its first component, and says so', () => {
    const bare = { SLURM_JOB_NODELIST: 'node1', SLURM_JOB_CPUS_PER_NODE: '4', SLURM_TASKS_PER_NODE: '2' };
    const env = { ...parts, ...bare, SLURM_CPUS_PER_TASK: '2' };
    expect(slurmNodeList(env)).toBe('node1');
    expect(planSlurm(env, ['node1'], nothing)).toEqual(first);
  });

  test('of salloc, which sets no other variables than those of the components, is used too', () => {
    expect(slurmNodeList(parts)).toBe('node1');
    expect(planSlurm(parts, ['node1'], nothing)).toEqual(first);
  });

  test('has no cores for each task from another component', () => {
    // As in a step of the second component.
    const bare = { SLURM_JOB_CPUS_PER_NODE: '4', SLURM_TASKS_PER_NODE: '4' };
    expect(planSlurm({ ...parts, ...bare }, ['node1'], nothing).nodes[0]?.slots).toBe(4);
  });

  test('of an old Slurm is known by its old name', () => {
    const old = {
      SLURM_PACK_SIZE: '2',
      SLURM_JOB_CPUS_PER_NODE_PACK_GROUP_0: '4',
      SLURM_TASKS_PER_NODE_PACK_GROUP_0: '4',
    };
    expect(planSlurm(old, ['node1'], nothing)).toMatchObject({ nodes: [{ slots: 4 }], notices: [notice] });
  });
});

describe('an environment that cannot be used', () => {
  const good = { SLURM_JOB_CPUS_PER_NODE: '4,2', SLURM_TASKS_PER_NODE: '4,2' };

  test.each([
    [{ SLURM_JOB_CPUS_PER_NODE: undefined }, {}, /^SLURM_JOB_CPUS_PER_NODE is not set/],
    [{ SLURM_JOB_CPUS_PER_NODE: '' }, {}, /^SLURM_JOB_CPUS_PER_NODE is not set/],
    [{ SLURM_JOB_CPUS_PER_NODE: '4,two' }, {}, /^SLURM_JOB_CPUS_PER_NODE=4,two is not a list of numbers/],
    [{ SLURM_JOB_CPUS_PER_NODE: '4' }, {}, /^SLURM_JOB_CPUS_PER_NODE=4 tells of 1 node, and the job has 2:/],
    [{ SLURM_TASKS_PER_NODE: '4(x3)' }, {}, /^SLURM_TASKS_PER_NODE=4\(x3\) tells of 3 nodes, and the job has 2:/],
    [{ SLURM_CPUS_PER_TASK: '1.5' }, {}, /^SLURM_CPUS_PER_TASK=1\.5 is not a whole number:/],
    [{ SLURM_NTASKS_PER_NODE: 'x\n' }, {}, /^SLURM_NTASKS_PER_NODE=x\\n is not a whole number:/],
  ])('%j is refused in one sentence that says what to do', (more, options, sentence) => {
    const make = (): unknown => planSlurm({ ...good, ...more }, hosts(2), { ...nothing, ...options });
    expect(make).toThrow(sentence);
    expect(make).toThrow(/-s HOST:CORES/);
    expect(make).toThrow(expect.objectContaining({ code: 'where-to-run' }));
  });

  test.each([
    [{ SLURM_CPUS_PER_TASK: 'x' }, { cpusPerTask: 1 }],
    [{ SLURM_NTASKS_PER_NODE: 'x' }, { tasksPerNode: 1 }],
    [{ SLURM_TASKS_PER_NODE: 'x' }, { tasksPerNode: 1 }],
    [{ SLURM_TASKS_PER_NODE: 'x' }, { fill: true }],
  ])('%j does not matter with %j, which counts instead', (more, options) => {
    expect(planSlurm({ ...good, ...more }, hosts(2), { ...nothing, ...options }).nodes).toHaveLength(2);
  });
});

const optionsArbitrary = fc.record({
  cpusPerTask: fc.option(fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constantFrom(0.1, 0.25, 0.5, 1.5, 2.5)), {
    nil: undefined,
  }),
  tasksPerNode: fc.option(fc.integer({ min: 1, max: 64 }), { nil: undefined }),
  fill: fc.boolean(),
});

test('slots are what the rule allows, whatever the job', () => {
  const node = fc.record({ cores: fc.nat(128), tasks: fc.nat(128) });
  const maybe = fc.option(fc.integer({ min: 1, max: 16 }), { nil: undefined });
  const job = fc.record({ nodes: fc.array(node, { minLength: 1, maxLength: 12 }), each: maybe, perNode: maybe });
  fc.assert(
    fc.property(job, optionsArbitrary, ({ nodes, each, perNode }, options) => {
      const env = {
        SLURM_JOB_CPUS_PER_NODE: compressed(nodes.map(({ cores }) => cores)),
        SLURM_TASKS_PER_NODE: compressed(nodes.map(({ tasks }) => tasks)),
        SLURM_CPUS_PER_TASK: each?.toString(),
        SLURM_NTASKS_PER_NODE: perNode?.toString(),
      };
      const made = planSlurm(env, hosts(nodes.length), options);
      const need = options.cpusPerTask ?? each ?? 1;
      const asked = options.tasksPerNode ?? perNode;
      for (const [index, { cores, tasks }] of nodes.entries()) {
        const { name, slots, coresPerTask, cores: has } = made.nodes[index] as SlurmPlan['nodes'][number];
        expect([name, has]).toEqual([`node${index + 1}`, cores]);
        expect(Number.isInteger(slots) && Number.isInteger(coresPerTask)).toBe(true);
        expect(coresPerTask).toBeGreaterThanOrEqual(0);
        if (asked !== undefined) expect(slots).toBe(asked);
        else {
          const fitting = floorDivide(cores, need);
          expect(slots).toBeLessThanOrEqual(fitting);
          if (!options.fill) expect(slots).toBeLessThanOrEqual(tasks);
          // Nothing is given away: one of the two bounds is reached.
          expect(options.fill ? [fitting] : [fitting, tasks]).toContain(slots);
        }
        if (options.cpusPerTask === undefined && slots > 0) expect(coresPerTask * slots).toBeLessThanOrEqual(cores);
      }
      for (const notice of made.notices)
        expect(notice).toMatch(/(-t|-c|--fill|SLURM_\w+).*(-t \d|SLURM_\w+=\d|\d cores?)/);
    }),
  );
});

test('nothing but a DisbatchError comes of what the variables hold', () => {
  const value = fc.option(
    fc.oneof(
      fc.string(),
      fc.constantFrom('1', '4(x2)', '4,2', '0', '1(x99999)', '-1', '1e3', 'NaN', 'gpu:1'),
      fc.string({ unit: fc.constantFrom('1', '4', ',', '(x', ')', ' ', '0') }),
    ),
    { nil: undefined },
  );
  const names = [
    ...['JOB_CPUS_PER_NODE', 'TASKS_PER_NODE', 'CPUS_PER_TASK', 'NTASKS_PER_NODE', 'HET_SIZE', 'PACK_SIZE'],
    ...['JOB_CPUS_PER_NODE_HET_GROUP_0', 'GPUS_PER_TASK', 'JOB_GPUS', 'TRES_PER_TASK'],
  ].map((name) => `SLURM_${name}`);
  const env = fc.record(Object.fromEntries(names.map((name) => [name, value])));
  let plans = 0;
  fc.assert(
    fc.property(env, fc.option(fc.nat(3)), optionsArbitrary, (variables, given, options) => {
      const told = expandCounts(variables['SLURM_JOB_CPUS_PER_NODE'] ?? '')?.length ?? 1;
      const nodes = given ?? Math.min(told, 9);
      expect(typeof keepsOwnGpus(variables)).toBe('boolean');
      try {
        for (const { slots } of planSlurm(variables, hosts(nodes), options).nodes) {
          expect(slots).toBeGreaterThanOrEqual(0);
        }
        plans += 1;
      } catch (error) {
        if (!(error instanceof DisbatchError)) throw error;
        expect(error.code).toBe('where-to-run');
        expect(error.message).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
      }
    }),
    { numRuns: 300 },
  );
  expect(plans).toBeGreaterThan(0);
});

test('the number of the job is known by either name, and by none outside of a job', () => {
  expect(slurmJobId({ SLURM_JOB_ID: '12' })).toBe('12');
  expect(slurmJobId({ SLURM_JOBID: '13' })).toBe('13');
  expect(slurmJobId({ SLURM_JOB_ID: '' })).toBeUndefined();
  expect(slurmJobId({})).toBeUndefined();
});

test.each([
  [{ SLURM_GPUS_PER_TASK: '1' }, true],
  [{ SLURM_GPUS_PER_TASK: 'a100:2' }, true],
  [{ SLURM_TRES_PER_TASK: 'cpu=2,gres/gpu=1' }, true],
  [{ SLURM_TRES_PER_TASK: 'gres/gpu:1' }, true],
  [{ SLURM_TRES_PER_TASK: 'gres:gpu:a100:1' }, true],
  [{ SLURM_JOB_CPUS_PER_NODE_HET_GROUP_0: '1', SLURM_GPUS_PER_TASK_HET_GROUP_0: '1' }, true],
  [{ SLURM_TRES_PER_TASK: 'cpu=2' }, false],
  [{ SLURM_TRES_PER_TASK: 'gres/gpumem=1G' }, false],
  [{ SLURM_GPUS_PER_TASK: '0' }, false],
  [{ SLURM_GPUS_PER_NODE: '2', SLURM_JOB_GPUS: '0,1' }, false],
  [{}, false],
])('%j: srun gives each slot GPUs of its own: %s', (env, keeps) => {
  expect(keepsOwnGpus(env)).toBe(keeps);
});

describe('the file of variables for srun', () => {
  test('has the values as they stand, and may have blank lines and any ends of lines', () => {
    const text = 'SLURM_CPU_BIND=none\r\n\n  \nA_1="x" $HOME = y \n_b=\n__proto__=own\nA_2=1';
    expect(parseSrunOptions(text, 'f')).toEqual(
      Object.fromEntries([
        ['SLURM_CPU_BIND', 'none'],
        ['A_1', '"x" $HOME = y '],
        ['_b', ''],
        ['__proto__', 'own'],
        ['A_2', '1'],
      ]),
    );
    expect(parseSrunOptions('', 'f')).toEqual({});
    expect(parseSrunOptions('A=1\nA=2\n', 'f')).toEqual({ A: '2' });
  });

  test.each(['export', '# a=b', 'A B=1', ' A=1', '1A=1', '=1', 'A-B=1', 'A=\0'])(
    '%j is refused with the file and the line',
    (line) => {
      const read = (): unknown => parseSrunOptions(`SLURM_MPI_TYPE=none\n\n${line}\n`, '/a/options');
      expect(read).toThrow(/^\/a\/options:3: ".*" is not NAME=VALUE\./);
      expect(read).toThrow(expect.objectContaining({ code: 'usage' }));
    },
  );
});

describe('the time that squeue says is left', () => {
  test.each([
    ['1:00\n', 60],
    ['0:00', 0],
    ['59:59', 3599],
    ['1:05:00\n', 3900],
    ['1-03:00:00\n', 97_200],
    ['365-00:00:01', 31_536_001],
    ['5:00\n9:00\n', 300],
    ['9:00\nUNLIMITED\n5:00\n', 300],
    ['UNLIMITED\n', undefined],
    ['NOT_SET', undefined],
    ['INVALID', undefined],
    ['', undefined],
    ['-1:00', undefined],
  ])('%j is %s s', (text, seconds) => {
    expect(parseTimeLeft(text)).toBe(seconds);
  });

  test('is read as Slurm writes it, for any time', () => {
    fc.assert(
      fc.property(fc.nat(400 * 86_400), (seconds) => {
        const two = (value: number): string => String(value).padStart(2, '0');
        const [days, hours] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
        const tail = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
        const text = days > 0 ? `${days}-${two(hours)}:${tail}` : hours > 0 ? `${hours}:${tail}` : tail;
        expect(parseTimeLeft(text)).toBe(seconds);
      }),
    );
  });
});
