/**
 * The launcher protocol: how an engine has tasks started, watched and ended. Pure: framing, encode and decode.
 *
 * A launcher is a process of its own with one engine at the other end of its standard input and output, or of a connection
 * that it makes itself. It has numbered lanes, each running at most one task. Two implementations hold to this page:
 * native/launcher.c and portable-launcher.ts.
 *
 * Frame:   u32 length of what follows · u8 type · payload. All numbers little-endian; f64 is IEEE 754; times are seconds
 *          since 1970; byte counts are f64 (exact to 2^53). A frame is at most 64 MiB.
 *
 * Engine to launcher
 *   1 START  u32 lane · u32 bytes of the command · command · environment: NAME=VALUE strings, each ended by NUL
 *            Runs `/bin/bash -c COMMAND` in a session of its own (setsid), standard input /dev/null, both outputs a pipe
 *            each (a real pipe: `echo x >/dev/stderr` must work), no other descriptor open, in the launcher's working
 *            directory, with the launcher's own environment in which the given names are set. Signal dispositions and
 *            mask are the default ones but for what `--ignore-signals` names.
 *   2 SIGNAL u32 lane · u32 signal: sent to the process group of the lane's task; nothing when the lane is idle
 *   3 END    u32 grace in milliseconds: TERM (and CONT, so that a stopped task gets it) to the groups of all running
 *            tasks; KILL to those left after the grace; then KILL to every other process that tasks left behind, where
 *            the launcher can know them (FEATURE_SWEEP). The ENDED frames of the tasks come first, then DONE.
 *   4 LEAVE  the launcher exits with status 0 and leaves background processes of ended tasks alone
 *   5 LEASE  u32 milliseconds: unless another LEASE comes within them, KILL to all tasks, then exit with status 3, whatever
 *            the engine does or cannot do; 0: no lease. What was sent before the end counts only if it was read before it.
 *   End of file on standard input, or on the connection (the engine is gone): as END with a grace of two seconds, then
 *   exit with status 0. Output that nobody reads any more is no reason to stop before the tasks are dead.
 *
 * Launcher to engine
 *   1 HELLO   u32 protocol version · u32 pid · u32 features · i32 slot (-1: none was given) · variables: NAME=VALUE
 *             strings, each ended by NUL. At once after the start. The first three are there in every version.
 *             Features: bit 0, CPU time and peak memory are exact; bit 1, END sweeps what tasks left behind (FEATURE_SWEEP)
 *   2 STARTED u32 lane · i32 pid · f64 start
 *   3 ENDED   u32 lane · i32 pid · i32 exit code (-N when signal N killed it) · f64 start · f64 finish (when the exit was
 *             known) · f64 bytes of output · f64 bytes of error output · f64 user CPU seconds · f64 system CPU seconds ·
 *             f64 peak memory in bytes (the last three -1 where not known) · u8 lengths of: first output bytes, last
 *             output bytes, first error bytes, last error bytes · these bytes.
 *             First bytes: up to 40. Last bytes: up to 40 of what came after the first 40.
 *             Sent when the task has exited and both its pipes are at their end, or 500 ms after the exit when a
 *             background process still holds one; from then on that pipe is drained and dropped, and the lane is free.
 *   4 FAILED  u32 lane · u32 errno · f64 time · text: the task could not be started (E2BIG for a command over 128 KiB)
 *   5 DONE    u32 how many processes, not tasks themselves, the sweep of END killed
 *
 * Arguments of a launcher: `--nofile N` (soft limit on open files that tasks get, since Node raises its own),
 * `--ignore-signals N,N` (signals that tasks start with ignored, as under nohup), `--slot N` (told in HELLO), `--tell NAME`
 * (up to 16 times: HELLO has the variables of the launcher's own environment that these name, as far as they are set).
 * `--connect PATH` (up to 4 times): the launcher speaks over a connection to this Unix socket; its standard input is not
 * read and its standard output not written. For a launcher that the engine has not started itself, as under Slurm, where
 * each slot's launcher inherits what the slot has. The paths are tried in order, again and again until one accepts, for
 * at most `--patience MS` (60000); then exit with status 4 and one line on standard error. Who listens must be the same
 * user, or the path counts as absent: the native launcher asks the kernel, the portable one wants the socket's folder to
 * be this user's and closed to others. With `--connect` the environment is taken as it is; without, values that are not
 * UTF-8 are looked up where the parent process, then the engine, has them from.
 * A launcher ignores HUP, INT, QUIT and TERM: its engine decides, and a terminal's Ctrl-C reaches the whole foreground group.
 * Every task dies with its launcher where the system can do that (Linux: PR_SET_PDEATHSIG KILL).
 */

