/**
 * The task files whose status files were recorded from the original: ours must be the same, field for field.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runDisbatch, statusFile, testFolder } from '../support/run-disbatch.ts';

const fixtures = join(import.meta.dirname, 'fixtures');

/** Fields that differ from run to run: node, PID, the three times. A missing task's PID -1 is kept. */
const varying = [4, 5, 7, 8, 9];

/** The lines without what varies, by kind and task id. */
function comparable(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('ROE'))
    .map((line) => {
      const fields = line.split('\t');
      return fields.map((field, i) => (varying.includes(i) ? '*' : field)).join('\t');
    })
    .sort((a, b) => idOf(a) - idOf(b) || (a < b ? -1 : 1));
}

function idOf(line: string): number {
  return Number(line.split('\t')[1]);
}

const recorded = (name: string): string => readFileSync(join(fixtures, name), 'utf8');

describe.each(['native', 'portable'])('with the %s launcher', (launcher) => {
  test('mixed.tasks gives the recorded status lines, and the STOP task that the original leaves out', async () => {
    const folder = testFolder();
    copyFileSync(join(fixtures, 'mixed.tasks'), join(folder, 'mixed.tasks'));
    const args = ['-s', 'localhost:2', '--status-header', '-e', '--unknown-directives', 'warn', '--launcher', launcher];
    const run = await runDisbatch([...args, 'mixed.tasks'], { cwd: folder });
    expect(run.status).toBe(1);
    const text = readFileSync(statusFile(folder), 'utf8');
    expect(text.split('\n')[0]).toBe(recorded('mixed-status.txt').split('\n')[0]);
    const stop = " O P\t0\t3\t-1\t*\t*\t0\t*\t*\t*\t7\t'stop 0\\n'\t0\t''\techo stop ${DISBATCH_ENGINE_RANK}";
    const ours = comparable(text);
    expect(ours).toContain(stop);
    expect(ours.filter((line) => line !== stop)).toEqual(comparable(recorded('mixed-status.txt')));
  });

  test('mixed.tasks resumed from the recorded status file with -R gives the recorded lines of the second run', async () => {
    const folder = testFolder();
    for (const name of ['mixed.tasks', 'mixed-status.txt']) copyFileSync(join(fixtures, name), join(folder, name));
    const args = [
      '-s',
      'localhost:2',
      '-r',
      'mixed-status.txt',
      '-R',
      '--unknown-directives',
      'warn',
      '--launcher',
      launcher,
    ];
    await runDisbatch([...args, '-p', 'second', 'mixed.tasks'], { cwd: folder });
    const ours = comparable(readFileSync(join(folder, 'second_status.txt'), 'utf8'));
    expect(ours.filter((line) => !line.includes('echo stop'))).toEqual(
      comparable(recorded('mixed-resumed-status.txt')),
    );
  });

  test('odd.tasks gives the recorded status lines', async () => {
    const folder = testFolder();
    copyFileSync(join(fixtures, 'odd.tasks'), join(folder, 'odd.tasks'));
    const args = ['-s', 'localhost:2', '--launcher', launcher];
    const run = await runDisbatch([...args, 'odd.tasks'], { cwd: folder });
    expect(run.status).toBe(0);
    expect(comparable(readFileSync(statusFile(folder), 'utf8'))).toEqual(comparable(recorded('odd-status.txt')));
  });
});
