import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseArguments, parseContextArguments, type RunArguments } from '../../../src/cli/options/arguments.ts';
import { completeWords } from '../../../src/cli/options/complete-words.ts';
import { optionTable } from '../../../src/cli/options/options.ts';
import { DisbatchError, type ErrorCode } from '../../../src/base/errors.ts';
import type { RunOptions } from '../../../src/run/run-options.ts';

/** A command line, with the options of the run beside the rest. */
type Line = RunOptions & Omit<RunArguments, 'options'>;

function parsed(...words: string[]): Line {
  const result = parseArguments(words);
  if (result.kind !== 'run') throw new Error(`it is ${result.kind}`);
  const { options, ...rest } = result.arguments;
  return { ...options, ...rest };
}

/** The error of a command line, as its code and sentence. */
function mistake(...words: string[]): [ErrorCode, string] {
  try {
    parseArguments(words);
  } catch (error) {
    if (error instanceof DisbatchError && error.exitStatus === 2) return [error.code, error.message];
    throw error;
  }
  throw new Error(`${words.join(' ')} is accepted`);
}

const defaults: Omit<Line, 'given'> = {
  taskFile: 'Tasks',
  sshNodes: [],
  cpusPerTask: undefined,
  tasksPerNode: undefined,
  fill: false,
  resources: [],
  startupOnly: false,
  taskLimit: 0,
  retire: 'default',
  stopBefore: undefined,
  label: undefined,
  launcher: undefined,
  endBackground: false,
  heartbeat: 30,
  maxLost: 2,
  noRerun: false,
  useAddress: undefined,
  openStore: false,
  foreignStore: undefined,
  taskServer: undefined,
  exitCode: false,
  failFast: false,
  resumeFrom: [],
  retry: false,
  forceResume: false,
  prefix: '.',
  statusHeader: false,
  details: false,
  results: undefined,
  logfile: undefined,
  loglevel: 'INFO',
  unknownDirectives: 'error',
  dryRun: false,
  json: false,
  quiet: false,
  web: undefined,
  notify: { mailTo: undefined, command: undefined, every: undefined },
};

/** Who is told, when nothing else is said of it. */
const nobody = defaults.notify;

const gpus = ['CUDA_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL'];

