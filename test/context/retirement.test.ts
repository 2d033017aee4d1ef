import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Retirement, type RetirementParts } from '../../src/context/retirement.ts';
import { lives, testFolder, until } from '../support/run-disbatch.ts';

const variables = ['NODE', 'NODES', 'RETCODES', 'ACTIVE', 'RETIRED', 'DRIVER_NODE'];

/** A retirement over four nodes whose command writes what it is told, one file a call. */
class Case {
  readonly folder = testFolder();
  readonly calls = join(this.folder, 'calls');
  readonly warnings: string[] = [];
  readonly log: string[] = [];
  readonly retirement: Retirement;

  constructor(parts: Partial<RetirementParts> = {}, then = '') {
    mkdirSync(this.calls);
    const lines = variables.map((name) => `echo "${name}=\${${name}-unset}"`).join('; ');
    // Under its name only when it is whole. Names that sort as the calls come, however fast: the first has the least retired.
    const write = `{ ${lines}; echo "PWD=$(pwd)"; date +AT=%s%N; } > "$CALLS/.$$"; mv "$CALLS/.$$" "$CALLS/$(echo "$RETIRED" | wc -c | tr -d ' ')"`;
    this.retirement = new Retirement({
      nodes: ['n1', 'n2', 'n3', 'n4'],
      ownNode: 'n1',
      command: `${write}; ${then}`,
      isDefault: false,
      env: { ...process.env, CALLS: this.calls, DRIVER_NODE: 'of-another-run' },
      cwd: this.folder,
      log: (level, text) => this.log.push(`${level} ${text}`),
      warn: (text) => this.warnings.push(text),
      collectMs: 1,
      betweenMs: 1,
      ...parts,
    });
    onTestFinished(() => this.retirement.close());
  }

  /** What each call was told, in order. */
  told(): Record<string, string>[] {
    return readdirSync(this.calls)
      .filter((name) => !name.startsWith('.'))
      .sort((a, b) => Number(a) - Number(b))
      .map((name) => {
        const lines = readFileSync(join(this.calls, name), 'utf8').trimEnd().split('\n');
        return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
      });
  }

  async toldTimes(count: number): Promise<Record<string, string>[]> {
    await until(`${count} calls`, () => this.told().length >= count);
    return this.told();
  }
}

describe('a node whose engine has ended', () => {
  test('is given back with the command, which is told of all nodes', async () => {
    const it = new Case();
    it.retirement.ended('n3', 0);
    expect(await it.toldTimes(1)).toMatchObject([
      {
        NODE: 'n3',
        NODES: 'n3',
        RETCODES: '0',
        ACTIVE: 'n1,n2,n4',
        RETIRED: 'n3',
        DRIVER_NODE: 'unset',
        PWD: it.folder,
      },
    ]);
    await until('the log has it', () => it.log.some((line) => line.startsWith('INFO giving back n3: ')));
  });

  test('goes with others that end within a moment, in one call', async () => {
    const it = new Case({ collectMs: 30 });
    it.retirement.ended('n4', 1);
    it.retirement.ended('n2', -9);
    it.retirement.ended('n4', 0);
    expect(await it.toldTimes(1)).toMatchObject([
      { NODE: 'n4,n2', NODES: 'n4,n2', RETCODES: '1,-9', ACTIVE: 'n1,n3', RETIRED: 'n4,n2' },
    ]);
    it.retirement.ended('n3', 0);
    expect((await it.toldTimes(2))[1]).toMatchObject({ NODE: 'n3', RETCODES: '0', ACTIVE: 'n1', RETIRED: 'n4,n2,n3' });
    expect(it.told()).toHaveLength(2);
  });

  test('waits for its turn: calls do not overlap, and have a rest between them', async () => {
    const it = new Case({ betweenMs: 150 }, 'sleep 0.1; date +%s%N > "$CALLS/../end$(ls "$CALLS" | wc -l)"');
    it.retirement.ended('n2', 0);
    await it.toldTimes(1);
    // One while the call runs, one while the rest may last: both go together.
    it.retirement.ended('n3', 0);
    await until('the first call is over', () => existsSync(join(it.folder, 'end1')));
    it.retirement.ended('n4', 0);
    const calls = await it.toldTimes(2);
    expect(calls[1]).toMatchObject({ NODE: 'n3,n4', ACTIVE: 'n1' });
    const [end, next] = [readFileSync(join(it.folder, 'end1'), 'utf8'), calls[1]?.['AT'] ?? ''];
    expect(Number(BigInt(next) - BigInt(end.trim())) / 1e6).toBeGreaterThanOrEqual(145);
  });

  test('is named as the driver node when the run itself is there', async () => {
    const it = new Case();
    it.retirement.ended('n1', 0);
    expect(await it.toldTimes(1)).toMatchObject([{ NODE: 'n1', ACTIVE: 'n2,n3,n4', DRIVER_NODE: 'n1' }]);
    it.retirement.ended('n2', 0);
    expect((await it.toldTimes(2))[1]).toMatchObject({ NODE: 'n2', RETIRED: 'n1,n2', DRIVER_NODE: 'n1' });
  });

  test('is not of another context', async () => {
    const it = new Case();
    it.retirement.ended('n9', 0);
    it.retirement.ended('n2', 0);
    expect(await it.toldTimes(1)).toMatchObject([{ NODE: 'n2', RETIRED: 'n2' }]);
  });
});

