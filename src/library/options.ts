/**
 * What a program can ask for of a run, and of joining one. Types only: what users read.
 *
 * Always true: an option is that of the command line, its name in one word (`--fail-fast` is `failFast`, `--no-retire` is
 * `retire: false`), with the same meaning and the same default. docs/running.md tells of each at length.
 */

/** As much of an AbortSignal as is used here. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** What is asked for of a run. Nothing has to be given. */
export interface DisBatcherOptions {
  /** What the names of the run's files begin with, and `DISBATCH_NAMETASKS` of its tasks. Default: `DisBatcher`. */
  readonly name?: string | undefined;
  /** The environment that tasks inherit. Default: a copy of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Ends the run, and its tasks, like `end()`. */
  readonly signal?: AbortSignalLike | undefined;
  /** Is told what the command would print while it runs. Default: nobody; nothing is ever printed. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Open files that a task may have (`ulimit -n`). Default: as this process has it, whose limit Node has raised. */
  readonly openFiles?: number | undefined;

  /** `-s`, `--ssh-node`: hosts and cores to use there, `HOST:CORES`, one or several. Default: this machine, or the job. */
  readonly sshNode?: string | readonly string[] | undefined;
  /** `-c`, `--cpusPerTask`: cores for each task. Default: as the job was asked for with, else 1. */
  readonly cpusPerTask?: number | undefined;
  /** `-t`, `--tasksPerNode`: tasks at a time on each host. Default: as many as its cores allow. */
  readonly tasksPerNode?: number | undefined;
  /** `-l`, `--label`: name of the first hosts in the names of logs. */
  readonly label?: string | undefined;
  /** `-g`, `--gpu`: share the GPUs of each host out over its tasks. Default: false. */
  readonly gpu?: boolean | undefined;
  /** `-E`, `--env-resource`: share the comma list in these variables out over the tasks of each host. */
  readonly envResource?: string | readonly string[] | undefined;
  /** `--fill`: as many tasks at a time as the cores of the job allow. Default: false. */
  readonly fill?: boolean | undefined;
  /** `--no-retire` when false: keep nodes that are done until the whole job is. Default: true. */
  readonly retire?: boolean | undefined;
  /** `--retire-cmd`: the command that gives nodes back. */
  readonly retireCmd?: string | undefined;
  /** `--stop-before`: start no tasks in so many last seconds of the job. */
  readonly stopBefore?: number | undefined;
  /** `-S`, `--startup-only`: wait for hosts that `PREFIX_dbUtil.sh` adds. Default: false. */
  readonly startupOnly?: boolean | undefined;
  /** `-C`, `--context-task-limit`: take the first hosts out of the run after so many tasks. Default: 0, no limit. */
  readonly contextTaskLimit?: number | undefined;
  /** `--launcher`: what starts the tasks. Default: native where there is one for this machine. */
  readonly launcher?: 'native' | 'portable' | undefined;
  /** `--end-background`: at the end, end processes that tasks left running. Default: false. */
  readonly endBackground?: boolean | undefined;
  /** `--heartbeat`: seconds that a host may be silent before its tasks are taken for lost. Default: 30. */
  readonly heartbeat?: number | undefined;
  /** `--max-lost`: how often a task that was lost with its host runs again. Default: 2. */
  readonly maxLost?: number | undefined;
  /** `--no-rerun` when false: record tasks that were lost with their host at once. Default: true. */
  readonly rerun?: boolean | undefined;
  /** `--use-address`: where other hosts and programs are to reach the run, `HOST:PORT`. */
  readonly useAddress?: string | undefined;
  /** `--open-store`: let everybody who reaches the port use the store. Default: false. */
  readonly openStore?: boolean | undefined;
  /** `--kvsserver`: a store of somebody else's, `HOST:PORT`, in the place of the run's own. */
  readonly kvsserver?: string | undefined;

  /** `-e`, `--exit-code`: a failed task gives the summary an exit status of 1. Default: false. */
  readonly exitCode?: boolean | undefined;
  /** `-f`, `--fail-fast`: end the run, and the running tasks, at the first failure. Default: false. */
  readonly failFast?: boolean | undefined;
  /** `-r`, `--resume-from`: skip the tasks that these status files have as done. */
  readonly resumeFrom?: string | readonly string[] | undefined;
  /** `-R`, `--retry`: with `resumeFrom`, run the failed ones again. Default: false. */
  readonly retry?: boolean | undefined;
  /** `--force-resume`: with `resumeFrom`, go on although the tasks differ. Default: false. */
  readonly forceResume?: boolean | undefined;

  /** `-p`, `--prefix`: folder for the files of the run, or what their names begin with. Default: the working folder. */
  readonly prefix?: string | undefined;
  /** `--status-header`: begin the status file with a line of column names. Default: false. */
  readonly statusHeader?: boolean | undefined;
  /** `--details`: write all that is known of each task to `PREFIX_details.jsonl`. Default: false. */
  readonly details?: boolean | undefined;
  /** `--results`: a folder for what each task writes. */
  readonly results?: string | undefined;
  /** `--logfile`: the driver's log. */
  readonly logfile?: string | undefined;
  /** `--loglevel`: how much the logs tell. Default: INFO. */
  readonly loglevel?: 'CRITICAL' | 'ERROR' | 'WARNING' | 'INFO' | 'DEBUG' | undefined;
  /** `--unknown-directives`: what a misspelt `#DISBATCH` line is. Default: error. */
  readonly unknownDirectives?: 'error' | 'warn' | undefined;
}

/** How a run is joined. Nothing has to be given. */
export interface JoinOptions {
  /** What the run calls this source of tasks. Default: `DisBatcher`. */
  readonly name?: string | undefined;
  /** Leaves the run, like `end()`. */
  readonly signal?: AbortSignalLike | undefined;
  /** How long the store may take to let us in, in milliseconds. Default: 30000. */
  readonly timeoutMs?: number | undefined;
}
