/**
 * The launcher protocol as bytes: frames, encoded and decoded. Pure. What they mean is told in launcher-protocol.ts.
 */

import { asBytes, bytesOfText, type ByteString, lenientTextOfBytes } from '../base/byte-string.ts';
import type { OutputSample, TaskUsage } from '../contract/messages.ts';
import type { OutputFiles } from '../contract/result-files.ts';
import { maxFrame, noSlot, protocolVersion, type FromLauncher, type ToLauncher } from './launcher-protocol.ts';

const toType = { start: 1, signal: 2, end: 3, leave: 4, lease: 5 } as const;
const fromType = { hello: 1, started: 2, ended: 3, failed: 4, done: 5 } as const;

/** The bytes of a frame with this type and room for a payload, length and type filled in. */
function frame(type: number, payload: number): Buffer {
  const buffer = Buffer.allocUnsafe(5 + payload);
  buffer.writeUInt32LE(1 + payload, 0);
  buffer[4] = type;
  return buffer;
}

/** Encodes what an engine sends. */
export function encodeToLauncher(message: ToLauncher): Buffer {
  switch (message.type) {
    case 'start': {
      // Names and values are text; an environment passes through Node as UTF-8.
      let env = '';
      for (const [name, value] of message.env) env += `${name}=${value}\0`;
      const { output, error } = message.files ?? noFiles;
      const [outputBytes, errorBytes] = [Buffer.byteLength(output), Buffer.byteLength(error)];
      const envBytes = Buffer.byteLength(env, 'utf8');
      const buffer = frame(toType.start, startFixed + message.command.length + outputBytes + errorBytes + envBytes);
      buffer.writeUInt32LE(message.lane, 5);
      buffer[9] = message.followMemory ? startFollows : 0;
      let at = buffer.writeUInt32LE(message.command.length, 10);
      at += buffer.write(message.command, at, 'latin1');
      at = buffer.writeUInt32LE(outputBytes, at);
      at += buffer.write(output, at, 'utf8');
      at = buffer.writeUInt32LE(errorBytes, at);
      at += buffer.write(error, at, 'utf8');
      buffer.write(env, at, 'utf8');
      return buffer;
    }
    case 'signal': {
      const buffer = frame(toType.signal, 8);
      buffer.writeUInt32LE(message.lane, 5);
      buffer.writeUInt32LE(message.signal, 9);
      return buffer;
    }
    case 'end': {
      const buffer = frame(toType.end, 4);
      buffer.writeUInt32LE(message.graceMs, 5);
      return buffer;
    }
    case 'leave':
      return frame(toType.leave, 0);
    case 'lease': {
      const buffer = frame(toType.lease, 4);
      buffer.writeUInt32LE(message.ms, 5);
      return buffer;
    }
  }
}

/** Encodes what a launcher sends. */
export function encodeFromLauncher(message: FromLauncher): Buffer {
  switch (message.type) {
    case 'hello': {
      const variables = message.variables.map(([name, value]) => `${bytesOfText(name)}=${value}\0`).join('');
      const buffer = frame(fromType.hello, helloFixed + variables.length);
      buffer.writeUInt32LE(message.version, 5);
      buffer.writeUInt32LE(message.pid, 9);
      buffer.writeUInt32LE(message.features, 13);
      buffer.writeInt32LE(message.slot, 17);
      buffer.write(variables, 5 + helloFixed, 'latin1');
      return buffer;
    }
    case 'started': {
      const buffer = frame(fromType.started, 16);
      buffer.writeUInt32LE(message.lane, 5);
      buffer.writeInt32LE(message.pid, 9);
      buffer.writeDoubleLE(message.start, 13);
      return buffer;
    }
    case 'ended': {
      const { output, error, usage } = message;
      const samples = [output.head, output.tail, error.head, error.tail];
      const buffer = frame(fromType.ended, endedFixed + samples.reduce((sum, sample) => sum + sample.length, 0));
      buffer.writeUInt32LE(message.lane, 5);
      buffer.writeInt32LE(message.pid, 9);
      buffer.writeInt32LE(message.exitCode, 13);
      const numbers = [
        message.start,
        message.finish,
        output.bytes,
        error.bytes,
        usage?.userCpu ?? 0,
        usage?.systemCpu ?? 0,
        usage?.peakMemory ?? 0,
        usage?.largestProcess ?? 0,
      ];
      numbers.forEach((number, i) => buffer.writeDoubleLE(number, 17 + 8 * i));
      buffer.writeUInt32LE(output.fileError, 81);
      buffer.writeUInt32LE(error.fileError, 85);
      buffer[89] = usageBits(usage);
      let at = 5 + endedFixed;
      samples.forEach((sample, i) => {
        buffer[90 + i] = sample.length;
        at += buffer.write(sample, at, 'latin1');
      });
      return buffer;
    }
    case 'failed': {
      const buffer = frame(fromType.failed, 16 + Buffer.byteLength(message.reason));
      buffer.writeUInt32LE(message.lane, 5);
      buffer.writeUInt32LE(message.errno, 9);
      buffer.writeDoubleLE(message.time, 13);
      buffer.write(message.reason, 21);
      return buffer;
    }
    case 'done': {
      const buffer = frame(fromType.done, 4);
      buffer.writeUInt32LE(message.swept, 5);
      return buffer;
    }
  }
}