/** Each option: ways to write it, and what it changes. */
const uses: [string[], Partial<Line>][] = [
  [
    ['-s localhost:2', '--ssh-node localhost:2', '--ssh-node=localhost:2', '-slocalhost:2'],
    { sshNodes: ['localhost:2'] },
  ],
  [['-s a:1 -s b:2', '-s=a:1 --ssh b:2'], { sshNodes: ['a:1', 'b:2'] }],
  [['-c 2', '-c2', '-c=2', '--cpusPerTask 2', '--cpusPerTask=2', '-c 2.0', '-c 2e0'], { cpusPerTask: 2 }],
  [['-c 0.5', '-c.5', '-c=.5', '-c 5e-1'], { cpusPerTask: 0.5 }],
  [['-t 3', '-t3', '-t=3', '--tasksPerNode=3'], { tasksPerNode: 3 }],
  [['-l x', '-lx', '-l=x', '--label x'], { label: 'x' }],
  [['--fill', '--fil'], { fill: true }],
  [['-g', '--gpu', '--g'], { resources: ['CUDA_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL'] }],
  [['-E A', '-EA', '-E=A', '--env-resource A', '--env=A'], { resources: ['A'] }],
  [['-E A,B_2 -E _c', '-EA -E B_2,_c'], { resources: ['A', 'B_2', '_c'] }],
  [
    ['-g -E A,CUDA_VISIBLE_DEVICES', '-E CUDA_VISIBLE_DEVICES -gE A'],
    { resources: ['CUDA_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL', 'A'] },
  ],
  [['-S', '--startup-only', '--start'], { startupOnly: true }],
  [['-C 5', '-C5', '-C=5', '--context-task-limit 5', '--context=5'], { taskLimit: 5 }],
  [['-S -C 3 -g --fill', '-SgC3 --fill'], { startupOnly: true, taskLimit: 3, fill: true, resources: gpus }],
  [['--no-retire', '--no-ret'], { retire: 'no' }],
  [['--retire-cmd ./back', '--retire-cmd=./back', '--retire-=./back'], { retire: { command: './back' } }],
  [['--retire-cmd='], { retire: 'no' }],
  [['--retire-cmd= -s a:1', '--no-retire -s a:1'], { retire: 'no', sshNodes: ['a:1'] }],
  [['--stop-before 90', '--stop-before=90s', '--stop 1m30s', '--stop-before 1m30'], { stopBefore: 90 }],
  [['--stop-before 5m', '--stop=300'], { stopBefore: 300 }],
  [['--stop-before 2h', '--stop-before 120m', '--stop-before 1h60m'], { stopBefore: 7200 }],
  [['--stop-before 1d2h3m4s', '--stop-before 1d2h3m4'], { stopBefore: 93_784 }],
  [['--launcher portable', '--launcher=portable'], { launcher: 'portable' }],
  [['--launcher native'], { launcher: 'native' }],
  [['--end-background'], { endBackground: true }],
  [['--heartbeat 5', '--heartbeat=5.0'], { heartbeat: 5 }],
  [['--max-lost 0', '--max-lost=0'], { maxLost: 0 }],
  [['--no-rerun'], { noRerun: true }],
  [['--use-address localhost:0', '--use=localhost:0'], { useAddress: { host: 'localhost', port: 0 } }],
  [['--use-address [::1]:4000'], { useAddress: { host: '::1', port: 4000 } }],
  [['--open-store'], { openStore: true }],
  [['-e', '--exit-code'], { exitCode: true }],
  [['-f', '--fail-fast'], { failFast: true }],
  [['-r old', '-rold', '-r=old', '--resume-from old', '--resume-from=old'], { resumeFrom: ['old'] }],
  [['-r a -r b', '-ra --resume=b'], { resumeFrom: ['a', 'b'] }],
  [['-R', '--retry'], { retry: true }],
  [['--force-resume'], { forceResume: true }],
  [['-p out', '-pout', '-p=out', '--prefix=out'], { prefix: 'out' }],
  [['--status-header'], { statusHeader: true }],
  [['--details'], { details: true }],
  [['--results=out', '--results out', '--resul out'], { results: 'out' }],
  [['--logfile L', '--logfile=L'], { logfile: 'L' }],
  [['--loglevel DEBUG', '--loglevel=DEBUG'], { loglevel: 'DEBUG' }],
  [['--unknown-directives warn'], { unknownDirectives: 'warn' }],
  [['--kvsserver a:5000', '--kvsserver=a:5000', '--kvs a:5000'], { foreignStore: { host: 'a', port: 5000 } }],
  [['--kvsserver=[::1]:5000'], { foreignStore: { host: '::1', port: 5000 } }],
  [['--dry-run'], { dryRun: true }],
  [['--json', '--js'], { json: true }],
  [['-q', '--quiet'], { quiet: true }],
  [['-w', '--web', '--we'], { web: { host: '127.0.0.1', port: 0 } }],
  [['-w --web-address 0.0.0.0:8080', '--web-a=0.0.0.0:8080 -w'], { web: { host: '0.0.0.0', port: 8080 } }],
  [['--mailTo ada@lab', '--mailT=ada@lab'], { notify: { ...nobody, mailTo: 'ada@lab', every: 1 } }],
  [
    ['--mailTo ada@lab --mailFreq 10', '--mailF=10 --mailTo=ada@lab'],
    { notify: { ...nobody, mailTo: 'ada@lab', every: 10 } },
  ],
  [['--notify ./tell', '--not=./tell'], { notify: { ...nobody, command: './tell' } }],
  [['--notify ./tell --mailFreq 10'], { notify: { ...nobody, command: './tell', every: 10 } }],
  [['-eR', '-Re', '-e -R', '-e --retry'], { exitCode: true, retry: true }],
  [['-efc2', '-fec 2', '-e -f -c=2'], { exitCode: true, failFast: true, cpusPerTask: 2 }],
  [['-eqRr old'], { exitCode: true, quiet: true, retry: true, resumeFrom: ['old'] }],
];

