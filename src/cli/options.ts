/**
 * The one table of options: parsing, completion of abbreviated names and help are made from it. Pure data.
 */

/** What an option takes, and how it is checked. */
export type OptionValue =
  | { readonly name: string; readonly kind: 'text' }
  /** HOST:PORT. With `optional`, the option may stand alone. */
  | { readonly name: string; readonly kind: 'address'; readonly optional: boolean }
  /** May be empty. */
  | { readonly name: string; readonly kind: 'command' }
  | { readonly name: string; readonly kind: 'variable names' }
  /** `90`, `90s`, `5m`, `1h30m`, `2d`: in seconds. */
  | { readonly name: string; readonly kind: 'duration' }
  | { readonly name: string; readonly kind: 'number above 0' }
  | { readonly name: string; readonly kind: 'whole number above 0' }
  | { readonly name: string; readonly kind: 'whole number' }
  | { readonly name: string; readonly kind: 'choice'; readonly choices: readonly string[] };

export interface OptionSpec {
  readonly long: string;
  readonly short?: string;
  readonly value?: OptionValue;
  /** May be given several times; the values are collected. */
  readonly repeats?: boolean;
  /** Part of the original: its abbreviations keep their meaning when new options come. */
  readonly original: boolean;
  readonly group: string;
  /** Also an option of contexts that are added to a run (`PREFIX_dbUtil.sh`), with this help there. */
  readonly context?: string;
  readonly help: string;
}

/** Whether an option with a value may stand alone. */
export function isOptional({ value }: OptionSpec): boolean {
  return value?.kind === 'address' && value.optional;
}

/** Headings of the help, in order. */
const where = 'Where and how many at a time:';
const jobs = 'Inside jobs of a cluster:';
const hosts = 'Many hosts:';
const programs = 'Tasks from programs:';
const failing = 'When tasks fail:';
const resuming = 'Going on with an earlier run:';
const files = 'Files:';
const looking = 'Looking:';

const path = (name: string): OptionValue => ({ name, kind: 'text' });