/** Payload of HELLO before the variables. */
const helloFixed = 16;

/** Payload of START but for what has a length of its own. */
const startFixed = 4 + 1 + 3 * 4;

/** START's flag that the task's usage is wanted. */
const startFollows = 1;

const noFiles: OutputFiles = { output: '', error: '' };

/** Payload of ENDED before the samples. */
const endedFixed = 12 + 8 * 8 + 2 * 4 + 1 + 4;

/** Bits of ENDED's usage. */
const usageKnown = 1;
const cpuSampled = 2;
const memorySampled = 4;

function usageBits(usage: TaskUsage | undefined): number {
  if (usage === undefined) return 0;
  const sampled = (usage.cpuFrom === 'samples' ? cpuSampled : 0) | (usage.memoryFrom === 'samples' ? memorySampled : 0);
  return usageKnown | sampled;
}

/** What is wrong with bytes that are no frame of this protocol. */
export class ProtocolError extends Error {}

/** Decodes one frame from a launcher (type and payload, without the length). */
export function decodeFromLauncher(body: Buffer): FromLauncher {
  const need = (bytes: number): void => {
    if (body.length < bytes)
      throw new ProtocolError(`a frame of type ${body[0]} has ${body.length} bytes, ${bytes} are needed`);
  };
  need(1);
  switch (body[0]) {
    case fromType.hello: {
      need(13);
      const version = body.readUInt32LE(1);
      const known = { type: 'hello', version, pid: body.readUInt32LE(5), features: body.readUInt32LE(9) } as const;
      // Of another version, no more is known than these three: enough to say which it is.
      if (version !== protocolVersion) return { ...known, slot: noSlot, variables: [] };
      need(1 + helloFixed);
      return { ...known, slot: body.readInt32LE(13), variables: decodeVariables(body.subarray(1 + helloFixed)) };
    }
    case fromType.started:
      need(17);
      return { type: 'started', lane: body.readUInt32LE(1), pid: body.readInt32LE(5), start: body.readDoubleLE(9) };
    case fromType.ended: {
      need(1 + endedFixed);
      const at = 1 + endedFixed;
      const [oh, ot, eh, et] = [body[86]!, body[87]!, body[88]!, body[89]!];
      need(at + oh + ot + eh + et);
      const sample = (bytes: number, from: number, head: number, tail: number, fileError: number): OutputSample => ({
        bytes,
        head: asBytes(body.toString('latin1', from, from + head)),
        tail: asBytes(body.toString('latin1', from + head, from + head + tail)),
        fileError,
      });
      return {
        type: 'ended',
        lane: body.readUInt32LE(1),
        pid: body.readInt32LE(5),
        exitCode: body.readInt32LE(9),
        start: body.readDoubleLE(13),
        finish: body.readDoubleLE(21),
        output: sample(body.readDoubleLE(29), at, oh, ot, body.readUInt32LE(77)),
        error: sample(body.readDoubleLE(37), at + oh + ot, eh, et, body.readUInt32LE(81)),
        usage: decodeUsage(body),
      };
    }
    case fromType.failed:
      need(17);
      return {
        type: 'failed',
        lane: body.readUInt32LE(1),
        errno: body.readUInt32LE(5),
        time: body.readDoubleLE(9),
        reason: body.toString('utf8', 17),
      };
    case fromType.done:
      need(5);
      return { type: 'done', swept: body.readUInt32LE(1) };
    default:
      throw new ProtocolError(`a frame of the unknown type ${body[0]}`);
  }
}