/** Ways to have the tasks from a program, and what differs from the defaults then. */
const byItself = { command: undefined, signInSeconds: 600 };
const programUses: [string[], Partial<Line>][] = [
  [['--taskserver', '--taskserver -e', '--taskserver --exit-code'], { taskServer: byItself }],
  [
    [
      '--taskserver a:5000',
      '--taskserver=a:5000',
      '--kvsserver a:5000 --taskserver',
      '--taskserver --kvsserver=a:5000',
    ],
    { taskServer: byItself, foreignStore: { host: 'a', port: 5000 } },
  ],
  [
    ['--taskserver a:5000 --kvsserver a:5000', '--taskserver --kvsserver', '--kvsserver --taskserver a:5000'],
    { taskServer: byItself, foreignStore: { host: 'a', port: 5000 } },
  ],
  [
    ['--taskcommand ./feed', '--taskcommand=./feed', '--taskc ./feed'],
    { taskServer: { ...byItself, command: './feed' } },
  ],
  [['--taskcommand --kvsserver'], { taskServer: { ...byItself, command: '--kvsserver' } }],
  [
    ['--taskcommand ./feed --sign-in 90', '--sign-in=1m30s --taskcommand ./feed', '--sign 90 --taskcommand=./feed'],
    { taskServer: { command: './feed', signInSeconds: 90 } },
  ],
  [
    ['--taskcommand ./feed --kvsserver', '--kvsserver --taskcommand ./feed'],
    { taskServer: { ...byItself, command: './feed' }, foreignStore: { host: 'a', port: 5000 } },
  ],
];

/** Where the environment says that a store is. */
const storeEnvironment = { KVSSTCP_HOST: 'a', KVSSTCP_PORT: '5000' };

function parsedIn(env: Record<string, string>, ...words: string[]): Line {
  const result = parseArguments(words, env);
  if (result.kind !== 'run') throw new Error(`it is ${result.kind}`);
  const { options, ...rest } = result.arguments;
  return { ...options, ...rest };
}

describe('tasks from a program', () => {
  test.each(programUses.flatMap(([ways, changed]) => ways.map((way) => [way, changed] as const)))(
    '%s',
    (way, changed) => {
      expect(parsedIn(storeEnvironment, ...way.split(' '))).toEqual({
        ...defaults,
        ...{ taskFile: undefined, exitCode: / -e|--exit/.test(way) },
        ...changed,
        given: expect.anything() as unknown,
      });
    },
  );

  test('come with a store that the environment names in either way', () => {
    const address = { host: 'a', port: 5000 };
    const server = ['--taskserver', '--kvsserver'];
    expect(parsedIn(storeEnvironment, ...server).foreignStore).toEqual(address);
    expect(parsedIn({ DISBATCH_KVSSTCP_HOST: 'a:5000' }, ...server).foreignStore).toEqual(address);
    expect(parsedIn({ ...storeEnvironment, DISBATCH_KVSSTCP_HOST: 'b:1' }, ...server).foreignStore).toEqual(address);
    // Only with --kvsserver: a run within another has a store of its own.
    expect(parsedIn(storeEnvironment, '--taskserver').foreignStore).toBeUndefined();
  });

  test('a store of somebody else may stand before a task file, when -- or an option is between', () => {
    const store = { foreignStore: { host: 'a', port: 5000 }, taskFile: 'Tasks' };
    expect(parsedIn(storeEnvironment, '--kvsserver', '--', 'Tasks')).toMatchObject(store);
    expect(parsedIn(storeEnvironment, '--kvsserver', '-e', 'Tasks')).toMatchObject(store);
    expect(parsedIn(storeEnvironment, 'Tasks', '--kvsserver')).toMatchObject(store);
  });

  test.each([
    [
      'Tasks --taskserver',
      /^Tasks come from one place\. Leave out all but one of the task file Tasks, --taskserver\.$/,
    ],
    ['Tasks --taskcommand x', /the task file Tasks, --taskcommand\.$/],
    ['--taskserver --taskcommand x', /--taskcommand, --taskserver\.$/],
    ['--taskserver Tasks', /^--taskserver: "Tasks" is not HOST:PORT\. Write, for example, localhost:5000\.$/],
    ['--kvsserver Tasks More', /^--kvsserver: "Tasks" is not HOST:PORT/],
    ['--kvsserver a:0 Tasks', /^--kvsserver: a store that is there has a port of its own, not 0\.$/],
    ['--kvsserver= Tasks', /HOST:PORT|empty/],
    [
      'Tasks --kvsserver',
      /^--kvsserver: which store\? Write --kvsserver HOST:PORT, or set KVSSTCP_HOST and KVSSTCP_PORT\.$/,
    ],
    ['--taskserver a:1 --kvsserver b:1', /--kvsserver b:1 and --taskserver a:1 cannot be two\.$/],
    ['--taskserver --dry-run', /^--dry-run shows the tasks of a file/],
    ['--taskserver --sign-in 5m', /^--sign-in is for the command of --taskcommand/],
    ['--taskcommand x --sign-in 0', /such as 90s, 5m, 2h/],
    ['--taskcommand= --sign-in 5', /empty/],
    ['--taskcommand', /--taskcommand/],
    ['--json=1 Tasks', /^--json takes no value/],
    ['--results= Tasks', /empty/],
  ])('a mistake in %s is told in a sentence', (line, sentence) => {
    const [code, text] = mistake(...line.split(' '));
    expect(code).toBe('usage');
    expect(text).toMatch(sentence);
  });
});