import { asBytes, bytesOfText, type ByteString, lenientTextOfBytes } from '../base/byte-string.ts';
import type { Outcome } from '../contract/messages.ts';

/** The version in HELLO. An engine refuses another. */
export const protocolVersion = 3;

/** Bits of HELLO's features: CPU time and peak memory are exact; END sweeps what tasks left behind. */
export const featureUsage = 1;
export const featureSweep = 2;

/** How long a launcher waits, after a task's exit, for a pipe that a background process holds. */
export const lingerMs = 500;

/** The grace a launcher gives when its engine is gone. */
export const orphanGraceMs = 2000;

/** A launcher's exit status when its lease has ended. */
export const leaseEndedStatus = 3;

/** A launcher's exit status when there was no engine to connect to. */
export const noEngineStatus = 4;

/** How long a launcher tries to connect, unless told otherwise. */
export const usualPatienceMs = 60_000;

/** How often a launcher may be given `--connect` and `--tell`. */
export const connectMost = 4;
export const tellMost = 16;

/** The slot in HELLO of a launcher that was given none. */
export const noSlot = -1;

/** Sample sizes of an output: first bytes, and last bytes of the rest. Source: the original's status file. */
export const sampleHead = 40;
export const sampleTail = 40;

/** The largest frame either side accepts. */
export const maxFrame = 64 * 1024 * 1024;

export type ToLauncher =
  | {
      readonly type: 'start';
      readonly lane: number;
      readonly command: ByteString;
      readonly env: readonly (readonly [string, string])[];
    }
  | { readonly type: 'signal'; readonly lane: number; readonly signal: number }
  | { readonly type: 'end'; readonly graceMs: number }
  | { readonly type: 'leave' }
  | { readonly type: 'lease'; readonly ms: number };

export type FromLauncher =
  | {
      readonly type: 'hello';
      readonly version: number;
      readonly pid: number;
      readonly features: number;
      readonly slot: number;
      /** Names as text, values as the bytes that they are. */
      readonly variables: readonly (readonly [string, ByteString])[];
    }
  | { readonly type: 'started'; readonly lane: number; readonly pid: number; readonly start: number }
  | ({ readonly type: 'ended'; readonly lane: number } & Outcome)
  | {
      readonly type: 'failed';
      readonly lane: number;
      readonly errno: number;
      readonly time: number;
      readonly reason: string;
    }
  | { readonly type: 'done'; readonly swept: number };

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
      const envBytes = Buffer.byteLength(env, 'utf8');
      const buffer = frame(toType.start, 8 + message.command.length + envBytes);
      buffer.writeUInt32LE(message.lane, 5);
      buffer.writeUInt32LE(message.command.length, 9);
      buffer.write(message.command, 13, 'latin1');
      buffer.write(env, 13 + message.command.length, 'utf8');
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
        usage?.userCpu ?? -1,
        usage?.systemCpu ?? -1,
        usage?.peakMemory ?? -1,
      ];
      numbers.forEach((number, i) => buffer.writeDoubleLE(number, 17 + 8 * i));
      let at = 5 + endedFixed;
      samples.forEach((sample, i) => {
        buffer[73 + i] = sample.length;
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

/** Payload of ENDED before the samples. */
const endedFixed = 12 + 7 * 8 + 4;

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
      const [oh, ot, eh, et] = [body[69]!, body[70]!, body[71]!, body[72]!];
      need(at + oh + ot + eh + et);
      const bytes = (from: number, length: number): ByteString => asBytes(body.toString('latin1', from, from + length));
      const userCpu = body.readDoubleLE(45);
      return {
        type: 'ended',
        lane: body.readUInt32LE(1),
        pid: body.readInt32LE(5),
        exitCode: body.readInt32LE(9),
        start: body.readDoubleLE(13),
        finish: body.readDoubleLE(21),
        output: { bytes: body.readDoubleLE(29), head: bytes(at, oh), tail: bytes(at + oh, ot) },
        error: { bytes: body.readDoubleLE(37), head: bytes(at + oh + ot, eh), tail: bytes(at + oh + ot + eh, et) },
        usage:
          userCpu < 0 ? undefined : { userCpu, systemCpu: body.readDoubleLE(53), peakMemory: body.readDoubleLE(61) },
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
      need(9);
      const length = body.readUInt32LE(5);
      need(9 + length);
      const env = body
        .toString('utf8', 9 + length)
        .split('\0')
        .slice(0, -1)
        .map((entry): [string, string] => {
          const equals = entry.indexOf('=');
          return [entry.slice(0, equals), entry.slice(equals + 1)];
        });
      return {
        type: 'start',
        lane: body.readUInt32LE(1),
        command: asBytes(body.toString('latin1', 9, 9 + length)),
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
