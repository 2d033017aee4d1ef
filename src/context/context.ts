/**
 * What a context is: the link to one allocation or list of hosts, planned as nodes with slots, and the way to them. Pure.
 *
 * A kind of context (hosts over ssh, Slurm, Grid Engine …) is one file in this folder that exports a ContextKind, and one
 * line in registry.ts. All that differs between kinds is in its ContextPlan; the rest of the program asks no further.
 */

import type { EngineCommand } from './engine-command.ts';
import type { StartFailure } from './start-queue.ts';

/** A machine that is to run an engine. */
export interface NodePlan {
  readonly name: string;
  readonly cores: number;
  readonly slots: number;
  /** Whole cores for each task, for DISBATCH_CORES_PER_TASK; 0 where tasks get less than one. */
  readonly coresPerTask: number;
}

/** What the command line says about slots. */
export interface SlotOptions {
  /** Cores for each task (`-c`), may be fractional; undefined: not given. */
  readonly cpusPerTask: number | undefined;
  /** Slots on each node (`-t`), instead of what the cores give. */
  readonly tasksPerNode: number | undefined;
  /** `--fill`: as many slots as the cores of an allocation give, whatever number of tasks it was asked for with. */
  readonly fill: boolean;
}

/** What a context is planned from. */
export interface ContextSituation {
  /** Values of `-s`, in order. */
  readonly sshNodes: readonly string[];
  readonly slotOptions: SlotOptions;
  /** `-l`: instead of the default label. */
  readonly label: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly thisHost: string;
  /** The soft limit on open files that tasks are to have, where this process has another; undefined: not known. */
  readonly openFiles: number | undefined;
  /** Cores that this process may use; undefined: this machine is not to be used unless it is named. */
  readonly cores: number | undefined;
  /** Whether a command is on PATH. */
  readonly onPath: (command: string) => boolean;
  /** Runs a command of the resource manager and gives its output. @throws Error with its last words */
  readonly ask: (command: readonly string[]) => string;
  /** Reads a file. @throws Error */
  readonly read: (path: string) => string;
}

/** Makes a plan when the situation is one of its kind. @throws DisbatchError where-to-run, usage */
export type ContextKind = (situation: ContextSituation) => ContextPlan | undefined;

export interface ContextPlan {
  /** Undefined: the driver names the context by its rank. */
  readonly label: string | undefined;
  readonly nodes: readonly NodePlan[];
  /** For the user's eyes, one line each. */
  readonly notices: readonly string[];
  /** Whether `--fill` has been followed, or could have been. */
  readonly knowsFill: boolean;
  /** The way to its nodes. */
  readonly transport: Transport;
  /** The engine of this host needs no transport. */
  readonly usesThisHostDirectly: boolean;
  /** What a resource manager lent; undefined: the nodes are nobody's. */
  readonly allocation: Allocation | undefined;
}

/** Nodes that a resource manager lent. */
export interface Allocation {
  /** Gives nodes back while the run goes on, as a command for `/bin/sh -c`: see retirement.ts. Undefined: it cannot be done. */
  readonly retireCommand: string | undefined;
  /** What that command finds in its environment beside what is there. */
  readonly retireEnv: Readonly<Record<string, string>>;
  /** The node of this process, when it is one of them: it is lent until the end. */
  readonly ownNode: string | undefined;
  /** Whether the manager ends tasks by signals that engines get too, but perhaps later. */
  readonly signalsTasks: boolean;
  /** Seconds until it ends; undefined when it has no end that is known. */
  readonly secondsLeft: (() => Promise<number | undefined>) | undefined;
}

/** A command with what is set in its environment beside what is there. */
export interface StartCommand {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** How long it may take to the engine, in milliseconds; undefined: as long as it takes. */
  readonly limitMs: number | undefined;
}

/** Commands whose standard input and output lead to engine.sh on a node. */
export interface Transport {
  /** The program, for messages. */
  readonly name: string;
  /** Each slot has a launcher of its own there, which the resource manager has put where the slot's tasks belong. */
  readonly launcherPerSlot: boolean;
  /** The environment of each such launcher already says which resources are its slot's: they are not to be shared out. */
  readonly slotsOwnResources: boolean;
  command(node: NodePlan, engine: EngineCommand): Promise<StartCommand>;
  /** Why there is no engine, when the command could be started but ended before engine.sh had said that it runs. */
  readFailure(end: SessionEnd): StartTrouble;
  /** The last of what the command wrote to its standard error that tells something. */
  lastWords(errors: string): string | undefined;
}

/** Why a start failed. */
export interface StartTrouble {
  readonly failure: StartFailure;
  /** Half a sentence that can be shown, after the node's name. */
  readonly reason: string;
}

/** How a command that was to lead to an engine ended. */
export interface SessionEnd {
  /** Its exit status; undefined when a signal ended it, or when it could not be started. */
  readonly status: number | undefined;
  /** In words: "exit status 255", "SIGKILL", "spawn ssh ENOENT". */
  readonly how: string;
  /** Whether the command itself could be started. */
  readonly started: boolean;
  /** The end of what it wrote to its standard error, since engine.sh runs or before. */
  readonly errors: string;
  /** The end of what else arrived on its standard output. */
  readonly output: string;
}