describe("the resource manager's own command", () => {
  test('keeps the node that the run itself is on', async () => {
    const it = new Case({ isDefault: true });
    it.retirement.ended('n1', 0);
    await until('it is kept', () => it.log.includes('INFO n1 is kept: the run itself is there'));
    it.retirement.ended('n2', 0);
    it.retirement.ended('n3', 0);
    it.retirement.ended('n4', 0);
    expect(await it.toldTimes(1)).toMatchObject([{ NODE: 'n2,n3,n4', ACTIVE: '', DRIVER_NODE: 'n1' }]);
  });

  test('is not run when no node would be left', async () => {
    const it = new Case({ isDefault: true, ownNode: undefined, nodes: ['n1', 'n2'] });
    it.retirement.ended('n1', 0);
    expect(await it.toldTimes(1)).toMatchObject([{ NODE: 'n1', ACTIVE: 'n2' }]);
    it.retirement.ended('n2', 0);
    await until('it is not given back', () =>
      it.log.some((line) => line.startsWith('INFO n2 ') && /not given/.test(line)),
    );
    expect(it.told()).toHaveLength(1);
  });

  test('as the user gives it, is run even then', async () => {
    const it = new Case({ ownNode: undefined, nodes: ['n1'] });
    it.retirement.ended('n1', 3);
    expect(await it.toldTimes(1)).toMatchObject([{ NODE: 'n1', ACTIVE: '', RETCODES: '3', DRIVER_NODE: 'unset' }]);
  });
});

describe('a call that fails', () => {
  test('is a warning with its last words, and the next is made all the same', async () => {
    const it = new Case({}, 'echo some; printf "Unexpected message \\033[2Jreceived for job 14.\\n\\n" >&2; exit 1');
    it.retirement.ended('n3', 0);
    await until('it warns', () => it.warnings.length > 0);
    expect(it.warnings).toEqual([
      'n3 could not be given back (exit status 1): Unexpected message \\x1b[2Jreceived for job 14.',
    ]);
    expect(it.log.filter((line) => line.startsWith('INFO the command that gives nodes back: '))).toHaveLength(2);
    it.retirement.ended('n4', 0);
    expect(await it.toldTimes(2)).toHaveLength(2);
  });

  test.each([
    ['exit 3', 'n3 could not be given back (exit status 3).'],
    ['kill -TERM $$', 'n3 could not be given back (SIGTERM).'],
  ])('with no words (%s): %s', async (then, warning) => {
    const it = new Case({}, then);
    it.retirement.ended('n3', 0);
    await until('it warns', () => it.warnings.length > 0);
    expect(it.warnings).toEqual([warning]);
  });

  test('since it cannot be started is a warning too', async () => {
    const it = new Case({ cwd: '/nonexistent/folder' });
    it.retirement.ended('n3', 0);
    await until('it warns', () => it.warnings.length > 0);
    expect(it.warnings).toEqual([expect.stringMatching(/^n3 could not be given back \(spawn .*ENOENT\)\.$/)]);
    const odd = new Case({ command: 'true\0' });
    odd.retirement.ended('n3', 0);
    await until('it warns', () => odd.warnings.length > 0);
    expect(odd.warnings).toEqual([expect.stringMatching(/^n3 could not be given back \(.*null bytes.*\)\.$/)]);
  });

  test('since it takes too long is killed with all that it started', async () => {
    const it = new Case({ patienceMs: 200 }, 'sleep 1000 & echo $! > "$CALLS/../child"; wait');
    it.retirement.ended('n3', 0);
    await until('it warns', () => it.warnings.length > 0);
    expect(it.warnings).toEqual(['n3 could not be given back (killed after 0.2 s).']);
    const child = Number(readFileSync(join(it.folder, 'child'), 'utf8'));
    await until('its child is dead', () => !lives(child));
  });
});

