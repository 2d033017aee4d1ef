/**
 * A launcher that runs nothing: it answers each START at once with STARTED and ENDED, so that a bench sees the driver alone.
 *
 * Started by the program in place of its native launcher. It speaks src/engine/launcher-protocol.ts; to cost little it
 * writes lane numbers into two frames that were encoded once. Every 10,000 tasks it notes in the file that
 * DISBATCH_BENCH_MEMORY names how much memory its parent, the program, has: the count and KiB, one line each.
 */

import { appendFileSync, readFileSync } from 'node:fs';
import { decodeToLauncher, encodeFromLauncher, FrameReader } from '../../src/engine/launcher-frames.ts';
import { noSlot, protocolVersion } from '../../src/engine/launcher-protocol.ts';
import { nothingWritten } from '../../src/contract/messages.ts';

const noteEvery = 10_000;
const notes = process.env['DISBATCH_BENCH_MEMORY'];

const { pid } = process;
const started = encodeFromLauncher({ type: 'started', lane: 0, pid, start: 0 });
const times = { start: 0, finish: 0 };
const cpu = { userCpu: 0.001, systemCpu: 0.001, cpuFrom: 'wait4' } as const;
const usage = { ...cpu, peakMemory: 2 ** 21, memoryFrom: 'wait4', largestProcess: 2 ** 21 } as const;
const outputs = { output: nothingWritten, error: nothingWritten };
const ended = encodeFromLauncher({ type: 'ended', lane: 0, pid, exitCode: 0, ...times, ...outputs, usage });
const answer = Buffer.concat([started, ended]);
/** Where the lane and the times are in the answer, as the protocol's page has them. */
const lanes = [5, started.length + 5];
const timesAt = [13, started.length + 17, started.length + 25];

const frames = new FrameReader();
let count = 0;

/** The type of START in the first byte of a frame's body; its lane follows. */
const startType = 1;

function onInput(chunk: Buffer): void {
  const answers: Buffer[] = [];
  const now = Date.now() / 1000;
  for (const at of timesAt) answer.writeDoubleLE(now, at);
  for (const body of frames.read(chunk)) {
    if (body[0] === startType) {
      const lane = body.readUInt32LE(1);
      for (const at of lanes) answer.writeUInt32LE(lane, at);
      answers.push(Buffer.from(answer));
      if (++count % noteEvery === 0) noteMemory();
      continue;
    }
    const message = decodeToLauncher(body);
    if (message.type === 'end') answers.push(encodeFromLauncher({ type: 'done', swept: 0 }));
    if (message.type === 'leave') process.exit(0);
  }
  process.stdout.write(Buffer.concat(answers));
}

function noteMemory(): void {
  if (notes === undefined) return;
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process.ppid}/status`, 'utf8'))?.[1];
  appendFileSync(notes, `${count} ${kib}\n`);
}

for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const) process.on(signal, () => {});
process.stdin.on('data', onInput);
process.stdin.on('end', () => process.exit(0));
process.stdout.write(
  encodeFromLauncher({ type: 'hello', version: protocolVersion, pid, features: 3, slot: noSlot, variables: [] }),
);