export const optionTable: readonly OptionSpec[] = [
  {
    long: 'ssh-node',
    short: 's',
    value: { name: 'HOST:CORES', kind: 'text' },
    repeats: true,
    original: true,
    group: where,
    context: 'hosts to add, reached by ssh, and cores to use there; localhost is this machine',
    help: 'hosts, reached by ssh, and cores to use there; localhost is this machine (default: all its cores)',
  },
  {
    long: 'cpusPerTask',
    short: 'c',
    value: { name: 'N', kind: 'number above 0' },
    original: true,
    group: where,
    context: 'cores for each task, may be fractional (default: as on the command line of the run)',
    help: 'cores for each task, may be fractional (default: as the job was asked for with, else 1)',
  },
  {
    long: 'tasksPerNode',
    short: 't',
    value: { name: 'N', kind: 'whole number above 0' },
    original: true,
    group: where,
    context: 'tasks at a time on each host, whatever its cores (default: as on the command line of the run)',
    help: 'tasks at a time on each host, whatever its cores',
  },
  {
    long: 'label',
    short: 'l',
    value: { name: 'LABEL', kind: 'text' },
    original: true,
    group: where,
    context: 'name of this context in the names of logs (default: J and the number of the job, or SSH and its own)',
    help: 'name of the first hosts in the names of logs (default: J and the number of the job, or SSH0)',
  },
  {
    long: 'gpu',
    short: 'g',
    original: true,
    group: where,
    context: 'share the GPUs of each host out over its tasks (CUDA_VISIBLE_DEVICES, GPU_DEVICE_ORDINAL)',
    help: 'share the GPUs of each host out over its tasks (CUDA_VISIBLE_DEVICES, GPU_DEVICE_ORDINAL)',
  },
  {
    long: 'env-resource',
    short: 'E',
    value: { name: 'VARIABLE', kind: 'variable names' },
    repeats: true,
    original: true,
    group: where,
    context: 'share the comma list in this variable out over the tasks of each host',
    help: 'share the comma list in this variable out over the tasks of each host',
  },
  {
    long: 'fill',
    original: true,
    group: jobs,
    context: 'as many tasks at a time as the cores of the job allow, not as it was asked for with',
    help: 'as many tasks at a time as the cores of the job allow, not as it was asked for with',
  },
  {
    long: 'no-retire',
    original: true,
    group: jobs,
    context: 'keep nodes that are done until the whole job is',
    help: 'keep nodes that are done until the whole job is',
  },
  {
    long: 'retire-cmd',
    value: { name: 'COMMAND', kind: 'command' },
    original: true,
    group: jobs,
    context: 'gives nodes back that are done, instead of scontrol: see NODE, ACTIVE, RETIRED in its environment',
    help: 'gives nodes back that are done, instead of scontrol: see NODE, ACTIVE, RETIRED in its environment',
  },
  {
    long: 'stop-before',
    value: { name: 'TIME', kind: 'duration' },
    original: false,
    group: jobs,
    context: 'start no tasks here in the last TIME of the job (5m, 2h), and leave when those that run are done',
    help: 'start no tasks in the last TIME of the job (5m, 2h), and print the command that goes on',
  },
  {
    long: 'startup-only',
    short: 'S',
    original: true,
    group: hosts,
    help: 'run nothing here: wait for hosts and jobs that PREFIX_dbUtil.sh adds',
  },
  {
    long: 'context-task-limit',
    short: 'C',
    value: { name: 'N', kind: 'whole number' },
    original: true,
    group: hosts,
    context: 'leave the run after so many tasks; 0 is no limit (default: 0)',
    help: 'take the first hosts out of the run after so many tasks; 0 is no limit (default: 0)',
  },
  {
    long: 'launcher',
    value: { name: 'KIND', kind: 'choice', choices: ['native', 'portable'] },
    original: false,
    group: where,
    help: 'what starts the tasks (default: native where there is one for this machine)',
  },
  {
    long: 'end-background',
    original: false,
    group: where,
    help: 'at the end, end processes that tasks left running (native launcher only)',
  },
  {
    long: 'heartbeat',
    value: { name: 'SECONDS', kind: 'number above 0' },
    original: false,
    group: hosts,
    help: 'how long a host may be silent before its tasks are taken for lost (default: 30)',
  },
  {
    long: 'max-lost',
    value: { name: 'N', kind: 'whole number' },
    original: false,
    group: hosts,
    help: 'how often a task that was lost with its host runs again (default: 2)',
  },
  {
    long: 'no-rerun',
    original: false,
    group: hosts,
    help: 'record tasks that were lost with their host at once, with exit code -100',
  },
  {
    long: 'use-address',
    value: { name: 'HOST:PORT', kind: 'address', optional: false },
    original: true,
    group: hosts,
    help: 'where other hosts and programs are to reach this run; port 0 is any',
  },
  {
    long: 'open-store',
    original: false,
    group: hosts,
    help: 'let everybody who reaches the port use the key-value store, not only your own programs',
  },
  {
    long: 'taskcommand',
    value: { name: 'COMMAND', kind: 'text' },
    original: true,
    group: programs,
    help: 'start COMMAND, which gives tasks through the store: see KVSSTCP_HOST, KVSSTCP_PORT in its environment',
  },
  {
    long: 'taskserver',
    value: { name: 'HOST:PORT', kind: 'address', optional: true },
    original: true,
    group: programs,
    help: 'wait for a program that gives tasks through the store (default: that of the run)',
  },
  {
    long: 'kvsserver',
    value: { name: 'HOST:PORT', kind: 'address', optional: true },
    original: true,
    group: programs,
    help: 'use a store that is there, not one of the run (default: KVSSTCP_HOST, KVSSTCP_PORT)',
  },
  {
    long: 'sign-in',
    value: { name: 'TIME', kind: 'duration' },
    original: false,
    group: programs,
    help: 'how long the command of --taskcommand may take until it signs in (default: 10m)',
  },
  { long: 'exit-code', short: 'e', original: true, group: failing, help: 'exit with status 1 when any task failed' },
  {
    long: 'fail-fast',
    short: 'f',
    original: true,
    group: failing,
    help: 'end the run, and the running tasks, at the first failure',
  },
  {
    long: 'resume-from',
    short: 'r',
    value: path('STATUSFILE'),
    repeats: true,
    original: true,
    group: resuming,
    help: 'skip the tasks that this status file has as done',
  },
  { long: 'retry', short: 'R', original: true, group: resuming, help: 'with -r, run the failed ones again' },
  {
    long: 'force-resume',
    original: true,
    group: resuming,
    help: 'with -r, go on although the tasks differ from those of the status file',
  },
  {
    long: 'prefix',
    short: 'p',
    value: path('PATH'),
    original: true,
    group: files,
    help: 'folder for the files of the run, or what their names begin with (default: .)',
  },
  { long: 'status-header', original: true, group: files, help: 'begin the status file with a line of column names' },
  {
    long: 'details',
    original: false,
    group: files,
    help: 'write all that is known of each task to PREFIX_details.jsonl: attempts, slot, CPU time, peak memory',
  },
  {
    long: 'results',
    value: path('FOLDER'),
    original: false,
    group: files,
    help: 'keep what each task writes, in files named for its task id',
  },
  { long: 'logfile', value: path('FILE'), original: true, group: files, help: "the driver's log" },
  {
    long: 'loglevel',
    value: { name: 'LEVEL', kind: 'choice', choices: ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG'] },
    original: true,
    group: files,
    help: 'how much the logs tell (default: INFO)',
  },
  {
    long: 'unknown-directives',
    value: { name: 'HOW', kind: 'choice', choices: ['error', 'warn'] },
    original: false,
    group: files,
    help: 'what a misspelt #DISBATCH line is (default: error)',
  },
  {
    long: 'dry-run',
    original: false,
    group: looking,
    help: 'print the tasks as they would run, and run nothing',
  },
  {
    long: 'json',
    original: false,
    group: looking,
    help: 'print the summary as JSON on standard output',
  },
  { long: 'quiet', short: 'q', original: false, group: looking, help: 'print errors only' },
  { long: 'version', original: true, group: looking, help: 'print the version' },
  { long: 'help', short: 'h', original: true, group: looking, help: 'print this help' },
];

/** Options of the original that this version does not have, with what they are for. */
export const absentOptions: readonly { readonly long: string; readonly short?: string; readonly what: string }[] = [
  { long: 'mailTo', what: 'mail' },
  { long: 'mailFreq', what: 'mail' },
  { long: 'web', short: 'w', what: 'the web page' },
];
