import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { encodeFromLauncher } from '../../src/engine/launcher-frames.ts';
import { noSlot, protocolVersion } from '../../src/engine/launcher-protocol.ts';
import { type Accepted, closeNodesAfterEach, openNode } from './fixtures/connecting.ts';
import { until } from './fixtures/test-engine.ts';

closeNodesAfterEach();

const helloOf = (pid: number): Buffer =>
  encodeFromLauncher({ type: 'hello', version: protocolVersion, pid, features: 0, slot: noSlot, variables: [] });

/** Who connects here is the test itself. */
async function connectedTest(): Promise<{ peer: Socket; engine: Accepted }> {
  const node = await openNode();
  const peer = connect(node.listener.path);
  peer.on('error', () => {});
  onTestFinished(() => void peer.destroy());
  await until(() => node.accepted.length === 1, 'the connection');
  return { peer, engine: node.accepted[0]! };
}

test('a launcher that sends garbage is dropped, and said to have sent it', async () => {
  const { peer, engine } = await connectedTest();
  peer.write('Welcome to this machine! Read the rules.\n');
  await until(() => engine.exits.length > 0, 'the exit');
  expect(engine.exits).toEqual([expect.stringMatching(/^the launcher sent garbage: a frame of \d+ bytes$/)]);
  await until(() => peer.destroyed, 'the end of the connection');
});

test('a launcher is killed by the PID that it told, never another process, nor when it has gone', async () => {
  const killed: [number, unknown][] = [];
  const spy = vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    killed.push([pid, signal]);
    return true;
  });
  onTestFinished(() => spy.mockRestore());
  for (const pid of [0, 1]) {
    const { peer, engine } = await connectedTest();
    peer.write(helloOf(pid));
    await engine.frame('hello');
    engine.link.kill();
    await until(() => engine.exits.length > 0, 'the exit');
  }
  expect(killed).toEqual([]);
  const { peer, engine } = await connectedTest();
  peer.write(helloOf(123_456));
  await engine.frame('hello');
  engine.link.kill();
  await until(() => engine.exits.length > 0, 'the exit');
  engine.link.kill();
  expect(killed).toEqual([[123_456, 'SIGKILL']]);
});

test('what is sent within one turn goes out as one write', async () => {
  const { peer, engine } = await connectedTest();
  const chunks: Buffer[] = [];
  peer.on('data', (chunk: Buffer) => chunks.push(chunk));
  for (let lane = 0; lane < 100; lane++) engine.start(lane, 'true');
  engine.link.send({ type: 'leave' });
  await until(() => chunks.length > 0, 'the frames');
  expect(chunks.map(({ length }) => length)).toEqual([100 * (5 + 17 + 4) + 5]);
});

test('a launcher that goes before it said hello is gone with a reason, unless it was told to leave', async () => {
  const early = await connectedTest();
  early.peer.end();
  await until(() => early.engine.exits.length > 0, 'the exit');
  expect(early.engine.exits).toEqual(['the launcher closed its connection']);
  const told = await connectedTest();
  told.engine.link.send({ type: 'leave' });
  told.peer.end();
  await until(() => told.engine.exits.length > 0, 'the exit');
  expect(told.engine.exits).toEqual([undefined]);
});
