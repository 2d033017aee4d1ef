/**
 * The names of a run's files. Pure. Source: the original's names; all begin with the run's prefix.
 */

/** Where a run's files are. */
export interface RunFiles {
  /** Absolute path that all names begin with. */
  readonly prefix: string;
  readonly status: string;
  readonly driverLog: string;
}

/** The names that belong to a prefix. */
export function runFiles(prefix: string): RunFiles {
  return { prefix, status: `${prefix}_status.txt`, driverLog: `${prefix}_driver.log` };
}

/** The log of a context. */
export function contextLog(prefix: string, label: string): string {
  return `${prefix}_${label}.context.log`;
}

/** The log of an engine. */
export function engineLog(prefix: string, label: string, node: string, engineRank: number): string {
  return `${prefix}_${label}_${node}_engine_${engineRank}.log`;
}

/** What an engine's processes print. */
export function engineWrapLog(prefix: string, label: string, node: string): string {
  return `${prefix}_${label}_${node}_engine_wrap.log`;
}

/** What has to be known to take part in the run, with its key. */
export function keyFile(prefix: string): string {
  return `${prefix}_key.json`;
}

/** HOST:PORT of the store. */
export function storeInfoFile(prefix: string): string {
  return `${prefix}_kvsinfo.txt`;
}

/** A line of JSON for each record, with `--details`. */
export function detailsFile(prefix: string): string {
  return `${prefix}_details.jsonl`;
}

/** What the command of `--taskcommand` prints. */
export function taskCommandLog(prefix: string): string {
  return `${prefix}_taskcommand.log`;
}

/** The command by which others take part in the run. */
export function dbUtilFile(prefix: string): string {
  return `${prefix}_dbUtil.sh`;
}

/** The address of the run's web page, with its secret, with `-w`. */
export function urlFile(prefix: string): string {
  return `${prefix}_url`;
}

/** What a context that was added printed. */
export function contextLaunchLog(prefix: string, pid: number): string {
  return `${prefix}_${pid}_context_launch.log`;
}

/** `DISBATCH_JOBID` of tasks: the last component of the prefix. */
export function jobId(prefix: string): string {
  return prefix.slice(prefix.lastIndexOf('/') + 1);
}

/** The default last component: `<task file>_disBatch_<yymmddHHMMSS>_<3 digits>`, local time. */
export function defaultName(taskName: string, now: Date, random: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = two(now.getFullYear() % 100) + two(now.getMonth() + 1) + two(now.getDate());
  const time = two(now.getHours()) + two(now.getMinutes()) + two(now.getSeconds());
  return `${taskName}_disBatch_${date}${time}_${String(Math.floor(random * 1000)).padStart(3, '0')}`;
}

/** Ends of file names that are taken off a prefix: the shell completes to them. */
const ends = /_(status\.txt|details\.jsonl|key\.json|dbUtil\.sh|kvsinfo\.txt|driver\.log|url|taskcommand\.log)$/;

/** The prefix that somebody means who names it, or one of the files of the run. */
export function prefixOf(given: string): string {
  return given.replace(ends, '');
}
