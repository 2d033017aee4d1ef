/** An engine each of whose slots has a launcher of its own, brought by slot.sh. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bytesOfText } from '../../src/base/byte-string.ts';
import { perEngineSlot } from '../../src/contract/messages.ts';
import { encodeMessage } from '../../src/contract/wire.ts';
import { lives, until } from '../support/run-disbatch.ts';
import { launchers } from './fixtures/launchers.ts';
import { rank, SlotPlaces, SlotsUnderTest } from './fixtures/slots-under-test.ts';

/** Each slot finds another value. */
const own = (slot: number): NodeJS.ProcessEnv => ({ OWN: `of slot ${slot}` });

/** Bundles a program of these sources. */
function bundle(entry: string, outfile: string): string {
  buildSync({
    ...{ entryPoints: [resolve(import.meta.dirname, entry)], outfile, bundle: true, platform: 'node', format: 'cjs' },
    ...{ define: { DISBATCH_VERSION: '"test"' }, logLevel: 'warning' },
  });
  return outfile;
}

describe.each(launchers)('with the $name launcher', (launcher) => {
  test('each task runs in the launcher of its slot, with what that found in its environment', async () => {
    const under = new SlotsUnderTest(launcher, 3, { found: own });
    await under.has('joined');
    expect(under.of('joined')).toMatchObject([{ slots: 3, notes: [] }]);
    for (const slot of [2, 0, 1, perEngineSlot])
      under.run(slot, 'printf "%s %s" "$OWN" $DISBATCH_CYLINDER_RANK; exit 3');
    await under.has('ended', 4);
    expect(under.ends.sort(([a], [b]) => a - b)).toEqual([
      [-1, 3, 'of slot 0 -1'],
      [0, 3, 'of slot 0 0'],
      [1, 3, 'of slot 1 1'],
      [2, 3, 'of slot 2 2'],
    ]);
    const pids = [0, 1, 2].map((slot) => under.launcherOf(slot));
    expect(new Set(pids).size).toBe(3);
  });

  test('each task is told of its run and engine, whoever started its launcher', async () => {
    const under = new SlotsUnderTest(launcher, 2);
    await under.has('joined');
    const tell = 'printf "%s,%s,%s" $DISBATCH_NAMETASKS $DISBATCH_ENGINE_RANK $TEST_LOCALID';
    for (const slot of [0, 1]) under.run(slot, tell);
    await under.has('ended', 2);
    expect(under.ends.sort(([a], [b]) => a - b)).toEqual([
      [0, 0, `Tasks,${rank},`],
      [1, 0, `Tasks,${rank},1`],
    ]);
  });

  test('a list that all slots find is shared out, and one of their own is kept', async () => {
    const found = (slot: number): NodeJS.ProcessEnv => ({ SHARED: 'a,b,c', OWN: `${slot}${slot}` });
    const under = new SlotsUnderTest(launcher, 2, { found, resources: ['SHARED', 'OWN'] });
    await under.has('joined');
    expect(under.of('joined')).toMatchObject([
      { slots: 2, notes: ['SHARED has 3 elements for 2 slots; c stays unused'] },
    ]);
    for (const slot of [0, 1]) under.run(slot, 'printf "%s %s" $SHARED $OWN');
    await under.has('ended', 2);
    expect(under.ends.sort(([a], [b]) => a - b)).toEqual([
      [0, 0, 'a 00'],
      [1, 0, 'b 11'],
    ]);
  });

  test('a launcher that is killed has its task reported lost, and another takes the slot again', async () => {
    const under = new SlotsUnderTest(launcher, 3, { found: own });
    await under.has('joined');
    for (const slot of [0, 1, 2]) under.run(slot, 'sleep 1000');
    await under.has('started', 3);
    const killed = under.launcherOf(1);
    process.kill(killed, 'SIGKILL');
    await under.has('ended');
    expect(under.ends).toEqual([[1, -100, '']]);
    const task = under.of('started').find(({ slot }) => slot === 1)?.pid as number;
    expect(lives(task)).toBe(false);
    under.run(1, 'printf "%s" "$OWN"');
    await under.has('ended', 2);
    expect(under.ends[1]).toEqual([1, 0, 'of slot 1']);
    expect(under.launcherOf(1)).not.toBe(killed);
    // The other slots have not felt it.
    for (const slot of [0, 2])
      expect(lives(under.of('started').find((each) => each.slot === slot)?.pid as number)).toBe(true);
    expect(under.of('joined')).toHaveLength(1);
  });

  test('end-tasks ends those of all launchers, and is answered once, after all', async () => {
    const under = new SlotsUnderTest(launcher, 3);
    await under.has('joined');
    under.run(0, 'sleep 1000');
    under.run(2, 'trap "sleep 0.3; exit 9" TERM; echo >ready; while :; do sleep 0.02; done');
    await under.has('started', 2);
    await until('the trap is set', () => existsSync(join(under.base, 'ready')));
    under.engine?.receive({ type: 'end-tasks', graceMs: 10_000 });
    await under.has('tasks-ended');
    expect(under.said.slice(-3).map(({ type }) => type)).toEqual(['ended', 'ended', 'tasks-ended']);
    expect(under.ends.map(([slot, code]) => [slot, code])).toEqual([
      [0, -15],
      [2, 9],
    ]);
    // It works on.
    under.run(1, 'exit 4');
    await under.has('ended', 3);
    expect(under.ends[2]).toEqual([1, 4, '']);
    expect(under.of('tasks-ended')).toHaveLength(1);
  });

  test('end-tasks is answered also when a launcher dies of it', async () => {
    const under = new SlotsUnderTest(launcher, 2);
    await under.has('joined');
    under.run(1, 'trap "" TERM; while :; do sleep 0.02; done');
    await under.has('started');
    under.engine?.receive({ type: 'end-tasks', graceMs: 100_000 });
    process.kill(under.launcherOf(1), 'SIGKILL');
    await under.has('tasks-ended');
    expect(under.ends).toEqual([[1, -100, '']]);
  });

  test('leave ends all launchers and what brought them, and says left once', async () => {
    const under = new SlotsUnderTest(launcher, 3);
    await under.has('joined');
    under.run(1, 'true');
    await under.has('ended');
    under.engine?.receive({ type: 'leave', endBackground: false });
    await under.has('left');
    expect(under.of('left')).toEqual([{ type: 'left', problem: undefined }]);
    await until('nothing of it is left', () => under.processes().length === 0 && under.allWentWell);
  });

  test('a slot whose launcher never comes is the end of the engine, with a problem that names it', async () => {
    const under = new SlotsUnderTest(launcher, 3, { missing: [2], helloMs: launcher.native ? 1500 : 6000 });
    await under.has('left');
    expect(under.of('left')).toEqual([{ type: 'left', problem: 'the launcher of slot 2 did not come' }]);
    expect(under.of('joined')).toEqual([]);
    await until('the others are gone', () => under.processes().length === 0);
  });

  test('kill -9 of the engine ends tasks and launchers, and the sweep removes what it left', async () => {
    const places = new SlotPlaces(launcher);
    const program = bundle('fixtures/slots-engine.ts', join(places.program, 'slots-engine.cjs'));
    const words = [program, places.base, places.runId, String(rank), '3', launcher.name, ...launcher.command];
    const engine = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => {
      engine.kill('SIGKILL');
    });
    let said = '';
    engine.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (const slot of [1, 2]) places.bring(slot);
    await until('it has joined', () => said.includes('"joined"'));
    const command = bytesOfText('trap "" TERM; while :; do sleep 0.02; done');
    for (const slot of [0, 1]) {
      const task = { kind: 'task', taskId: slot, lineNumber: 1, repeatIndex: -1, command } as const;
      engine.stdin.write(`${encodeMessage({ type: 'run', slot, task })}\n`);
    }
    await until('the tasks run', () => said.split('"started"').length === 3);
    expect(places.processes().length).toBeGreaterThan(4);
    engine.kill('SIGKILL');
    await until('all has ended', () => places.processes().length === 0 && places.allWentWell);
    expect(existsSync(places.folder)).toBe(true);
    const main = bundle('../../src/engine/main.ts', join(places.program, 'engine.cjs'));
    const env = { ...process.env, TMPDIR: places.base };
    expect(spawnSync(process.execPath, [main, '--sweep', places.runId, String(rank)], { env }).status).toBe(0);
    expect(existsSync(places.folder)).toBe(false);
  });
});

describe('slot.sh', () => {
  const [launcher] = launchers as [(typeof launchers)[0]];

  test('brings the engine for the first slot', async () => {
    const places = new SlotPlaces(launcher);
    writeFileSync(join(places.program, 'engine.sh'), `printf '%s|' "$@" >'${places.base}/told'\n`);
    const child = places.bring(0);
    await until('it has ended', () => child.exitCode !== null);
    const { program, base, runId } = places;
    expect(readFileSync(join(base, 'told'), 'utf8')).toBe([process.execPath, program, base, runId, rank, ''].join('|'));
  });

  test('ends with 0 when the folder of the run is not there: the first slot says why', async () => {
    const places = new SlotPlaces(launcher);
    const words = [
      `${places.program}/slot.sh`,
      'N',
      'any',
      '',
      process.execPath,
      places.program,
      '/not/there',
      'r',
      '5',
    ];
    const { status, stderr } = spawnSync('/bin/sh', words, { env: { ...process.env, N: '1' }, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