/** What ENDED tells of usage. */
function decodeUsage(body: Buffer): TaskUsage | undefined {
  const bits = body[85]!;
  if ((bits & usageKnown) === 0) return undefined;
  return {
    userCpu: body.readDoubleLE(45),
    systemCpu: body.readDoubleLE(53),
    cpuFrom: (bits & cpuSampled) === 0 ? 'wait4' : 'samples',
    peakMemory: body.readDoubleLE(61),
    memoryFrom: (bits & memorySampled) === 0 ? 'wait4' : 'samples',
    largestProcess: body.readDoubleLE(69),
  };
}

function decodeVariables(strings: Buffer): (readonly [string, ByteString])[] {
  if (strings.length === 0) return [];
  if (strings.at(-1) !== 0) throw new ProtocolError('the variables of a HELLO are cut short');
  const entries = strings.toString('latin1', 0, strings.length - 1).split('\0');
  return entries.map((entry) => {
    const equals = entry.indexOf('=');
    if (equals < 1) throw new ProtocolError('a variable of a HELLO has no name');
    return [lenientTextOfBytes(asBytes(entry.slice(0, equals))), asBytes(entry.slice(equals + 1))];
  });
}

/** Decodes one frame from an engine (type and payload, without the length). */
export function decodeToLauncher(body: Buffer): ToLauncher {
  const need = (bytes: number): void => {
    if (body.length < bytes)
      throw new ProtocolError(`a frame of type ${body[0]} has ${body.length} bytes, ${bytes} are needed`);
  };
  need(1);
  switch (body[0]) {
    case toType.start: {
      need(1 + startFixed);
      let at = 6;
      const part = (encoding: 'latin1' | 'utf8'): string => {
        need(at + 4);
        const [from, length] = [at + 4, body.readUInt32LE(at)];
        at = from + length;
        need(at);
        return body.toString(encoding, from, at);
      };
      const command = asBytes(part('latin1'));
      const files = { output: part('utf8'), error: part('utf8') };
      const env = body
        .toString('utf8', at)
        .split('\0')
        .slice(0, -1)
        .map((entry): [string, string] => {
          const equals = entry.indexOf('=');
          return [entry.slice(0, equals), entry.slice(equals + 1)];
        });
      return {
        type: 'start',
        lane: body.readUInt32LE(1),
        command,
        followMemory: (body[5]! & startFollows) !== 0,
        files: files.output === '' && files.error === '' ? undefined : files,
        env,
      };
    }
    case toType.signal:
      need(9);
      return { type: 'signal', lane: body.readUInt32LE(1), signal: body.readUInt32LE(5) };
    case toType.end:
      need(5);
      return { type: 'end', graceMs: body.readUInt32LE(1) };
    case toType.leave:
      return { type: 'leave' };
    case toType.lease:
      need(5);
      return { type: 'lease', ms: body.readUInt32LE(1) };
    default:
      throw new ProtocolError(`a frame of the unknown type ${body[0]}`);
  }
}

/** Cuts a byte stream into frames. Keeps at most one unfinished frame. */
export class FrameReader {
  private rest: Buffer | undefined;

  /** The frame bodies (type and payload) that are complete with this chunk. They may share its memory. */
  *read(chunk: Buffer): Generator<Buffer> {
    let data = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = undefined;
    while (data.length >= 4) {
      const length = data.readUInt32LE(0);
      if (length === 0 || length > maxFrame) throw new ProtocolError(`a frame of ${length} bytes`);
      if (data.length < 4 + length) break;
      yield data.subarray(4, 4 + length);
      data = data.subarray(4 + length);
    }
    if (data.length > 0) this.rest = data;
  }
}
