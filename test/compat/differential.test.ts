/**
 * Generated task files through the original and through ours: the same records, the same exit status.
 *
 * Needs the original's Python package: the environment variable DISBATCH_ORIGINAL names the folder that it is in.
 * DISBATCH_ORIGINAL_SEED, a whole number, makes other files.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { skipWithout } from '../support/needs.ts';
import { runDisbatch, statusFile, testFolder, writeTasks, type Finished } from '../support/run-disbatch.ts';

const original = process.env['DISBATCH_ORIGINAL'];
/** The seed of the files: another one looks elsewhere. */
const seed = Number(process.env['DISBATCH_ORIGINAL_SEED'] ?? 20260131);
const files = 10;
/** The original mostly waits for its own clock. */
const atATime = 5;

/** A word of shell, as bytes ("latin1"). */
const text = fc.constantFrom(
  'plain',
  "it's",
  '"both\' kinds"',
  'a\tb',
  'back\\\\slash',
  Buffer.from('äöü 日本 😀 \u00a0\u200b\u0378').toString('latin1'),
  '\xff\xfe not utf8',
  '\xc3',
  '\x01\x1b[31m\x7f',
  'x'.repeat(39),
  'y'.repeat(41),
  `begin ${'z'.repeat(200)} end`,
);
const quoted = text.map((word) => `'${word.replaceAll("'", "'\\''")}'`);
const command = fc.oneof(
  fc.constantFrom(0, 1, 3, 126, 127, 137, 255, 256).map((code) => `exit ${code}`),
  fc.constantFrom(1, 9, 11, 15, 34).map((signal) => `kill -${signal} $$`),
  quoted.map((word) => `echo ${word}`),
  quoted.map((word) => `printf %s ${word} >&2; exit 4`),
  fc.tuple(quoted, quoted).map(([out, error]) => `printf '%s\\n' ${out}; printf '%s\\n' ${error} >&2`),
  fc.integer({ min: 0, max: 300 }).map((count) => `head -c ${count} /dev/zero | tr '\\0' '\\377'`),
  fc.constantFrom(
    'echo $DISBATCH_TASKID $DISBATCH_TASKID_ZP $DISBATCH_STREAM_INDEX_ZP $DISBATCH_REPEAT_INDEX $DISBATCH_REPEAT_INDEX_ZP',
    'echo $DISBATCH_NAMETASKS $DISBATCH_CORES_PER_TASK $DISBATCH_ENGINE_RANK; pwd | wc -l',
    'cat; echo $?',
    'no-such-command-here',
    'echo (',
    '   echo led by blanks   ',
    'echo a # not a comment for disBatch',
    'ulimit -c; umask; trap',
  ),
);
const repeat = fc
  .tuple(
    fc.constantFrom(0, 1, 2, 3),
    fc.constantFrom('', ' start 5', ' step 4', ' start 2 step 3', ' Start 7'),
    command,
  )
  .map(([count, form, line]) => `#DISBATCH REPEAT ${count}${form} ${line}`);
const line = fc.oneof(
  { weight: 10, arbitrary: command },
  { weight: 3, arbitrary: repeat },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '#DISBATCH PREFIX ( ',
      '#DISBATCH SUFFIX  )',
      '#DISBATCH prefix X=1; ',
      '#DISBATCH PREFIX ',
      '#DISBATCH SUFFIX ',
      '#DISBATCH SUFFIX  ; echo "$X\xff"',
      '#DISBATCH REPEAT 2',
      '#DISBATCH BARRIER',
      '#DISBATCH BARRIER some key',
      '#DISBATCH BARRIER  CHECK',
      '#DISBATCH BARRIER \xe4',
      '#DISBATCH BARRIERS',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('#DISBATCH BARRIER CHECK', '#DISBATCH BARRIER CHECK key') },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '',
      '   ',
      '# a comment',
      '#disbatch BARRIER',
      '  #DISBATCH BARRIER',
      '#DISBATCH BARIER',
      '#DISBATCH barrier',
      '#DISBATCHFOO echo x',
      '#DISBATCH',
      '#DISBATCH\tREPEAT 3',
      '#DISBATCH REPEAT',
      'exit 2\recho after a lone return',
    ),
  },
);
const perEngine = fc
  .tuple(fc.constantFrom('START', 'STOP'), command)
  .map(([moment, what]) => `#DISBATCH PERENGINE ${moment} ${what}`);
