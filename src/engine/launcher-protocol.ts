/**
 * The launcher protocol: how an engine has tasks started, watched and ended. Pure: its words; their bytes are in launcher-frames.ts.
 *
 * A launcher is a process of its own with one engine at the other end of its standard input and output, or of a connection
 * that it makes itself. It has numbered lanes, each running at most one task. Two implementations hold to this page:
 * native/launcher.c and portable-launcher.ts.
 *
 * Frame:   u32 length of what follows · u8 type · payload. All numbers little-endian; f64 is IEEE 754; times are seconds
 *          since 1970; byte counts are f64 (exact to 2^53). A frame is at most 64 MiB.
 *
 * Engine to launcher
 *   1 START  u32 lane · u8 flags · u32 bytes of the command · command · u32 bytes of a path · path of the output's file ·
 *            u32 bytes of a path · path of the error output's file · environment: NAME=VALUE strings, each ended by NUL
 *            Runs `/bin/bash -c COMMAND` in a session of its own (setsid), standard input /dev/null, both outputs a pipe
 *            each (a real pipe: `echo x >/dev/stderr` must work), no other descriptor open, in the launcher's working
 *            directory, with the launcher's own environment in which the given names are set. Signal dispositions and
 *            mask are the default ones but for what `--ignore-signals` names.
 *            Flags: bit 0, find out what the task uses, so that ENDED can tell it.
 *            Paths: absolute, in UTF-8; of length 0, that output is not kept. See "Files" below.
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
 *             Features: bit 0, CPU times are exact (FEATURE_USAGE); bit 1, END sweeps what tasks left behind (FEATURE_SWEEP)
 *   2 STARTED u32 lane · i32 pid · f64 start
 *   3 ENDED   u32 lane · i32 pid · i32 exit code (-N when signal N killed it) · f64 start · f64 finish (when the exit was
 *             known) · f64 bytes of output · f64 bytes of error output · f64 user CPU seconds · f64 system CPU seconds ·
 *             f64 peak memory in bytes · f64 memory of the largest process in bytes · u32 errno of the output's file ·
 *             u32 errno of the error output's file (0: it holds all, or none was wanted) · u8 usage · u8 lengths of:
 *             first output bytes, last output bytes, first error bytes, last error bytes · these bytes.
 *             Usage: bit 0, it was asked for and is known (else the four numbers are 0); bit 1, CPU times are from samples;
 *             bit 2, peak memory is from samples. Without these bits they are exact, from wait4.
 *             First bytes: up to 40. Last bytes: up to 40 of what came after the first 40.
 *             Sent when the task has exited and both its pipes are at their end, or 500 ms after the exit when a
 *             background process still holds one; from then on that pipe is drained and dropped, and the lane is free.
 *   4 FAILED  u32 lane · u32 errno · f64 time · text: the task could not be started (E2BIG for a command over 128 KiB)
 *   5 DONE    u32 how many processes, not tasks themselves, the sweep of END killed
 *
 * Files:   what is read from a task's pipe and counted is also written to the file of that output. A file that is there
 *          from before is removed; it is made when the first byte comes, never over another one nor through a symbolic
 *          link, so an empty output has none. Missing folders are made. Modes are 0777 and 0666 less the umask. When ENDED
 *          is sent, the file holds every byte that it counts, and is closed; what comes after that is dropped. On the
 *          first error its errno is kept for ENDED and nothing more is written; the task notices nothing of it. At most
 *          64 KiB of an output are on their way to its file: the pipe is not read meanwhile, so a slow file system slows
 *          the task as any slow reader does. It never slows the launcher: leases, ends and other tasks go on. A file that
 *          hangs is given up with ETIMEDOUT 5 s after the KILL of an END, or at that KILL when the engine is gone.
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

import type { ByteString } from '../base/byte-string.ts';
import type { Outcome } from '../contract/messages.ts';
import type { OutputFiles } from '../contract/result-files.ts';

/** The version in HELLO. An engine refuses another. */
export const protocolVersion = 4;

/** Bits of HELLO's features: CPU times are exact; END sweeps what tasks left behind. */
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
      /** Find out what it uses, memory and processor time. */
      readonly followMemory: boolean;
      /** Where its outputs are kept, an empty path for one that is not; undefined: both are not. */
      readonly files: OutputFiles | undefined;
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
