/** Grid Engine's hosts, from what it tells a job. test/clusters/grid-engine-runs.test.ts has the real one. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContextPlan, ContextSituation } from '../../src/context/context.ts';
import { gridEngine, parseHostFile } from '../../src/context/grid-engine.ts';
import { engineCommand, nodeOf, planOf, refusalOf, situation } from './situations.ts';

const text = 'node1.cluster 3 all.q@node1.cluster UNDEFINED\nnode2.cluster 2 all.q@node2.cluster <NULL>\n';
const job = { PE_HOSTFILE: '/spool/pe_hostfile', JOB_ID: '17' };

function inJob(changed: Partial<ContextSituation> = {}, env: Record<string, string> = {}): Partial<ContextSituation> {
  return { env: { ...job, ...env }, read: () => text, ...changed };
}
const plan = (...given: Parameters<typeof inJob>): ContextPlan => planOf(gridEngine, inJob(...given));

describe('the file of hosts', () => {
  test('names each host with its slots; what follows does not count', () => {
    expect(parseHostFile(text, '/f')).toEqual([
      { name: 'node1.cluster', cores: 3 },
      { name: 'node2.cluster', cores: 2 },
    ]);
    expect(parseHostFile('  a\t4\n\n', '/f')).toEqual([{ name: 'a', cores: 4 }]);
    expect(parseHostFile('a 4\r\nb 1\r\n', '/f').map(({ name, cores }) => [name, cores])).toEqual([
      ['a', 4],
      ['b', 1],
    ]);
  });

  test('may name a host once for each of its queues, whose slots are summed', () => {
    expect(parseHostFile('a 2 long.q\nb 1 long.q\na 1 short.q\n', '/f')).toEqual([
      { name: 'a', cores: 3 },
      { name: 'b', cores: 1 },
    ]);
  });

  test.each(['node1', 'node1 many all.q', 'node1 -1', 'node1 1.5 all.q'])('with the line %j is told of', (line) => {
    const [code, sentence] = refusalOf(gridEngine, inJob({ read: () => `good 1 all.q\n${line}\n` }));
    expect(code).toBe('where-to-run');
    expect(sentence).toContain(`PE_HOSTFILE (/spool/pe_hostfile), line 2: "${line}" is not HOST SLOTS.`);
    expect(sentence).toContain('-s HOST:CORES');
  });

  test('that is empty, or not there, is told of', () => {
    expect(refusalOf(gridEngine, inJob({ read: () => '\n' }))[1]).toContain('(/spool/pe_hostfile) names no host');
    const [code, sentence] = refusalOf(gridEngine, { env: job });
    expect(code).toBe('where-to-run');
    expect(sentence).toContain(
      'PE_HOSTFILE is /spool/pe_hostfile, which cannot be read (/spool/pe_hostfile is not there)',
    );
  });

  test('gives each host as many slots as its lines have, in the order in which they come', () => {
    const line = fc.tuple(
      fc.constantFrom('a', 'b.x', 'c-1', 'd'),
      fc.nat(64),
      fc.constantFrom('', ' q@h', ' q@h <NULL>'),
    );
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
        const hosts = parseHostFile(lines.map(([name, slots, rest]) => `${name} ${slots}${rest}`).join('\n'), '/f');
        expect(hosts.map(({ name }) => name)).toEqual([...new Set(lines.map(([name]) => name))]);
        for (const { name, cores } of hosts) {
          const own = lines.filter(([each]) => each === name).map(([, slots]) => slots);
          expect(cores).toBe(own.reduce((sum, slots) => sum + slots, 0));
        }
      }),
    );
  });
});

describe('a job in a parallel environment', () => {
  test('is a context of its hosts and slots, named by its number', () => {
    const { label, nodes, notices } = plan();
    expect(label).toBe('J17');
    expect(nodes).toEqual([
      { name: 'node1.cluster', cores: 3, slots: 3, coresPerTask: 1 },
      { name: 'node2.cluster', cores: 2, slots: 2, coresPerTask: 1 },
    ]);
    expect(notices).toEqual([]);
  });

  test('has the slots that -c and -t give', () => {
    const slotOptions = { cpusPerTask: 2, tasksPerNode: undefined, fill: false };
    expect(plan({ slotOptions }).nodes.map(({ slots }) => slots)).toEqual([1, 1]);
    expect(plan({ slotOptions: { ...slotOptions, tasksPerNode: 7 } }).nodes.map(({ slots }) => slots)).toEqual([7, 7]);
  });

  test('that is one of an array has the number of the task in its name', () => {
    expect(plan({}, { SGE_TASK_ID: '4' }).label).toBe('J17.4');
    expect(plan({}, { SGE_TASK_ID: 'undefined' }).label).toBe('J17');
  });

  test('keeps its hosts to its end, and ends no task before its engine knows', () => {
    expect(plan().allocation).toMatchObject({ retireCommand: undefined, secondsLeft: undefined, signalsTasks: false });
    expect(plan().usesThisHostDirectly).toBe(true);
  });

  test('is none without PE_HOSTFILE or without a number', () => {
    expect(gridEngine(situation({ env: { JOB_ID: '17' } }))).toBeUndefined();
    expect(gridEngine(situation({ env: { PE_HOSTFILE: '/f' } }))).toBeUndefined();
    expect(gridEngine(situation({ env: { PE_HOSTFILE: '', JOB_ID: '17' } }))).toBeUndefined();
  });
});

describe('an engine on another host', () => {
  test("is started by qrsh with the job's environment, in one word that holds engine.sh and what it is told", async () => {
    const { words } = await plan().transport.command(nodeOf(plan(), 1), engineCommand);
    expect(words.slice(0, 4)).toEqual(['qrsh', '-inherit', '-V', 'node2.cluster']);
    expect(words).toHaveLength(5);
    expect(words[4]).toContain('/opt/disbatch/engine.sh');
    expect(words[4]).toMatch(/\br\b.*\b3\b/);
  });

  test('that cannot be started is told of with the last words of qrsh', () => {
    const { transport } = plan();
    const end = { status: 1, how: 'exit status 1', started: true, output: '' };
    const errors = 'error: executing task of job 17 failed: execution daemon on host "node2" didn\'t accept task\n\n';
    expect(transport.readFailure({ ...end, errors })).toEqual({
      failure: 'final',
      reason: 'executing task of job 17 failed: execution daemon on host "node2" didn\'t accept task',
    });
    expect(transport.readFailure({ ...end, errors: '' }).reason).toBe(
      'qrsh ended with exit status 1 before the engine was up, and gave no reason',
    );
  });
});
