/** What the terminal monitor knows of a run, from its files and its driver. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runFiles } from '../../../src/contract/run-files.ts';
import { frame } from '../../../src/monitor/terminal/frame.ts';
import type { Sight } from '../../../src/monitor/terminal/sight.ts';
import { firstState } from '../../../src/monitor/terminal/state.ts';
import { TerminalWatch } from '../../../src/monitor/terminal/watch.ts';
import { FakeDriver, version } from '../../reach/fake-driver.ts';
import { testFolder, until } from '../../support/run-disbatch.ts';
import { statusText } from '../analysis/tables.ts';
import { overRun } from '../web/serving.ts';

function watched(prefix: string): TerminalWatch {
  const watch = new TerminalWatch({ prefix, version, onChange: () => {} });
  onTestFinished(() => watch.close());
  return watch;
}

function screenOf(sight: Sight): string {
  const lines = frame(firstState, sight, { columns: 80, rows: 24, unicode: true });
  return lines.map((line) => line.map(({ text }) => text).join('')).join('\n');
}

test('of a resumed run that is over those hosts are shown that it has used, whatever the earlier run had', async () => {
  const watch = watched(
    overRun([
      { kind: 'skipped', node: 'earlier' },
      { kind: 'barrier', node: 'head' },
      { node: 'later', exitCode: 1 },
      { node: 'later' },
    ]),
  );
  await until('its records are read', () => watch.sight.link.kind === 'over' && watch.sight.failed.total === 1);
  expect(watch.sight.nodes).toEqual([{ node: 'later', finished: 2, failed: 1 }]);
  expect(screenOf(watch.sight)).toMatch(/Nodes 1 .*\n.*\n +host +done +failed *\n▶ +later +2 +1/);
});

test('of a run that is over and ran nothing no engine is expected', async () => {
  const watch = watched(overRun([]));
  await until('its records are read', () => watch.sight.link.kind === 'over' && !watch.sight.isReading);
  expect(screenOf(watch.sight)).toContain('  No task was run.');
});

test('a status file that was replaced is counted anew', async () => {
  const prefix = overRun([{ node: 'a' }, { node: 'b', exitCode: 1 }]);
  const watch = watched(prefix);
  await until('its records are read', () => watch.sight.nodes.length === 2);
  writeFileSync(runFiles(prefix).status, statusText([{ node: 'c', taskId: 7 }]));
  await until('it is read anew', () => watch.sight.nodes.some(({ node }) => node === 'c'));
  expect(watch.sight.nodes).toEqual([{ node: 'c', finished: 1, failed: 0 }]);
  expect(watch.sight.failed.total).toBe(0);
});

test('what runs is asked for as far as it is on the screen, and stops are passed on', async () => {
  const prefix = join(testFolder(), 'run');
  const driver = await FakeDriver.start(prefix);
  const watch = watched(prefix);
  await until('it is live', () => watch.sight.link.kind === 'live');
  expect(driver.asked.some(({ type }) => type === 'running')).toBe(false);
  watch.show({ engine: 3, limit: 5 }, []);
  await until('it has been told', () => watch.sight.running?.engine === 3);
  expect(driver.asked).toContainEqual({ type: 'running', engines: [3], limit: 5 });
  driver.problem = 'it has left';
  expect(await watch.stop({ type: 'stop-engine', rank: 3 })).toBe('it has left');
  driver.close();
  await until('it is away', () => watch.sight.link.kind === 'away');
  expect(await watch.stop({ type: 'stop-run' })).toMatch(/cannot be reached now/);
  expect(watch.sight.running).toBeUndefined();
});