describe('the options', () => {
  test('that are not given have their defaults', () => {
    expect(parsed('Tasks')).toEqual({ ...defaults, given: {} });
  });

  test.each(uses.flatMap(([ways, changed]) => ways.map((way) => [way, changed] as const)))(
    '%s, before and after the task file',
    (way, changed) => {
      const words = way.split(' ');
      for (const line of [
        [...words, 'Tasks'],
        ['Tasks', ...words],
        [...words, '--', 'Tasks'],
      ]) {
        expect(parsed(...line)).toEqual({ ...defaults, ...changed, given: expect.anything() as unknown });
      }
    },
  );

  test('are all in these examples', () => {
    const written = [...uses, ...programUses].flatMap(([ways]) => ways.flatMap((way) => way.split(/[ =]/)));
    const missing = optionTable.filter(
      ({ long }) => !written.includes(`--${long}`) && !['help', 'version'].includes(long),
    );
    expect(missing).toEqual([]);
  });

  test('with a value take the next word whatever it looks like, and all behind the first = sign', () => {
    expect(parsed('-l', '-R', 'Tasks')).toMatchObject({ label: '-R', retry: false });
    expect(parsed('-p', '--label', 'Tasks')).toMatchObject({ prefix: '--label', label: undefined });
    expect(parsed('--label=a=b', 'Tasks').label).toBe('a=b');
    expect(parsed('-l=a=b', 'Tasks').label).toBe('a=b');
    expect(parsed('-la=b', 'Tasks').label).toBe('a=b');
    expect(parsed('-l', '--', 'Tasks').label).toBe('--');
  });

  test('that are given twice count as they are given last, unless they collect', () => {
    expect(parsed('-c', '2', '-c', '3', 'Tasks').cpusPerTask).toBe(3);
  });

  test('--help and --version count wherever they stand and whatever is missing', () => {
    for (const words of [['--help'], ['-h'], ['Tasks', '--he'], ['-e', '-h', 'Tasks']]) {
      expect(parseArguments(words)).toEqual({ kind: 'help', all: false });
    }
    for (const words of [
      ['--help', 'all'],
      ['all', '-h'],
    ])
      expect(parseArguments(words)).toEqual({ kind: 'help', all: true });
    for (const words of [['--version'], ['--vers', 'Tasks']]) expect(parseArguments(words).kind).toBe('version');
  });
});

describe('the task file', () => {
  test('may be - for standard input, and after -- begin with a dash', () => {
    expect(parsed('-').taskFile).toBe('-');
    expect(parsed('-e', '-').taskFile).toBe('-');
    expect(parsed('-e', '--', '-R')).toMatchObject({ taskFile: '-R', retry: false, exitCode: true });
    expect(parsed('--', '--label').taskFile).toBe('--label');
  });

  test('is one', () => {
    expect(mistake()).toEqual(['usage', expect.stringMatching(/^Which tasks\?/)]);
    expect(mistake('-e')).toEqual(['usage', expect.stringMatching(/^Which tasks\?/)]);
    expect(mistake('A', 'B')).toEqual(['usage', expect.stringMatching(/"B" is one word too many/)]);
    expect(mistake('A', '--', '-B')).toEqual(['usage', expect.stringMatching(/"-B" is one word too many/)]);
  });
});

/** The long options of the original, and what its parser takes them for. */
const original = (
  'cpusPerTask context-task-limit env-resource exit-code fail-fast fill force-resume gpu help kvsserver label logfile ' +
  'loglevel mailFreq mailTo no-retire prefix resume-from retire-cmd retry ssh-node startup-only status-header ' +
  'taskcommand tasksPerNode taskserver use-address version web'
).split(' ');

/** What a name, perhaps cut, means: the long name of the option, or the code of the error. */
function meaningOf(name: string): string {
  const option = optionTable.find(({ long }) => long.startsWith(name));
  try {
    const [word] = completeWords(option?.value === undefined ? [`--${name}`] : [`--${name}`, '1']);
    return String(word).slice(2);
  } catch (error) {
    return (error as DisbatchError).code;
  }
}

