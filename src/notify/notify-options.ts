/**
 * Who is told of what happens in a run, and how. Pure data.
 */

export interface NotifyOptions {
  /** `--mailTo`: an address. */
  readonly mailTo: string | undefined;
  /** `--notify`: a command of bash that gets each piece of news as JSON on its standard input. */
  readonly command: string | undefined;
  /** `--mailFreq`: news of the tasks that have ended whenever so many more have; undefined: none of that kind. */
  readonly every: number | undefined;
}
