/**
 * What can be asked for of a run, whoever asks: the command line or a program. Pure data.
 */

import type { HostPort } from '../base/host-port.ts';
import type { LogLevel } from '../base/log-level.ts';

/** A program that gives the tasks. */
export interface TaskServer {
  /** It is to be started; undefined: it comes by itself. */
  readonly command: string | undefined;
  /** How long such a command may take to sign in. */
  readonly signInSeconds: number;
}

/** What is asked for of a run as a whole, and of the context that it starts with. */
export interface RunOptions extends ContextOptions {
  /** `-S`: no context of its own. */
  readonly startupOnly: boolean;
  /** Variables that are shared out over slots: those of `-g` and `-E`. */
  readonly resources: readonly string[];
  readonly launcher: 'native' | 'portable' | undefined;
  readonly endBackground: boolean;
  /** Seconds. */
  readonly heartbeat: number;
  readonly maxLost: number;
  readonly noRerun: boolean;
  readonly useAddress: HostPort | undefined;
  readonly openStore: boolean;
  /** `--kvsserver`: a store of somebody else's, in the place of the run's own. */
  readonly foreignStore: HostPort | undefined;
  /** `--taskserver`, `--taskcommand`: tasks come through the store, from a program that disBatch may have to start. */
  readonly taskServer: TaskServer | undefined;
  readonly exitCode: boolean;
  readonly failFast: boolean;
  readonly resumeFrom: readonly string[];
  readonly retry: boolean;
  readonly forceResume: boolean;
  readonly prefix: string;
  readonly statusHeader: boolean;
  readonly details: boolean;
  /** `--results`: the folder for what tasks write. */
  readonly results: string | undefined;
  readonly logfile: string | undefined;
  readonly loglevel: LogLevel;
  readonly unknownDirectives: 'error' | 'warn';
}

/** What is asked for of a context, the first of a run or one that is added. */
export interface ContextOptions {
  readonly sshNodes: readonly string[];
  /** undefined: as the allocation says, else 1; of a context that is added, as on the run's own command line. */
  readonly cpusPerTask: number | undefined;
  readonly tasksPerNode: number | undefined;
  readonly fill: boolean;
  readonly taskLimit: number;
  readonly retire: Retire;
  /** Seconds. */
  readonly stopBefore: number | undefined;
  readonly label: string | undefined;
}

/** How nodes are given back that are done: as the resource manager does, not at all, or by a command of the user's. */
export type Retire = 'default' | 'no' | { readonly command: string };