describe('abbreviated names', () => {
  const cuts = original.flatMap((long) => Array.from(long, (_, i) => long.slice(0, i + 1)));
  const unique = [...new Set(cuts)].flatMap((cut) => {
    const meant = original.includes(cut) ? [cut] : original.filter((long) => long.startsWith(cut));
    return meant.length === 1 ? [[cut, meant[0] as string] as const] : [];
  });

  test('that were unique in the original mean what they meant there', () => {
    expect(unique.length).toBeGreaterThan(150);
    for (const [cut, long] of unique) expect([cut, meaningOf(cut)]).toEqual([cut, long]);
  });

  test('that were ambiguous in the original are never guessed', () => {
    const ambiguous = [...new Set(cuts)].filter((cut) => unique.every(([known]) => known !== cut));
    expect(ambiguous).toContain('s');
    expect(ambiguous).toContain('log');
    for (const cut of ambiguous) expect([cut, meaningOf(cut)]).toEqual([cut, 'usage']);
  });

  test.each([
    ['la', 'label'],
    ['lau', 'launcher'],
    ['ret', 'usage'],
    ['retr', 'retry'],
    ['end', 'end-background'],
    ['unk', 'unknown-directives'],
    ['u', 'use-address'],
    ['m', 'usage'],
    ['max', 'max-lost'],
    ['h', 'help'],
    ['d', 'usage'],
    ['dr', 'dry-run'],
    ['q', 'quiet'],
    ['w', 'web'],
    ['web-', 'web-address'],
    ['n', 'no-retire'],
    ['not', 'notify'],
    ['e', 'usage'],
  ])('--%s is %s, with the options that are new here', (cut, meaning) => {
    expect(meaningOf(cut)).toBe(meaning);
  });

  test('that fit several are told with all of them', () => {
    expect(mistake('--log', 'x', 'Tasks')[1]).toBe('--log could be --logfile or --loglevel. Write more of it.');
    expect(mistake('--ta', '1', 'Tasks')[1]).toMatch(/--tasksPerNode/);
  });

  test('of every option are itself when nothing is cut', () => {
    for (const { long } of optionTable) expect(meaningOf(long)).toBe(long);
  });

  test('hold with a value behind an = sign', () => {
    expect(parsed('--lab=x', '--cpus=2', '--res=a', '--logl=ERROR', 'Tasks')).toMatchObject({
      label: 'x',
      cpusPerTask: 2,
      resumeFrom: ['a'],
      loglevel: 'ERROR',
    });
  });
});