test('a call that leaves something in the background is over all the same', async () => {
  const it = new Case({}, 'sleep 1000 & echo $! > "$CALLS/../$NODE"');
  it.retirement.ended('n3', 0);
  const first = await leftBehind(join(it.folder, 'n3'));
  it.retirement.ended('n4', 0);
  await leftBehind(join(it.folder, 'n4'));
  expect(it.told()).toHaveLength(2);
  expect(it.warnings).toEqual([]);
  expect(lives(first)).toBe(true);
});

/** The process whose number comes to stand in a file. The test's end ends it. */
async function leftBehind(path: string): Promise<number> {
  const read = (): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  await until(`${path} is written`, () => read().endsWith('\n'));
  const pid = Number(read());
  onTestFinished(() => void process.kill(pid, 'SIGKILL'));
  return pid;
}

test('without a folder of its own the command runs in one that is removed afterwards', async () => {
  const it = new Case({ cwd: undefined }, 'echo data > slurm_job_14_resize.sh; ls > "$CALLS/../listed"; exit 1');
  it.retirement.ended('n3', 0);
  await until('it is over', () => it.warnings.length > 0);
  const [call] = it.told();
  expect(readFileSync(join(it.folder, 'listed'), 'utf8')).toBe('slurm_job_14_resize.sh\n');
  expect(call?.['PWD']).toMatch(/disbatch-retire-/);
  expect(existsSync(call?.['PWD'] ?? '/')).toBe(false);
});

describe('at the end of the run', () => {
  test('no more calls are made', async () => {
    const it = new Case({ collectMs: 20 });
    it.retirement.ended('n3', 0);
    await it.retirement.close();
    it.retirement.ended('n4', 0);
    // A call of another, made later, would come later.
    const other = new Case({ collectMs: 40 });
    other.retirement.ended('n2', 0);
    await other.toldTimes(1);
    expect(it.told()).toEqual([]);
  });

  test('a call that runs is waited for', async () => {
    const go = join(testFolder(), 'go');
    const it = new Case({}, `while [ ! -e ${go} ]; do sleep 0.01; done; echo yes > "$CALLS/../done"`);
    it.retirement.ended('n3', 0);
    await it.toldTimes(1);
    const closed = it.retirement.close();
    expect(existsSync(join(it.folder, 'done'))).toBe(false);
    writeFileSync(go, '');
    await closed;
    expect(existsSync(join(it.folder, 'done'))).toBe(true);
    expect(it.warnings).toEqual([]);
  });

  test('a call that does not end is killed after a while', async () => {
    const it = new Case({ closingMs: 100 }, 'echo $$ > "$CALLS/../pid"; sleep 1000');
    it.retirement.ended('n3', 0);
    await until('it runs', () => existsSync(join(it.folder, 'pid')));
    await it.retirement.close();
    expect(lives(Number(readFileSync(join(it.folder, 'pid'), 'utf8')))).toBe(false);
    expect(it.warnings).toEqual(['n3 could not be given back (SIGKILL).']);
  });
});
