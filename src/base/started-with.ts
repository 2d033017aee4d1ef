/**
 * What the shell front noted before Node started: things that Node changes at its start and tasks must find unchanged.
 */

/** Signal numbers and limits as the command was started with. */
export interface StartedWith {
  /** Soft limit on open files; undefined where it is not known. */
  readonly nofile: number | undefined;
  /** Signals that were ignored: under nohup, HUP. */
  readonly ignored: readonly number[];
}

/** Takes the front's note out of an environment: it is not for tasks. */
export function takeStartedWith(env: NodeJS.ProcessEnv): StartedWith {
  const text = env['DISBATCH_STARTED_WITH'] ?? '';
  delete env['DISBATCH_STARTED_WITH'];
  const nofile = /\bnofile=(\d+)/.exec(text)?.[1];
  const ignored = /\bignored=([\d,]+)/.exec(text)?.[1];
  return {
    nofile: nofile === undefined ? undefined : Number(nofile),
    ignored: ignored === undefined ? [] : ignored.split(',').map(Number),
  };
}

/** Arguments by which a launcher gives tasks what the command was started with. */
export function launcherArguments(started: StartedWith): string[] {
  return [
    ...(started.nofile === undefined ? [] : ['--nofile', String(started.nofile)]),
    ...(started.ignored.length === 0 ? [] : ['--ignore-signals', started.ignored.join(',')]),
  ];
}