const taskFile = fc
  .tuple(
    fc.array(perEngine, { maxLength: 2 }),
    fc.array(line, { minLength: 10, maxLength: 12 }),
    fc.constantFrom('\n', '\n', '\r\n'),
    fc.boolean(),
  )
  .map(([first, lines, end, newline]) => [...first, ...lines].join(end) + (newline ? end : ''));

/** Node and times differ from run to run; of the PID it counts whether there is one. */
function comparable(status: string): string[] {
  return status
    .split('\n')
    .slice(0, -1)
    .map((record) => {
      const fields = record.split('\t');
      const same = fields.map((field, i) => ([4, 7, 8, 9].includes(i) || (i === 5 && field !== '-1') ? '*' : field));
      return same.join('\t');
    });
}

/** What is in one list and not in the other, each as often as it is there. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const rest = [...others];
  return list.filter((each) => {
    const at = rest.indexOf(each);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

interface Ran {
  readonly run: Finished;
  readonly records: string[];
}

async function ranBy(program: 'ours' | 'original', tasks: Buffer): Promise<Ran> {
  const cwd = testFolder();
  writeTasks(cwd, tasks);
  const args = ['-s', 'localhost:2', '-e'];
  const env = { ...process.env, PYTHONPATH: original, PYTHONDONTWRITEBYTECODE: '1' };
  const run =
    program === 'ours'
      ? await runDisbatch([...args, '--unknown-directives', 'warn', 'Tasks'], { cwd })
      : await runDisbatch(['-m', 'disbatch', ...args, 'Tasks'], { cwd, env, command: 'python3' });
  return { run, records: comparable(readFileSync(statusFile(cwd), 'utf8')) };
}

/** How many records were compared, and where the two programs differ over a task file. */
async function compare(text: string): Promise<{ readonly compared: number; readonly difference?: object }> {
  const tasks = Buffer.from(text, 'latin1');
  const [theirs, ours] = [await ranBy('original', tasks), await ranBy('ours', tasks)];
  // After a failed CHECK the STOP tasks still run here, to clean up.
  const mayClean = theirs.records.some((record) => record.startsWith('C'));
  const stops = text.split(/\r?\n/).filter((each) => each.startsWith('#DISBATCH PERENGINE STOP '));
  const isStop = (record: string): boolean => /^...P\t/.test(record) && stops.length > 0;
  const onlyOurs = without(ours.records, theirs.records).filter((record) => !(mayClean && isStop(record)));
  const onlyTheirs = without(theirs.records, ours.records);
  const statuses = [theirs.run.status, ours.run.status];
  if (onlyOurs.length === 0 && onlyTheirs.length === 0 && statuses[0] === statuses[1]) {
    return { compared: theirs.records.length };
  }
  const said = [theirs.run.stderr.slice(-1000), ours.run.stderr.slice(-1000)];
  return { compared: theirs.records.length, difference: { text, onlyTheirs, onlyOurs, statuses, said } };
}

test(
  'generated task files give the same records and the same exit status as with the original',
  { timeout: 300_000 },
  async (ctx) => {
    if (original === undefined) {
      ctx.skip("DISBATCH_ORIGINAL does not name a folder with the original's Python package to compare with");
    }
    skipWithout(ctx, 'python3');
    const texts = fc.sample(taskFile, { numRuns: files, seed });
    const waiting = [...texts];
    const differences: object[] = [];
    let records = 0;
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { compared, difference } = await compare(next);
        records += compared;
        if (difference !== undefined) differences.push(difference);
      }
    };
    await Promise.all(Array.from({ length: atATime }, worker));
    expect(differences).toEqual([]);
    // Enough for the comparison to say something.
    expect(records).toBeGreaterThan(5 * files);
  },
);
