import fc from 'fast-check';
import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DisbatchError } from '../../src/base/errors.ts';
import { LauncherListener, launcherSocketPaths } from '../../src/engine/launcher-listener.ts';
import { testFolder } from './fixtures/connecting.ts';
import { until } from './fixtures/test-engine.ts';

async function open(parents: readonly string[], onLauncher: (socket: Socket) => void = () => {}) {
  const listener = await LauncherListener.open(parents, 'run', 2, onLauncher);
  onTestFinished(() => listener.close());
  return listener;
}

describe('where launchers connect to their engine', () => {
  test('is a socket in a folder that only this user can enter, whatever the umask', async () => {
    const parent = testFolder();
    const umask = process.umask(0o300);
    onTestFinished(() => void process.umask(umask));
    const listener = await open([parent]);
    expect(listener.path).toBe(join(parent, 'disbatch-run-2/slots'));
    expect(lstatSync(join(parent, 'disbatch-run-2')).mode & 0o7777).toBe(0o700);
    expect(lstatSync(listener.path).isSocket()).toBe(true);
  });

  test('is never a folder that was there before, even an empty one or a link to one', async () => {
    const [taken, linked, good] = [testFolder(), testFolder(), testFolder()];
    mkdirSync(join(taken, 'disbatch-run-2'), { mode: 0o700 });
    symlinkSync(testFolder(), join(linked, 'disbatch-run-2'));
    const parents = [taken, linked, good];
    const listener = await open(parents);
    expect(listener.path).toBe(launcherSocketPaths(parents, 'run', 2)[2]);
    listener.close();
    expect(existsSync(join(taken, 'disbatch-run-2'))).toBe(true);
    expect(lstatSync(join(linked, 'disbatch-run-2')).isSymbolicLink()).toBe(true);
  });

  test('is in the first folder that serves: not one that is missing, no folder, or too deep', async () => {
    const [file, good] = [join(testFolder(), 'file'), testFolder()];
    writeFileSync(file, '');
    const deep = join(testFolder(), 'x'.repeat(90));
    mkdirSync(deep);
    const listener = await open([join(good, 'missing'), file, deep, good]);
    expect(listener.path).toBe(join(good, 'disbatch-run-2/slots'));
    expect(readdirSync(deep)).toEqual([]);
  });

  test('is refused in words when there is none', async () => {
    const folder = testFolder();
    const missing = LauncherListener.open([join(folder, 'missing')], 'run', 2, () => {});
    await expect(missing).rejects.toThrow(DisbatchError);
    await expect(missing).rejects.toThrow(/ENOENT.*It takes one that you can write to\.$/);
    const deep = LauncherListener.open([`/${'x'.repeat(100)}`], 'run', 2, () => {});
    await expect(deep).rejects.toThrow(/every path there has over 100 bytes/);
  });

  test('goes when it is closed, while connections that were taken go on', async () => {
    const parent = testFolder();
    const taken: Socket[] = [];
    const listener = await open([parent], (socket) => taken.push(socket));
    const peer = connect(listener.path);
    onTestFinished(() => void peer.destroy());
    await until(() => taken.length === 1, 'the connection');
    listener.close();
    expect(readdirSync(parent)).toEqual([]);
    const heard: string[] = [];
    peer.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
    taken[0]!.end('still here');
    await until(() => heard.join('') === 'still here', 'what was written after');
    const late = connect(listener.path);
    const refusal = await new Promise<NodeJS.ErrnoException>((resolve) => late.once('error', resolve));
    expect(refusal.code).toBe('ENOENT');
  });
});

test('the paths that launchers try are those at which the engine may listen, in the same order, none too long', () => {
  const parent = fc.stringMatching(/^\/[a-zé]{1,90}$/);
  fc.assert(
    fc.property(fc.array(parent), fc.nat(1000), (parents, rank) => {
      const paths = launcherSocketPaths(parents, 'f00d', rank);
      const fitting = parents.filter((one) => Buffer.byteLength(`${one}/disbatch-f00d-${rank}/slots`) <= 100);
      expect(paths).toEqual(fitting.map((one) => `${one}/disbatch-f00d-${rank}/slots`));
    }),
  );
});