describe('a mistake', () => {
  test.each([
    ['-c x T', /-c, --cpusPerTask.*"?x"?.*number above 0/i],
    ['-c 0 T', /number above 0/],
    ['-c -1 T', /number above 0/],
    ['-c=2x T', /number above 0/],
    ['-c nan T', /number above 0/],
    ['-t 1.5 T', /whole number above 0/],
    ['-t 0 T', /whole number above 0/],
    ['--loglevel debug T', /CRITICAL or ERROR or WARNING or INFO or DEBUG/],
    ['--launcher fast T', /native or portable/],
    ['--unknown-directives no T', /error or warn/],
    ['--prefix= T', /empty/],
    ['-e=1 T', /^-e takes no value, but "1" was given\./],
    ['--retry=yes T', /^--retry takes no value, but "yes" was given\./],
    ['--exit=yes T', /^--exit-code takes no value/],
    ['T -c', /-c/],
    ['T --resume-from', /--resume-from/],
    ['-x T', /-x/],
    ['--heartbeat 0.5 T', /--heartbeat must be at least 1 second/],
    ['--max-lost -1 T', /whole number/],
    ['--use-address localhost T', /"localhost" is not HOST:PORT/],
    ['--use-address ::1:80 T', /"::1:80" is not HOST:PORT/],
    ['--use-address a:70000 T', /"a:70000" is not HOST:PORT/],
    ['--frobnicate T', /--frobnicate/],
    ['--exitcode T', /--exit-code/],
    ['-ex T', /-x/],
    ['--end-background --launcher portable T', /--end-background needs the native launcher/],
    ['-C -1 T', /whole number/],
    ['-C 1.5 T', /whole number/],
    ['-E 2A T', /name of an environment variable/],
    ['-E A, T', /name of an environment variable/],
    ['-E A=1 T', /name of an environment variable/],
    ['-E= T', /name of an environment variable/],
    ['--stop-before 0 T', /such as 90s, 5m, 2h/],
    ['--stop-before 5x T', /such as 90s, 5m, 2h/],
    ['--stop-before 5m2h T', /such as 90s, 5m, 2h/],
    ['--stop-before -5 T', /such as 90s, 5m, 2h/],
    ['--stop-before= T', /such as 90s, 5m, 2h/],
    ['--stop-before 1.5h T', /such as 90s, 5m, 2h/],
    ['-S -s a:1 T', /^-S starts without hosts, so -s has nothing to act on\..*PREFIX_dbUtil\.sh/],
    ['-S -E A T', /^-S starts without hosts, so -E has/],
    ['-S --no-retire T', /^-S starts without hosts, so --no-retire has/],
    ['-S --retire-cmd x T', /^-S starts without hosts, so --retire-cmd has/],
    ['-S --retire-cmd= T', /^-S starts without hosts, so --retire-cmd has/],
    ['--retire-cmd x -s a:1 T', /^--retire-cmd gives nodes of a job back, and -s names hosts/],
    ['--no-retire=1 T', /^--no-retire takes no value/],
    ['--web-address localhost:0 T', /^--web-address says where the web page listens.* Add -w\./],
    ['--mailFreq 3 T', /^--mailFreq says how often.* Add --mailTo/],
    ['--mailFreq 0 --mailTo a T', /whole number above 0/],
  ])('%s is told in a sentence that ends', (line, sentence) => {
    const [code, text] = mistake(...line.split(' '));
    expect(code).toBe('usage');
    expect(text).toMatch(sentence);
    expect(text).toMatch(/[.?]$/);
    expect(text).not.toContain('error:');
  });

  test('is the only way in which a command line is not understood', () => {
    const word = fc.oneof(
      fc.constantFrom(...optionTable.map(({ long }) => `--${long}`)),
      fc.constantFrom(...optionTable.flatMap(({ short }) => (short === undefined ? [] : [`-${short}`]))),
      fc.constantFrom(
        '--',
        '-',
        '',
        '-e=',
        '--=',
        '--=x',
        '---',
        '-=',
        '--re',
        '-rR',
        '-ex',
        '1',
        'Tasks',
        '__proto__',
      ),
      fc.string({ maxLength: 6 }),
      fc.string({ maxLength: 4 }).map((text) => `-${text}`),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        try {
          expect(['run', 'help', 'version']).toContain(parseArguments(words).kind);
        } catch (error) {
          expect(error).toBeInstanceOf(DisbatchError);
          expect((error as DisbatchError).message.trim()).not.toBe('');
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('the command line of a context that is added to a run', () => {
  test('has the options of contexts', () => {
    const none = {
      ...{ sshNodes: [], cpusPerTask: undefined, tasksPerNode: undefined, label: undefined, fill: false },
      ...{ resources: undefined, taskLimit: 0, retire: 'default', stopBefore: undefined },
    };
    expect(parseContextArguments([], 80)).toEqual(none);
    expect(parseContextArguments('-s a:1 -s b:2 -c 2 -t 3 -l more -C 9'.split(' '), 80)).toEqual({
      ...none,
      ...{ sshNodes: ['a:1', 'b:2'], cpusPerTask: 2, tasksPerNode: 3, label: 'more', taskLimit: 9 },
    });
    expect(parseContextArguments('--fill -E A,B --retire-cmd ./back --stop-before 5m'.split(' '), 80)).toEqual({
      ...none,
      ...{ fill: true, resources: ['A', 'B'], retire: { command: './back' }, stopBefore: 300 },
    });
    expect(parseContextArguments(['-g', '--no-retire'], 80)).toEqual({ ...none, resources: gpus, retire: 'no' });
  });

  test('explains itself', () => {
    const { help } = parseContextArguments(['--help'], 80) as { help: string };
    expect(help).toContain('-s, --ssh-node');
    expect(help).not.toContain('--resume-from');
  });

  test.each([
    [['Tasks'], /"Tasks" is one word too many/],
    [['-e'], /-e/],
    [['-c', '0'], /above 0/],
    [['-S'], /-S/],
    [['--retire-cmd', 'x', '-s', 'a:1'], /^--retire-cmd gives nodes/],
    [['--stop-before', 'soon'], /such as 90s, 5m, 2h/],
  ])('%j is told in a sentence', (words, sentence) => {
    expect(() => parseContextArguments(words, 80)).toThrow(sentence);
  });
});
